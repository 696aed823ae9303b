"""How an author's page sends a story, field by field, as a browser without JavaScript would."""

from __future__ import annotations

import datetime as dt
from typing import Any

from campaigns.models import Partner
from stories.models import Story
from stories.verbs.telling import working_copy
from tests.house.people import World
from tests.house.stories import WORDS


def in_days(days: int) -> str:
    """The date in so many days, as a date field sends it."""
    return (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=days)).isoformat()


NEXT_YEAR = in_days(200)


def line(
    partner: Partner | None, *uses: str, name_shown: str = "none", until: str = NEXT_YEAR
) -> dict[str, Any]:
    """One line of the consent grid as a page sends it; no uses: nothing ticked."""
    key = f"p{partner.pk}" if partner else "later"
    return {
        "lines": [key],
        f"line-{key}-uses": list(uses),
        f"line-{key}-name_shown": name_shown,
        f"line-{key}-until": until,
    }


def page(world: World, story: Story, *lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The whole story form; `lines` default to Research!America for lawmakers, by full name.

    Lines that are not given are on the page with nothing ticked. `changes` replace fields by name.
    """
    grid = [line(world.research_america), line(world.frontline), line(None)]
    chosen = lines or (line(world.research_america, "lawmakers", name_shown="full"),)
    sent: dict[str, Any] = {
        "hook": "He read the kitchen clock",
        f"prompt-{world.prompts['long_text'].pk}": WORDS,
        f"prompt-{world.prompts['one_choice'].pk}": "a scientist",
        "full_name": "Dr. Mia Chen",
        "first_name": "Mia",
        "version": working_copy(story).version,
        "window": "here",
        "consent_version": world.consent_text.version,
    }
    for part in (*grid, *chosen):
        sent |= {name: value for name, value in part.items() if name != "lines"}
    sent["lines"] = [key for part in grid for key in part["lines"]]
    return sent | changes
