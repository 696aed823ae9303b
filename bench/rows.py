"""Many rows, quickly: what the lists of each role show, written past the verbs but inside every constraint.

Each `fill` takes the numbers from `first` up to `end` and adds one row of its list for each.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from typing import TypeVar

from django.db.models import Model, OuterRef, Subquery
from django.utils import timezone

from campaigns.models import (
    Basis,
    Campaign,
    Member,
    MembershipRequest,
    Participation,
    Partner,
    Phase,
    Place,
    RosterEntry,
)
from campaigns.states import CampaignState, PhaseState
from portal.models import Job, Message, User
from stories.models import (
    Acceptance,
    Batch,
    Consent,
    Delivery,
    Item,
    ItemEnd,
    NameShown,
    Recall,
    RecallReason,
    Revision,
    RevisionKind,
    Story,
)
from stories.rules.texts import searchable
from stories.states import BatchState, RecallState, StoryState
from tests.house.people import World
from tests.house.stories import answers

M = TypeVar("M", bound=Model)

#: About 300 words, as long as stories are.
WORDS = " ".join(
    ["We grew the very cells that she was losing, and a grant of two years paid for it."] * 17
)
STATES = ("KS", "NC", "PA", "UT")
NOW = timezone.now()


def written(rows: Iterator[M]) -> list[M]:
    """The rows in the database, with their keys."""
    made = list(rows)
    model = type(made[0])
    return list(model._default_manager.bulk_create(made, batch_size=500))


def ago(number: int) -> dt.datetime:
    """A moment in the past that no other number has."""
    return NOW - dt.timedelta(days=20) + dt.timedelta(seconds=number)


def users(first: int, end: int) -> list[User]:
    """People with accounts."""
    return written(
        User(email=f"person{n}@example.org", name=f"Person {n}", password="!")
        for n in range(first, end)
    )


def roster(world: World, first: int, end: int) -> list[Member]:
    """Members of ISSCR with a home."""
    members = written(
        Member(email=f"member{n}@example.org", given_name=f"Given{n}", family_name="Family")
        for n in range(first, end)
    )
    written(
        RosterEntry(society=world.isscr, member=m, email=m.email, number=f"A{m.pk}")
        for m in members
    )
    written(
        Place(
            member=m, kind="home", zip="66045", state=STATES[m.pk % 4], boundaries=world.boundaries
        )
        for m in members
    )
    return members


def stories(
    world: World, first: int, end: int, *, state: StoryState, of: Member | None = None
) -> list[Story]:
    """Stories in one state with a revision that their author accepted: each by a member, or all by one."""
    if of is None:
        members = roster(world, first, end)
        joined = written(participation(world, member) for member in members)
    else:
        known = Participation.objects.filter(member=of).first()
        joined = [known or written(iter([participation(world, of)]))[0]] * (end - first)
        members = [of] * (end - first)
    told = answers(world, WORDS)
    made = written(
        Story(
            campaign=world.campaign, participation=part, member=member, society=world.isscr,
            us_state=STATES[n % 4], district=1, state=StoryState.SUBMITTED, submitted_at=ago(n),
        )
        for n, member, part in zip(range(first, end), members, joined, strict=True)
    )  # fmt: skip
    texts = written(
        Revision(
            story=story, number=1, kind=RevisionKind.AUTHOR, hook=f"Story {story.pk} in one line",
            answers=told, sha256=hashlib.sha256(str(story.pk).encode()).hexdigest(), by=world.mia,
            searchable=searchable(f"Story {story.pk}", told),
        )
        for story in made
    )  # fmt: skip
    written(Acceptance(revision=text, sha256=text.sha256, by=world.mia) for text in texts)
    text = Subquery(Revision.objects.filter(story=OuterRef("pk")).values("pk")[:1])
    changes: dict[str, object] = {"current_revision": text, "state": state}
    if state == StoryState.APPROVED:
        changes |= {"approved_revision": text, "approved_at": NOW}
    Story.objects.filter(current_revision=None, pk__gte=made[0].pk).update(**changes)
    return made


def participation(world: World, member: Member) -> Participation:
    """That a member joined for Kansas."""
    return Participation(
        campaign=world.campaign, member=member, society=world.isscr, phase=world.phase_one,
        basis=Basis.EITHER, counted="home", zip="66045", state="KS", district=1, boundaries=world.boundaries,
    )  # fmt: skip


def to_review(world: World, first: int, end: int) -> None:
    """The coordinator's queue: stories that wait."""
    stories(world, first, end, state=StoryState.SUBMITTED)


