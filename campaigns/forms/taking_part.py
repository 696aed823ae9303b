"""Forms about who takes part in a campaign, and to what wording authors agree."""

from __future__ import annotations

from typing import Any

from django import forms

from campaigns.models import Campaign, Partner, Society
from portal.models import User


class PartnerForm(forms.Form):
    """One more partner."""

    partner = forms.ModelChoiceField(Partner.objects.none(), empty_label="Choose a partner")

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["partner"].queryset = (  # type: ignore[attr-defined]  # a ModelChoiceField
            Partner.objects.exclude(partnerships__campaign=campaign).order_by("name")
        )


class SocietyForm(forms.Form):
    """One more society."""

    society = forms.ModelChoiceField(Society.objects.none(), empty_label="Choose a society")

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["society"].queryset = (  # type: ignore[attr-defined]  # a ModelChoiceField
            Society.objects.exclude(campaigns=campaign).order_by("name")
        )


class LeadForm(forms.Form):
    """One more person who leads: a coordinator of a society that takes part."""

    person = forms.ModelChoiceField(User.objects.none(), empty_label="Choose a coordinator")

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = (  # type: ignore[attr-defined]  # a ModelChoiceField
            User.objects.filter(coordinates__society__campaigns=campaign, is_active=True)
            .exclude(leads=campaign)
            .distinct()
            .order_by("name", "email")
        )


class ConsentTextForm(forms.Form):
    """A new version of the wording."""

    text = forms.CharField(
        label="The wording that authors agree to",
        widget=forms.Textarea(attrs={"rows": 12}),
        max_length=20_000,
        help_text="Say who receives the story, what for, for how long, and how to take it back.",
    )

    def clean_text(self) -> str:
        """Line ends as one sign, so that the same wording is the same on every machine."""
        text: str = self.cleaned_data["text"]
        return text.replace("\r\n", "\n").replace("\r", "\n").strip()
