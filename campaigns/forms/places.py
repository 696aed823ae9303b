"""What a member says of where they live and work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from campaigns.models import Place, PlaceKind
from campaigns.rules.places import clean_zip
from campaigns.verbs.places import Said, look_up

MOST_LETTERS = 150


class ZipField(forms.CharField):
    """A US ZIP or ZIP+4; its value is the five digits."""

    def __init__(self, **options: Any) -> None:
        # No inputmode: the phone's number pad has no dash for ZIP+4.
        widget = forms.TextInput(attrs={"autocomplete": options.pop("autocomplete"), "size": 10})
        super().__init__(required=False, max_length=20, widget=widget, **options)

    def clean(self, value: Any) -> str:
        """The five digits, or empty; refused where the map knows nothing like it."""
        try:
            zip = clean_zip(super().clean(value))
        except ValueError as problem:
            raise forms.ValidationError(str(problem)) from problem
        if zip:
            match = look_up(zip)
            if not match.known and not match.choices:
                raise forms.ValidationError(
                    f"We know no ZIP code {zip}, nor any like it. Please check it."
                )
        return zip


class PlacesForm(forms.Form):
    """Home and work, each with the state or district that was chosen where a ZIP lies in several."""

    home_zip = ZipField(label="Home ZIP code", autocomplete="postal-code")
    home_choice = forms.CharField(required=False, max_length=10)
    institution_name = forms.CharField(
        label="Where you work or study",
        required=False,
        max_length=MOST_LETTERS,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    institution = forms.CharField(required=False, max_length=20)
    work_zip = ZipField(label="Work ZIP code", autocomplete="off")
    work_choice = forms.CharField(required=False, max_length=10)

    def said(self) -> dict[str, Said]:
        """Both places as the verb takes them; only for a valid form."""
        data = self.cleaned_data
        picked = data["institution"]
        return {
            "home": Said(zip=data["home_zip"], choice=data["home_choice"]),
            "work": Said(
                zip=data["work_zip"],
                choice=data["work_choice"],
                institution=int(picked) if picked.isascii() and picked.isdigit() else None,
                institution_name=data["institution_name"].strip(),
            ),
        }


def as_typed(places: Mapping[str, Place]) -> dict[str, Any]:
    """The form's fields as they were when these places were saved."""
    home, work = places.get(PlaceKind.HOME), places.get(PlaceKind.WORK)
    typed: dict[str, Any] = {}
    if home is not None:
        typed["home_zip"] = home.zip
    if work is not None:
        brought = work.institution.zip if work.institution else ""
        typed["institution_name"] = work.institution_name
        typed["institution"] = work.institution_id
        # The institution's own ZIP is not shown as typed: it must go when another one is named.
        typed["work_zip"] = "" if work.zip == brought else work.zip
    return typed
