"""Forms about people."""

from __future__ import annotations

import unicodedata
from typing import Any

from allauth.account.forms import SignupForm as BaseSignupForm
from django import forms


def clean_name(text: str) -> str:
    """A name as typed, without control or direction characters and with single spaces."""
    plain = "".join(c if not unicodedata.category(c).startswith("C") else " " for c in text)
    return " ".join(unicodedata.normalize("NFC", plain).split())


def name_field() -> forms.CharField:
    """The field for a person's name; nobody has to give one."""
    return forms.CharField(
        label="Your name",
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class NameForm(forms.Form):
    """How a person's name is shown."""

    name = name_field()

    def clean_name(self) -> str:
        """See `clean_name`."""
        return clean_name(self.cleaned_data["name"])


class SignupForm(BaseSignupForm):  # type: ignore[misc]  # allauth has no types
    """Sign-up by e-mail address, with a name if the person likes."""

    name = name_field()
    field_order = ("email", "name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = (
            "Optional. Coordinators who read your stories see it; how each story is signed is your "
            "choice later."
        )

    def clean_name(self) -> str:
        """See `clean_name`."""
        return clean_name(self.cleaned_data["name"])
