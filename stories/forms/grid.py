"""What the consent grid is made of, and the words that stand in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.forms import BoundField

from campaigns.models import Campaign, CampaignPartner, ConsentText
from stories.models import Consent, NameShown, Story
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
    def campaign(self) -> Campaign:
        """The story's campaign."""
        return self.story.campaign

    def consent_for(self, partner: int | None) -> Consent | None:
        """The live consent of one line."""
        return next((c for c in self.live if c.partner_id == partner), None)


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
