"""What every part of a random life stands on: the coalition, the clock, and the model beside the database."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import time_machine
from django.db import transaction
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from campaigns.models import (
    Campaign,
    CampaignPartner,
    ConsentText,
    Coordinator,
    Member,
    PartnerUser,
    RosterEntry,
)
from portal.errors import Refused, TooLate
from portal.models import User
from stories.models import NameShown, Story
from stories.rules.consent import Permission
from stories.states import STORY_MOVES
from stories.verbs import batching
from tests.house.invariants import Checked
from tests.house.people import make_world

USES = st.tuples(st.booleans(), st.booleans(), st.booleans())
NAMES = st.sampled_from(list(NameShown))
DAYS = st.integers(min_value=0, max_value=400)
#: A small range: of a large one hypothesis draws mostly small numbers.
NUMBER = st.integers(min_value=0, max_value=119)
#: Now and then.
SELDOM = st.integers(0, 9).map(lambda n: n == 5)
#: A random story: mostly one from which the verb is legal, now and then any.
PICK = st.tuples(NUMBER, SELDOM)
Pick = tuple[int, bool]

#: How often each verb went through in this process.
PLAYED: Counter[str] = Counter()


def went(verb: str) -> None:
    """Count a verb that went through, also for hypothesis's statistics."""
    PLAYED[verb] += 1
    event(verb)


class Life(RuleBasedStateMachine):
    """One coalition, and what must be true of it whatever the database says.

    `states`: where each story is. `typed`: the last hook that its author typed. `allowed`: what its
    author last allowed, by partner. `rosters`: who is on each society's roster. `campaigns`: where each
    campaign is. `officers`, `coordinators`, `leads`: who serves which partner, society or campaign.
    `closed`: accounts that an operator has closed. `keys`: whose program holds which key, and for which
    partner it was made; `dead_keys`: those that must open nothing any more.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clock = time_machine.travel(dt.datetime(2027, 3, 1, 15, tzinfo=dt.UTC), tick=False)
        self.time = self.clock.start()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.world = make_world()
        self.states: dict[int, str] = {}
        self.typed: dict[int, str] = {}
        self.allowed: dict[int, dict[int | None, Permission]] = {}
        self.rosters: dict[int, set[str]] = {}
        for society, email in RosterEntry.objects.values_list("society", "email"):
            self.rosters.setdefault(society, set()).add(email)
        self.campaigns = {self.world.campaign.pk: str(self.world.campaign.state)}
        self.officers = set(PartnerUser.objects.values_list("user", "partner"))
        self.coordinators = set(Coordinator.objects.values_list("user", "society"))
        self.leads = set(Campaign.leads.through.objects.values_list("user", "campaign"))
        self.closed: set[int] = set()
        self.keys: dict[str, tuple[int, int]] = {}
        self.dead_keys: list[str] = []
        self.checked = Checked()
        self.latest_day = batching.today_in(self.world.campaign)

    def teardown(self) -> None:
        """Leave nothing behind."""
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)
        self.clock.stop()

    def story(self, pick: Pick, verb: str = "") -> Story | None:
        """A random story; mostly one from which the verb is legal."""
        number, any_state = pick
        keys = sorted(self.states)
        if verb and not any_state:
            keys = [key for key in keys if self.states[key] in STORY_MOVES[verb].sources]
        if not keys:
            return None
        stories = Story.objects.select_related("member__user", "current_revision")
        return stories.get(pk=keys[number % len(keys)])

    def author(self, story: Story) -> User:
        """Who wrote it."""
        assert story.member.user is not None
        return story.member.user

    def coordinator(self, story: Story) -> User:
        """Somebody of the story's society."""
        return self.world.ana if story.society_id == self.world.isscr.pk else self.world.rita

    def person(self, number: int) -> Member:
        """A random member who has an account."""
        people = list(Member.objects.exclude(user=None).select_related("user").order_by("pk"))
        return people[number % len(people)]

    def campaign(self, number: int) -> Campaign:
        """The campaign that stories are told in; now and then another one, if there is one."""
        others = sorted(self.campaigns.keys() - {self.world.campaign.pk})
        if others and number % 4 == 0:
            return Campaign.objects.get(pk=others[number // 4 % len(others)])
        return Campaign.objects.get(pk=self.world.campaign.pk)

    def text(self) -> ConsentText:
        """The wording in force."""
        found = ConsentText.objects.filter(campaign=self.world.campaign).first()
        assert found is not None
        return found

    def goes(self, verb: str, deed: Callable[[], object]) -> bool:
        """Play a verb; False where it was refused."""
        try:
            with transaction.atomic():
                deed()
        except (TooLate, Refused):
            return False
        went(verb)
        return True

    def attempt(self, story: Story, verb: str, deed: Callable[[], object]) -> bool:
        """Play a move; the model says whether it is legal from the state that the story is in."""
        move = STORY_MOVES[verb]
        legal = self.states[story.pk] in move.sources
        if not self.goes(verb, deed):
            return False
        assert legal, f"{verb} went through from {self.states[story.pk]}"
        self.states[story.pk] = move.target
        return True

    def permissions(self, data: Any) -> list[Permission]:
        """Lines of the consent grid, for the partners of today and for later ones."""
        ties = CampaignPartner.objects.filter(campaign=self.world.campaign).order_by("pk")
        partners: list[int | None] = [*ties.values_list("partner", flat=True), None]
        today = batching.today_in(self.world.campaign)
        return [
            Permission(
                partner=partner,
                lawmakers=uses[0],
                publication=uses[1],
                press=uses[2],
                name_shown=name,
                name={"full": "Mia Chen", "first": "Mia, Kansas", "none": ""}[name],
                until=today + dt.timedelta(days=days),
            )
            for partner, (uses, name, days) in zip(partners, data, strict=False)
        ]

    def allow(self, story: Story, permissions: list[Permission]) -> None:
        """The author has just decided so."""
        self.allowed[story.pk] = {
            line.partner: line for line in permissions if not line.allows_nothing
        }