def reviewed_among_waiting(world: World, first: int, end: int) -> None:
    """The same queue where all but every hundredth story is done with."""
    for n in range(first, end, 100):
        stories(world, n, min(n + 1, end), state=StoryState.SUBMITTED)
        if n + 1 < end:
            stories(world, n + 1, min(n + 100, end), state=StoryState.APPROVED)


def own_stories(world: World, first: int, end: int) -> None:
    """All of them Mia's."""
    stories(world, first, end, state=StoryState.SUBMITTED, of=world.mia_member)


def consents(world: World, made: Sequence[Story]) -> list[Consent]:
    """Each author lets Research!America use the story."""
    until = NOW.date() + dt.timedelta(days=300)
    return written(
        Consent(
            story=story, partner=world.research_america, text=world.consent_text, lawmakers=True,
            name_shown=NameShown.FULL, name="A. Author", until=until, given_by=world.mia,
        )
        for story in made
    )  # fmt: skip


def due(world: World, first: int, end: int) -> None:
    """Approved stories that would leave with the next batch."""
    consents(world, stories(world, first, end, state=StoryState.APPROVED))


def handed_over(
    world: World, first: int, end: int, *, each: int = 100, recalled: bool = False
) -> None:
    """Stories in delivered batches of `each`; with `recalled` they are asked back."""
    made = stories(world, first, end, state=StoryState.APPROVED)
    given = consents(world, made)
    partner: Partner = world.research_america
    batches = written(
        Batch(
            campaign=world.campaign, partner=partner, number=1000 + first + n, state=BatchState.DELIVERED,
            sealed_at=ago(first + n), sealed_by=world.lee, count=each, built_at=ago(first + n),
            manifest_sha256="0" * 64, signature="s", key_id="k", files=[],
        )
        for n in range(0, len(made), each)
    )  # fmt: skip
    written(Delivery(batch=batch, delivered_at=batch.sealed_at) for batch in batches)
    texts = dict(Revision.objects.filter(story_id__gte=made[0].pk).values_list("story_id", "pk"))
    items = written(
        Item(
            batch=batches[n // each], position=n % each + 1, partner=partner, story=story,
            accepted_id=texts[story.pk], consent=given[n], ended_at=NOW if recalled else None,
            ended_why=ItemEnd.RECALLED if recalled else "",
        )
        for n, story in enumerate(made)
    )  # fmt: skip
    if recalled:
        written(
            Recall(
                item=item, partner=partner, story_id=item.story_id, reason=RecallReason.WITHDRAWN,
                state=RecallState.ASKED, asked_at=ago(n),
            )
            for n, item in enumerate(items, start=first)
        )  # fmt: skip


def batches_of_one(world: World, first: int, end: int) -> None:
    """So many batches with one story each."""
    handed_over(world, first, end, each=1)


def recalled(world: World, first: int, end: int) -> None:
    """So many recalls that wait for an answer."""
    handed_over(world, first, end, recalled=True)


def one_batch(world: World, first: int, end: int) -> None:
    """All in batches so large that one of them holds nearly everything."""
    handed_over(world, first, end, each=100_000)


def members(world: World, first: int, end: int) -> None:
    """A society's roster."""
    roster(world, first, end)


def requests(world: World, first: int, end: int) -> None:
    """People who ask to be added to ISSCR's roster."""
    written(
        MembershipRequest(society=world.isscr, user=user, note="I joined in May.", asked_at=NOW)
        for user in users(first, end)
    )


def campaigns(world: World, first: int, end: int) -> None:
    """Running campaigns of ISSCR that Lee leads, each with a phase and both partners."""
    made = written(
        Campaign(name=f"Campaign {n}", slug=f"campaign-{n}", state=CampaignState.RUNNING)
        for n in range(first, end)
    )
    link, lead = Campaign.societies.through, Campaign.leads.through
    written(link(campaign=campaign, society=world.isscr) for campaign in made)
    written(lead(campaign=campaign, user=world.lee) for campaign in made)
    written(
        Phase(
            campaign=campaign, name="All", all_states=True, state=PhaseState.OPENED,
            opens_at=NOW - dt.timedelta(days=1), closes_at=NOW + dt.timedelta(days=90),
        )
        for campaign in made
    )  # fmt: skip


def given_up_messages(world: World, first: int, end: int) -> None:
    """Mail that could not be sent."""
    written(
        Message(address=f"gone{n}@example.org", template="approved", failed_at=ago(n), attempts=12)
        for n in range(first, end)
    )


def given_up_jobs(world: World, first: int, end: int) -> None:
    """Background work that failed too often."""
    written(
        Job(kind="stories.build_batch", failed_at=ago(n), attempts=12) for n in range(first, end)
    )
