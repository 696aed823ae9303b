"""Stories for tests, brought by the verbs that people's doors call."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils import timezone

from campaigns.models import Member, Participation, Partner, Society
from portal.models import User
from stories.models import NameShown, Story
from stories.rules.consent import Permission
from stories.rules.texts import Answer
from stories.verbs import reviewing, telling
from tests.house.people import World

WORDS = (
    "My father went blind slowly, one lamp at a time. A small grant let our lab grow retinal cells "
    "from his own skin, and last spring he read the kitchen clock."
)


def join(world: World, member: Member, society: Society | None = None) -> Participation:
    """The member's participation, for Kansas unless their home says otherwise."""
    home = member.places.filter(kind="home").first()
    return Participation.objects.get_or_create(
        campaign=world.campaign,
        member=member,
        defaults={
            "society": society or world.isscr,
            "phase": world.phase_one,
            "basis": world.campaign.basis,
            "counted": "home",
            "zip": home.zip if home else "",
            "state": home.state if home else "KS",
            "district": home.district if home else None,
            "boundaries": world.boundaries,
        },
    )[0]


def today() -> dt.date:
    """The date where the campaigns of the tests' world are, which is what their days are counted in."""
    return timezone.localdate(timezone=ZoneInfo("America/New_York"))


def permission(
    partner: Partner | None,
    name_shown: NameShown = NameShown.FULL,
    name: str = "Mia Chen",
    *,
    lawmakers: bool = True,
    publication: bool = True,
    press: bool = False,
    until: dt.date | None = None,
    days: int = 300,
) -> Permission:
    """One line of the consent grid."""
    return Permission(
        partner=partner.pk if partner else None,
        lawmakers=lawmakers,
        publication=publication,
        press=press,
        name_shown=name_shown,
        name="" if name_shown == NameShown.NONE else name,
        until=until or today() + dt.timedelta(days=days),
    )


def answers(world: World, words: str = WORDS) -> list[Answer]:
    """Answers to the long text and the one choice."""
    long_text, choice = world.prompts["long_text"], world.prompts["one_choice"]
    return [
        Answer(prompt=long_text.pk, kind="long_text", label=long_text.label, value=words),
        Answer(prompt=choice.pk, kind="one_choice", label=choice.label, value="a scientist"),
    ]


def submitted_story(
    world: World,
    *,
    member: Member | None = None,
    hook: str = "He read the kitchen clock",
    words: str = WORDS,
    permissions: list[Permission] | None = None,
) -> Story:
    """A story that waits for the coordinators; by default Research!America may use it, by full name."""
    author = member or world.mia_member
    user = author.user
    assert user is not None
    society = world.rivers if author == world.nils_member else world.isscr
    story = telling.begin(by=user, participation=join(world, author, society))
    telling.submit(
        by=user,
        story=story,
        hook=hook,
        answers=answers(world, words),
        photo=None,
        permissions=[permission(world.research_america)] if permissions is None else permissions,
        consent_text=world.consent_text,
    )
    story.refresh_from_db()
    return story


def approved_story(world: World, *, by: User | None = None, **given: object) -> Story:
    """A story that is due for every partner that its author permitted."""
    story = submitted_story(world, **given)  # type: ignore[arg-type]
    coordinator = by or (world.rita if story.society == world.rivers else world.ana)
    reviewing.claim(by=coordinator, story=story)
    story.refresh_from_db()
    assert story.current_revision is not None
    reviewing.approve(by=coordinator, story=story, read=story.current_revision)
    story.refresh_from_db()
    return story


__all__ = ["WORDS", "answers", "approved_story", "join", "permission", "submitted_story"]
