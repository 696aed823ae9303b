"""Forms of the roster's pages: filter, upload, columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.core.files.uploadedfile import UploadedFile

from campaigns.rules.roster_columns import FIELDS
from campaigns.rules.usa import choices

#: A reverse proxy in front must let a little more through; for nginx: `client_max_body_size 55m;`.
MOST_BYTES = 50 * 1024 * 1024


def plain_helper() -> FormHelper:
    """Fields alone: the template brings form tag, token and button."""
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    return helper


class RosterFilter(forms.Form):
    """What the roster's list shows."""

    q = forms.CharField(label="Name, e-mail or number", required=False, max_length=100)
    state = forms.ChoiceField(label="Lives or works in", required=False)
    show = forms.ChoiceField(
        label="Show",
        required=False,
        choices=[
            ("here", "on the roster now"),
            ("signed_in", "signed in"),
            ("not_signed_in", "not signed in yet"),
            ("takes_part", "takes part in a campaign"),
            ("left", "left the society"),
            ("all", "everybody"),
        ],
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["state"].choices = [("", "any state"), *choices()]  # type: ignore[attr-defined]
        self.helper = plain_helper()

    @property
    def asked(self) -> dict[str, str]:
        """What was asked for; a value that is not offered counts as not asked."""
        self.is_valid()
        cleaned: dict[str, str] = {name: self.cleaned_data.get(name, "") for name in self.fields}
        return cleaned | {"show": cleaned["show"] or "here"}


class UploadForm(forms.Form):
    """A roster file."""

    file = forms.FileField(
        label="Roster file",
        help_text="A CSV file of at most 50 MB. Columns may stand in any order; the first line names them.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
        error_messages={"empty": "The file is empty.", "required": "Choose a file first."},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.helper = plain_helper()

    def clean_file(self) -> UploadedFile[bytes]:
        """Refuse what is larger than we take."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if file.size is None or file.size > MOST_BYTES:
            raise forms.ValidationError(
                "The file is larger than 50 MB. Leave out the columns that are not needed, or send it in parts."
            )
        return file


class ColumnsForm(forms.Form):
    """Which column is which, and whether the file is the whole roster."""

    def __init__(
        self,
        *args: Any,
        headers: Sequence[str],
        chosen: dict[str, str],
        complete: bool,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        offered = [
            ("", "not in this file"),
            *((header, header) for header in dict.fromkeys(headers) if header),
        ]
        #: What the file holds beyond that, and whether one of it may be a column that we look for.
        self.unread = [header for header, _ in offered[1:] if header not in chosen.values()]
        self.doubtful = bool(self.unread) and len(chosen) < len(FIELDS)
        for name, label in FIELDS.items():
            self.fields[name] = forms.ChoiceField(
                label=label, choices=offered, required=name == "email", initial=chosen.get(name, "")
            )
        self.fields["complete"] = forms.BooleanField(
            label="This file is the complete roster: whoever is missing from it has left the society",
            required=False,
            initial=complete,
        )
        self.helper = plain_helper()

    @property
    def header_map(self) -> dict[str, str]:
        """Field to header, for every field; only for a valid form."""
        return {name: self.cleaned_data[name] for name in FIELDS}
