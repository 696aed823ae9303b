"""What an author's pages about one story are made from, fetched once."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.dateformat import format as format_moment

from campaigns.models import Prompt
from portal.errors import Refused, TooLate
from portal.models import User
from stories.forms.consents import ConsentForm
from stories.forms.grid import GridContext
from stories.forms.story import StoryForm, prompts_for
from stories.forms.typed import Typed, typed_of, without_nul
from stories.models import Draft, Story
from stories.states import StoryState
from stories.verbs import telling
from stories.verbs.surroundings import Surroundings, surroundings_of


@dataclass
class Desk:
    """One story with its draft, the prompts that its form asks, and the state of its consent grid."""

    user: User
    story: Story
    draft: Draft
    prompts: list[Prompt]
    grid: GridContext
    around: Surroundings

    def form(
        self,
        typed: Typed | None = None,
        *,
        data: Typed | None = None,
        agreed: str | None = None,
    ) -> StoryForm:
        """The story form: with `typed` as first shown, with `data` to be checked."""
        values: Mapping[str, Any] | None = data.as_data() if data else None
        return StoryForm(
            values,
            grid=self.grid,
            prompts=self.prompts,
            photo=self.draft.photo,
            agreed=agreed,
            initial=typed.as_data() if typed else None,
        )

    def consent_form(
        self, data: Mapping[str, Any] | None = None, agreed: str | None = None
    ) -> ConsentForm:
        """The grid alone."""
        return ConsentForm(data, grid=self.grid, agreed=agreed)

    def keep(self, typed: Typed, *, window: str = "") -> None:
        """Save what was typed into the draft; TooLate where another window was faster."""
        saved = telling.save_draft(
            by=self.user,
            story=self.story,
            version=typed.version,
            hook=without_nul(typed.hook),
            answers=without_nul(typed.answers),
            naming=without_nul(typed.naming),
            consents=without_nul(typed.consents),
            window=without_nul(window),
        )
        self.reload()
        # Not the version that stands there now: a page may only go on from what it saved itself.
        self.draft.version = saved

    def reload(self) -> None:
        """Read the draft again."""
        self.draft = telling.working_copy(self.story)

    @property
    def typed(self) -> Typed:
        """What the draft keeps."""
        return typed_of(self.draft)

    @property
    def nothing_since_sent(self) -> bool:
        """Whether the story was handed in, and nothing was typed since."""
        return self.story.submitted_at is not None and self.draft._state.adding

    @property
    def saved_words(self) -> str:
        """ "Saved at 2:03 p.m. EST", or that nothing is saved yet."""
        if self.draft._state.adding or not self.draft.version:
            return "Nothing to save yet"
        zone = ZoneInfo(self.story.campaign.time_zone)
        at, now = self.draft.saved_at.astimezone(zone), timezone.now().astimezone(zone)
        day = "" if at.date() == now.date() else format_moment(at, "F j, Y") + ", "
        return f"Saved {f'on {day}' if day else 'at '}{format_moment(at, 'P T')}"


def desk_of(user: User, story: Story) -> Desk:
    """Fetch everything; Refused where the campaign has no consent wording yet."""
    around = surroundings_of(story)
    return Desk(
        user=user,
        story=story,
        draft=around.draft or telling.draft_from(story, story.current_revision),
        prompts=prompts_for(story, around.prompts),
        grid=grid_of(around),
        around=around,
    )


def grid_of(around: Surroundings) -> GridContext:
    """The state of a story's consent grid."""
    if around.text is None:
        raise Refused("This campaign has no consent wording yet, so nothing can be agreed to.")
    return GridContext(
        story=around.story,
        partnerships=around.partnerships,
        live=around.consents,
        text=around.text,
        today=today_of(around.story),
        addresses=around.author_addresses,
    )


def today_of(story: Story) -> dt.date:
    """Today's date in the campaign's time zone."""
    return timezone.localdate(timezone=ZoneInfo(story.campaign.time_zone))


def refuse_ended(story: Story) -> None:
    """TooLate for a story that cannot be written any more."""
    if story.state == StoryState.WITHDRAWN:
        raise TooLate("You took this story back, so it cannot be changed any more.")
    if story.state == StoryState.DECLINED:
        raise TooLate(
            "This story was declined, so it cannot be changed any more. You can begin a new one."
        )


def last_reason(story: Story) -> str:
    """What the coordinators said with a request for changes or a refusal that stands now."""
    if story.state not in (StoryState.CHANGES_REQUESTED, StoryState.DECLINED):
        return ""
    decision = story.decisions.order_by("-pk").first()
    return decision.reason if decision else ""


def new_window() -> str:
    """A mark of one opened page, by which its own saves know each other."""
    return secrets.token_urlsafe(9)
