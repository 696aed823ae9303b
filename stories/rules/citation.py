"""How a partner names a story beside its text, in one line to copy."""

from __future__ import annotations

from django.utils.dateformat import format as format_date

from campaigns.rules.usa import district_name
from stories.rules.consent import USE_WORDS
from stories.rules.disclosure import Disclosed


def citation(story: Disclosed, batch: int, position: int) -> str:
    """The hook, the name exactly as permitted, the place, where it came from and what it may be used for."""
    who = story.name or "name withheld at the author’s wish"
    uses = " and ".join(USE_WORDS[use] for use in story.uses)
    until = format_date(story.until, "F j, Y")
    return (
        f"“{story.hook}” – {who}; {district_name(story.state, story.district)}. "
        f"Story {story.story}, batch {batch}, no. {position}. "
        f"May be used for {uses} until {until}."
    )
