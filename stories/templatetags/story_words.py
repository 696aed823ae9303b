"""How stories' states and places read on screen."""

from __future__ import annotations

from django import template

from campaigns.models import Participation
from stories.models import Story
from stories.rules.disclosure import district_name
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
def district(place: Story | Participation) -> str:
    """The district of a story or participation: "KS-3", "WY at large", or the state alone."""
    state = place.us_state if isinstance(place, Story) else place.state
    return district_name(state, place.district)
