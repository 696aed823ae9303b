"""Forms about a campaign as a whole: its name, basics and rhythm."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.dateformat import time_format

from campaigns.models import Basis, Campaign, Rhythm
from campaigns.rules.clocks import US_ZONES, zone_in_words

WEEKDAYS = [
    (0, "Monday"),
    (1, "Tuesday"),
    (2, "Wednesday"),
    (3, "Thursday"),
    (4, "Friday"),
    (5, "Saturday"),
    (6, "Sunday"),
]


def time_zones(now: str) -> list[tuple[str, str]]:
    """Zones to choose from: those of the United States, and the one that counts `now` if it is another."""
    other = [] if now in US_ZONES else [(now, zone_in_words(now))]
    return [*US_ZONES.items(), *other]


def hours() -> list[tuple[int, str]]:
    """The hours of a day as people say them: midnight, 1 a.m. ... noon ... 11 p.m."""
    return [(hour, time_format(dt.time(hour), "P")) for hour in range(24)]


class NewCampaignForm(forms.Form):
    """The one thing that a campaign needs to exist."""

    name = forms.CharField(
        label="Name of the campaign",
        max_length=120,
        help_text="Members read it in their invitation. Its web address is made from it and stays.",
    )


class BasicsForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """What a campaign is about, and the rules that hold for all of its phases."""

    class Meta:
        model = Campaign
        fields = ["name", "summary", "brief", "basis", "time_zone", "consent_months"]
        labels = {
            "summary": "Summary",
            "brief": "Brief",
            "basis": "Whose state counts?",
            "consent_months": "Consent lasts for (months)",
        }
        help_texts = {
            "summary": "One or two sentences. They stand in the invitation and in lists.",
            "brief": "What you ask members to tell, why it matters now, and what will happen with it. "
            "An empty line starts a new paragraph.",
            "consent_months": "What the consent form proposes. Authors can choose a shorter or longer time.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["brief"].widget = forms.Textarea(attrs={"rows": 10})
        self.fields["summary"].widget = forms.Textarea(attrs={"rows": 2, "maxlength": 300})
        self.fields["basis"] = forms.ChoiceField(
            label="Whose state counts?",
            choices=[
                (Basis.HOME, "Where members live: they tell their own representatives as voters."),
                (
                    Basis.WORK,
                    "Where members work: they speak for the institution and its jobs in the state.",
                ),
                (
                    Basis.EITHER,
                    "Where members live or work: the widest circle. Where both count, home is taken.",
                ),
            ],
            widget=forms.RadioSelect,
            help_text="A member can take part when this place lies in a state of an open phase.",
        )
        self.fields["time_zone"] = forms.ChoiceField(
            label="Time zone",
            choices=time_zones(self.instance.time_zone),
            help_text="Phases open and close at a local time of this zone. Phases that you planned "
            "already keep their moment, so check them after a change.",
        )


class RhythmForm(forms.Form):
    """When open batches are sealed by the clock."""

    rhythm = forms.ChoiceField(
        label="When are batches sealed?", choices=Rhythm, widget=forms.RadioSelect
    )
    weekday = forms.TypedChoiceField(
        label="On", choices=WEEKDAYS, coerce=int, help_text="Counts for a weekly rhythm only."
    )
    hour = forms.TypedChoiceField(label="At", choices=hours, coerce=int)

    def __init__(self, data: QueryDict | None = None, *, campaign: Campaign) -> None:
        initial = {
            "rhythm": campaign.rhythm,
            "weekday": campaign.rhythm_weekday,
            "hour": campaign.rhythm_hour,
        }
        super().__init__(data, initial=initial)
        self.fields[
            "hour"
        ].help_text = f"In the campaign’s time zone: {zone_in_words(campaign.time_zone)}."
