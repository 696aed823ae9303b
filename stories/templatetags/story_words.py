"""How stories' states and places read on screen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django import template
from django.utils.dateformat import format as date_format
from django.utils.text import capfirst

from campaigns.models import Participation
from portal.tallies import Tally
from stories.models import Consent, Story
from stories.rules.consent import USE_WORDS, permission_of
from stories.rules.disclosure import Disclosed, district_name
from stories.states import BatchState, RecallState, StoryState

register = template.Library()

TONES: dict[str, str] = {
    StoryState.SUBMITTED: "now",
    StoryState.IN_REVIEW: "now",
    StoryState.CHANGES_REQUESTED: "care",
    StoryState.AWAITING_SIGN_OFF: "care",
    StoryState.APPROVED: "good",
    StoryState.DECLINED: "bad",
    StoryState.WITHDRAWN: "bad",
    BatchState.SEALED: "now",
    BatchState.DELIVERED: "now",
    BatchState.ACKNOWLEDGED: "good",
    RecallState.ASKED: "care",
    RecallState.DELETED: "good",
    RecallState.PUBLISHED: "bad",
    RecallState.CANNOT: "bad",
    RecallState.NEVER_TAKEN: "good",
}


@register.filter
def tone(state: str) -> str:
    """The tone of a state's badge (parts/status_badge.html); its words say the same."""
    return TONES.get(state, "")


@register.filter
def for_author(story: Story) -> str:
    """A story's state as its author reads it."""
    if story.state == StoryState.AWAITING_SIGN_OFF:
        return "Waiting for your sign-off"
    return capfirst(story.get_state_display())


@register.filter
def district(place: Story | Participation) -> str:
    """The district of a story or participation: "KS-3", "WY at large", or the state alone."""
    state = place.us_state if isinstance(place, Story) else place.state
    return district_name(state, place.district)


@register.filter
def place(row: Disclosed) -> str:
    """Where a disclosed story comes from: "KS-3", "WY at large", or the state alone."""
    return district_name(row.state, row.district)


@register.filter
def uses_in_words(allowed: Consent | Sequence[str]) -> str:
    """What a consent or a disclosed row allows: "lawmakers' offices, publication, press"."""
    uses = permission_of(allowed).uses if isinstance(allowed, Consent) else allowed
    return capfirst(", ".join(USE_WORDS[use] for use in uses))


@register.filter
def stories(count: int | Tally) -> str:
    """How many: "1 story", "12 stories", "1,000+ stories"."""
    return (count if isinstance(count, Tally) else Tally(count)).of("story", "stories")


@register.filter
def more_than_one(count: Tally) -> bool:
    """Whether a number's noun stands in the plural."""
    return count.more or count.number != 1


@register.filter
def us_date(iso: str) -> str:
    """An ISO date as Americans write it: "January 8, 2024"; anything else stays as it is."""
    try:
        return date_format(dt.date.fromisoformat(iso), "F j, Y")
    except ValueError:
        return iso
