"""What the consent grid is made of, and the words that stand in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField

from campaigns.models import CampaignPartner, ConsentText
from campaigns.rules.usa import state_name
from stories.models import Consent, NameShown, Story
from stories.rules.consent import USES, months_later
from stories.rules.words import quoted

#: The longest that an author can permit anything, in months.
MOST_MONTHS = 60
LATER = "later"
WORDING_CHANGED = (
    "The wording that you agree to has changed since you opened this page. Please read the new one, "
    "and check your choices once more."
)
USE_WORDS = {
    "lawmakers": "Show it to lawmakers and their offices",
    "publication": "Publish it: website, newsletter, social media",
    "press": "Give it to the press",
}
NAME_WORDS = {
    NameShown.NONE: "No name",
    NameShown.FIRST: "My first name and state",
    NameShown.FULL: "My full name",
}


@dataclass(frozen=True)
class GridContext:
    """What the grid is made from.

    `live` are the story's live consents, `today` is the campaign's date, `addresses` are the author's.
    """

    story: Story
    partnerships: Sequence[CampaignPartner]
    live: Sequence[Consent]
    text: ConsentText
    today: dt.date
    addresses: Sequence[str]

    @property
    def keys(self) -> dict[str, int | None]:
        """The lines' names and their partners' keys; none for those that join later."""
        return {f"p{tie.partner_id}": tie.partner_id for tie in self.partnerships} | {LATER: None}

    def consent_for(self, partner: int | None) -> Consent | None:
        """The live consent of one line."""
        return next((c for c in self.live if c.partner_id == partner), None)

    def values(self) -> dict[str, Any]:
        """What stands there before anything is typed: names as given before or as the roster has them, and lines."""
        member = self.story.member
        names = {
            "full_name": str(member) if member.given_name else "",
            "first_name": member.given_name,
        }
        suffix = f", {state_name(self.story.us_state)}"
        for consent in self.live:
            if consent.name_shown == NameShown.FULL:
                names["full_name"] = consent.name
            elif consent.name_shown == NameShown.FIRST:
                names["first_name"] = consent.name.removesuffix(suffix)
        values: dict[str, Any] = dict(names)
        for key, partner in self.keys.items():
            values |= self.line_values(key, partner)
        return values

    def line_values(self, key: str, partner: int | None) -> dict[str, Any]:
        """One line as it stands: the live consent, or nothing ticked, no name and the usual time."""
        consent = self.consent_for(partner)
        usual = months_later(self.today, self.story.campaign.consent_months)
        return {
            f"line-{key}-uses": [use for use in USES if consent and getattr(consent, use)],
            f"line-{key}-name_shown": consent.name_shown if consent else str(NameShown.NONE),
            f"line-{key}-until": (consent.until if consent else usual).isoformat(),
        }


def line_fields(key: str, today: dt.date) -> dict[str, forms.Field]:
    """The three fields of one line."""
    furthest = months_later(today, MOST_MONTHS)
    return {
        f"line-{key}-uses": forms.MultipleChoiceField(
            required=False,
            label="What they may do with it",
            choices=list(USE_WORDS.items()),
            widget=forms.CheckboxSelectMultiple,
        ),
        f"line-{key}-name_shown": forms.ChoiceField(
            required=False,
            label="Name shown",
            choices=[(str(shown), words) for shown, words in NAME_WORDS.items()],
            widget=forms.RadioSelect,
        ),
        f"line-{key}-until": forms.DateField(
            required=False,
            label="Until",
            help_text="The last day; at most five years from now.",
            widget=forms.DateInput(
                format="%Y-%m-%d",
                attrs={"type": "date", "min": today.isoformat(), "max": furthest.isoformat()},
            ),
            error_messages={"invalid": "Please give a day, such as 2027-09-30."},
        ),
    }


@dataclass(frozen=True)
class Line:
    """One line of the grid with its three fields."""

    key: str
    label: str
    partner: int | None
    leads: bool
    uses: BoundField
    name_shown: BoundField
    until: BoundField

    @property
    def has_errors(self) -> bool:
        """Whether one of its fields was refused."""
        return bool(self.uses.errors or self.name_shown.errors or self.until.errors)


@dataclass(frozen=True)
class Problem:
    """One refusal in words, where to jump to (an id), and the label that stands there."""

    anchor: str
    label: str
    words: str


def anchor(bound: BoundField) -> str:
    """The id to jump to for a field; groups of buttons have it on their frame."""
    return bound.id_for_label or f"div_{bound.auto_id}"


def given_away_words(marks: Sequence[str], *, nameless: bool) -> str:
    """What to say of the author's own marks in a text."""
    how = "without your name" if nameless else "with your first name only"
    return (
        f"You chose that a partner gets this story {how}, but the text contains {quoted(marks)}. "
        "Change the text, or choose another name below. If a word is not about you, tick it under “These words "
        "are not about me”."
    )


def joined_words(partners: Sequence[str]) -> str:
    """What to say of partners that were not on the page yet."""
    return (
        f"Since you opened this page, a partner has joined: {', '.join(partners)}. Please look at its line "
        "among “Who may use it”. Where you tick nothing, it never gets your story."
    )
