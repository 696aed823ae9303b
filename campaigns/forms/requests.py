"""Forms about asking to be added, and about how coordinators hear of things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.db.models import QuerySet

from campaigns.models import Coordinator, Notices, Society


def _plain(form: forms.Form) -> None:
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    form.helper = helper  # type: ignore[attr-defined]


class RequestForm(forms.Form):
    """A person asks one society to add them."""

    society = forms.ModelChoiceField(
        queryset=Society.objects.none(), empty_label="Choose a society", label="Society"
    )
    note = forms.CharField(
        label="A note that helps them find you",
        help_text="For example your membership number, or the address that they know.",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, societies: QuerySet[Society], **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["society"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = societies
        _plain(self)


class NoticesForm(forms.Form):
    """One choice for each society that somebody coordinates."""

    def __init__(self, *args: Any, ties: Sequence[Coordinator], **options: Any) -> None:
        super().__init__(*args, **options)
        for tie in ties:
            self.fields[f"society_{tie.society_id}"] = forms.ChoiceField(
                label=tie.society.name,
                choices=Notices.choices,
                initial=tie.notices,
                widget=forms.RadioSelect,
            )
        _plain(self)

    @property
    def choices(self) -> dict[int, str]:
        """The choice by the society's id; only for a valid form."""
        return {
            int(name.removeprefix("society_")): value for name, value in self.cleaned_data.items()
        }
