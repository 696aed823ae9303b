"""A new key for a partner's program."""

from __future__ import annotations

from typing import Any

from django import forms

from campaigns.models import PartnerUser
from portal.models import User


class PartnerChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """An officer's ties, each under its partner's name."""

    def label_from_instance(self, obj: PartnerUser) -> str:
        """The partner's name."""
        return str(obj.partner)


class TokenForm(forms.Form):
    """What the key is for and, for an officer of several partners, whose."""

    name = forms.CharField(
        max_length=80,
        label="What is the key for?",
        help_text="For example the name of the program. It is only for you and your colleagues.",
        error_messages={"required": "Give it a name, so that you know later which one to revoke."},
    )
    officer = PartnerChoice(
        PartnerUser.objects.none(), label="For which partner?", empty_label=None
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ties = PartnerUser.objects.filter(user=user).select_related("partner").order_by("pk")
        field = self.fields["officer"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = ties
        field.initial = ties.first()
