"""Random lives: every verb, by random people, under a moving clock, and the invariants after each step.

The machine plays the verbs that the doors call. Beside the database it keeps a model of a few lines:
the state that each story must be in, and the last text that its author typed. After every step
`tests/house/invariants.py` reads the database and checks what DESIGN.md calls "always true".

`STEPS` in the environment sets how many steps are played; CI plays at least 2,000.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from campaigns.models import CampaignPartner, Partner, PartnerUser
from campaigns.verbs import joining, phases
from portal.errors import Refused, TooLate
from stories.models import Batch, Consent, Draft, NameShown, Recall, Story
from stories.rules.consent import Permission
from stories.states import STORY_MOVES, BatchState, RecallState, StoryState
from stories.verbs import batching, consenting, handing_over, reviewing, signing_off, telling
from stories.verbs.handing_over import RecallAnswer
from tests.house.invariants import check_all
from tests.house.people import make_user, make_world
from tests.house.post import run_jobs, run_task
from tests.house.stories import answers

STEPS = int(os.environ.get("STEPS", "2000"))
STEPS_OF_A_LIFE = 50
#: So many tests share the steps, so that they can run beside each other.
PARTS = 4

USES = st.tuples(st.booleans(), st.booleans(), st.booleans())
NAMES = st.sampled_from(list(NameShown))
DAYS = st.integers(min_value=0, max_value=400)
#: A random story: mostly one from which the verb is legal, now and then any.
PICK = st.tuples(
    st.integers(min_value=0, max_value=10_000), st.integers(0, 9).map(lambda n: n == 5)
)
Pick = tuple[int, bool]
NUMBER = st.integers(min_value=0, max_value=10_000)


class Lives(RuleBasedStateMachine):
    """One coalition and what happens to it."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = time_machine.travel(dt.datetime(2027, 3, 1, 15, tzinfo=dt.UTC), tick=False)
        self.time = self.clock.start()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.world = make_world()
        self.states: dict[int, str] = {}
        self.typed: dict[int, str] = {}
        self.members = [self.world.mia_member, self.world.otto_member, self.world.nils_member]

    def teardown(self) -> None:
        """Leave nothing behind."""
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)
        self.clock.stop()

    @initialize(data=st.lists(st.tuples(USES, NAMES, DAYS), min_size=3, max_size=3))
    def some_stories_are_there(self, data: Any) -> None:
        """Two approved stories, one in review and one draft, so that lives begin in the middle."""
        for number in range(4):
            self.a_member_begins(number * 2)
        picks = [((n, True), n) for n in range(4)]
        for pick, number in picks[:3]:
            self.a_member_submits(pick, number, data)
            self.a_coordinator_takes_or_returns(pick, "claim")
        for pick, _ in picks[:2]:
            self.a_coordinator_decides(pick, "approve", False)

    # --- helpers -------------------------------------------------------------------------------

    def story(self, pick: Pick, verb: str = "") -> Story | None:
        """A random story; mostly one from which the verb is legal."""
        number, any_state = pick
        stories = list(Story.objects.order_by("pk"))
        if verb and not any_state:
            stories = [s for s in stories if self.states[s.pk] in STORY_MOVES[verb].sources]
        return stories[number % len(stories)] if stories else None

    def attempt(self, story: Story, verb: str, deed: Callable[[], object], to: str = "") -> bool:
        """Play a verb; the model says whether the move is legal from the state that it is in."""
        move = STORY_MOVES[verb]
        legal = self.states[story.pk] in move.sources
        try:
            with transaction.atomic():
                deed()
        except (TooLate, Refused):
            return False
        assert legal, f"{verb} went through from {self.states[story.pk]}"
        self.states[story.pk] = to or move.target
        event(verb)
        return True

    def permissions(
        self, data: list[tuple[tuple[bool, bool, bool], NameShown, int]]
    ) -> list[Permission]:
        """Lines of the consent grid, for the partners of today and for later ones."""
        partners: list[int | None] = list(
            CampaignPartner.objects.filter(campaign=self.world.campaign)
            .order_by("pk")
            .values_list("partner", flat=True)
        )
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
            for partner, (uses, name, days) in zip([*partners, None], data, strict=False)
        ]

    # --- the clock -----------------------------------------------------------------------------

    @rule(hours=st.sampled_from([1, 5, 24, 24 * 7, 24 * 40]))
    def time_passes(self, hours: int) -> None:
        """The clock moves on and rings for everything that it rings for."""
        self.time.shift(dt.timedelta(hours=hours))
        for task in (
            "campaigns.open_phases",
            "stories.expire_consents",
            "stories.ask_for_late_partners",
        ):
            run_task(task)

    @rule()
    def the_worker_works(self) -> None:
        """Everything that waits for a worker is done."""
        run_jobs()

    # --- members -------------------------------------------------------------------------------

    @rule(pick=NUMBER)
    def a_member_begins(self, pick: int) -> None:
        """A member joins, if they may, and begins a story."""
        member = self.members[pick % len(self.members)]
        assert member.user is not None
        try:
            with transaction.atomic():
                joined = joining.join(by=member.user, member=member, campaign=self.world.campaign)
                story = telling.begin(by=member.user, participation=joined)
        except (TooLate, Refused):
            return
        self.states[story.pk] = StoryState.DRAFT

    @rule(pick=PICK, words=st.text(max_size=40), stale=st.booleans())
    def a_member_types(self, pick: Pick, words: str, stale: bool) -> None:
        """The draft saves itself, from this window or from an older one."""
        story = self.story(pick)
        if story is None or "\x00" in words or any("\ud800" <= c <= "\udfff" for c in words):
            return
        user = story.member.user
        assert user is not None
        try:
            with transaction.atomic():
                draft = telling.draft_of(story)
                version = draft.version - 1 if stale else draft.version
                telling.save_draft(
                    by=user,
                    story=story,
                    version=version,
                    hook=words,
                    answers={},
                    naming={},
                    consents={},
                )
        except TooLate:
            assert stale or self.states[story.pk] == StoryState.WITHDRAWN
            return
        assert not stale
        self.typed[story.pk] = words

    @rule(
        pick=PICK, number=st.integers(0, 5), data=st.lists(st.tuples(USES, NAMES, DAYS), max_size=4)
    )
    def a_member_submits(self, pick: Pick, number: int, data: Any) -> None:
        """A first text, changes, a correction, or the same again."""
        story = self.story(pick, "submit")
        if story is None:
            return
        user = story.member.user
        assert user is not None
        done = self.attempt(
            story,
            "submit",
            lambda: telling.submit(
                by=user,
                story=story,
                hook=f"Hook {number}",
                answers=answers(self.world, f"Told in version {number} by somebody."),
                photo=None,
                permissions=self.permissions(data),
                consent_text=self.world.consent_text,
            ),
        )
        if done:
            self.typed.pop(story.pk, None)

    @rule(pick=PICK, accepts=st.booleans())
    def a_member_answers_an_edit(self, pick: Pick, accepts: bool) -> None:
        """Sign-off, or the author's own text."""
        story = self.story(pick, "sign_off")
        if story is None or story.current_revision is None:
            return
        verb = signing_off.sign_off if accepts else signing_off.refuse_edit
        revision, user = story.current_revision, story.member.user
        assert user is not None
        self.attempt(
            story,
            "sign_off" if accepts else "refuse_edit",
            lambda: verb(by=user, story=story, revision=revision),
        )

    @rule(pick=PICK, data=st.lists(st.tuples(USES, NAMES, DAYS), max_size=4))
    def a_member_changes_permission(self, pick: Pick, data: Any) -> None:
        """Narrower, wider, or both."""
        story = self.story(pick)
        if story is None or story.submitted_at is None:
            return
        user = story.member.user
        assert user is not None
        try:
            with transaction.atomic():
                consenting.change_consents(
                    by=user,
                    story=story,
                    permissions=self.permissions(data),
                    text=self.world.consent_text,
                )
        except Refused:
            assert self.states[story.pk] == StoryState.WITHDRAWN

    @precondition(lambda self: len(self.states) > 1)
    @rule(pick=PICK)
    def a_member_withdraws(self, pick: Pick) -> None:
        """Gone for good."""
        story = self.story(pick, "withdraw")
        if story is None:
            return
        user = story.member.user
        assert user is not None
        if self.attempt(story, "withdraw", lambda: telling.withdraw(by=user, story=story)):
            self.typed.pop(story.pk, None)

    # --- coordinators --------------------------------------------------------------------------

    @rule(pick=PICK, verb=st.sampled_from(["claim"] * 4 + ["hand_back"]))
    def a_coordinator_takes_or_returns(self, pick: Pick, verb: str) -> None:
        """Claim, or hand back."""
        story = self.story(pick, verb)
        if story is None:
            return
        deed = getattr(reviewing, verb)
        self.attempt(story, verb, lambda: deed(by=self.coordinator(story), story=story))

    def coordinator(self, story: Story) -> Any:
        """Somebody of the story's society."""
        return self.world.ana if story.society == self.world.isscr else self.world.rita

    @rule(
        pick=PICK,
        verb=st.sampled_from(["approve"] * 5 + ["propose_edit"] * 2 + ["ask_changes", "decline"]),
        stale=st.integers(0, 9).map(lambda n: n == 5),
    )
    def a_coordinator_decides(self, pick: Pick, verb: str, stale: bool) -> None:
        """About the current text, or about one that is no longer current."""
        story = self.story(pick, verb)
        if story is None or story.current_revision is None:
            return
        read = story.revisions.first() if stale else story.current_revision
        assert read is not None
        by, to, name = self.coordinator(story), "", verb
        more: dict[str, Any] = {}
        if verb == "propose_edit":
            more = {"hook": f"{read.hook}!"[:140], "answers": read.answers, "remark": "Shorter."}
        elif verb != "approve":
            more = {"reason": "Because."}
        if verb == "decline" and story.approved_revision is not None:
            name = "decline_correction"
        deed = getattr(reviewing, verb)
        done = self.attempt(story, name, lambda: deed(by=by, story=story, read=read, **more), to)
        assert not (done and read.pk != story.current_revision_id), "decided about another text"

    @rule(number=NUMBER, data=st.lists(st.tuples(USES, NAMES, DAYS), min_size=3, max_size=4))
    def a_story_goes_the_ordinary_way(self, number: int, data: Any) -> None:
        """The next step that most stories take, so that lives get far."""
        steps: list[tuple[str, Callable[[Pick], None]]] = [
            ("submit", lambda pick: self.a_member_submits(pick, number % 5, data)),
            ("claim", lambda pick: self.a_coordinator_takes_or_returns(pick, "claim")),
            ("approve", lambda pick: self.a_coordinator_decides(pick, "approve", False)),
            ("edit", lambda pick: self.a_coordinator_decides(pick, "propose_edit", False)),
            ("sign_off", lambda pick: self.a_member_answers_an_edit(pick, True)),
        ]
        _, step = steps[number % len(steps)]
        step((number, False))

    @rule(number=NUMBER, fetches=st.booleans())
    def a_batch_goes_the_ordinary_way(self, number: int, fetches: bool) -> None:
        """Sealed, built, delivered, and perhaps fetched."""
        self.a_batch_is_sealed(number)
        run_jobs()
        if fetches:
            self.an_officer_fetches_or_acknowledges(number, "fetch")

    # --- leads and partners --------------------------------------------------------------------

    @rule(pick=NUMBER)
    def a_batch_is_sealed(self, pick: int) -> None:
        """By the lead, for any partner."""
        ties = list(CampaignPartner.objects.filter(campaign=self.world.campaign).order_by("pk"))
        tie = ties[pick % len(ties)]
        batch = batching.open_batch(campaign=tie.campaign, partner=tie.partner)
        due = batch.pk and self.due(batch)
        try:
            with transaction.atomic():
                batching.seal(by=self.world.lee, batch=batch)
        except Refused:
            assert not due
            return
        event("seal")
        assert due

    def due(self, batch: Batch) -> int:
        """How many stories would leave now."""
        return Consent.objects.due_for(batch, batching.today_in(batch.campaign)).count()

    @rule(pick=NUMBER, verb=st.sampled_from(["fetch", "acknowledge"]))
    def an_officer_fetches_or_acknowledges(self, pick: int, verb: str) -> None:
        """Whatever is in the inbox."""
        batches = list(Batch.objects.exclude(state=BatchState.OPEN).order_by("pk"))
        if not batches:
            return
        batch = batches[pick % len(batches)]
        officer = PartnerUser.objects.filter(partner=batch.partner).first()
        assert officer is not None
        in_inbox = Batch.objects.inbox_of(officer.user).filter(pk=batch.pk).exists()
        if not in_inbox:
            return  # the door answers 404
        try:
            with transaction.atomic():
                if verb == "fetch":
                    handing_over.record_download(by=officer.user, batch=batch, file="stories.csv")
                else:
                    handing_over.acknowledge(by=officer.user, batch=batch, name="An officer")
        except TooLate:
            return
        event(verb)
        assert verb == "acknowledge" or batch.closed_at is None

    @rule(
        pick=NUMBER,
        state=st.sampled_from([RecallState.DELETED, RecallState.PUBLISHED, RecallState.CANNOT]),
    )
    def an_officer_answers_a_recall(self, pick: int, state: RecallState) -> None:
        """Once, and the answer stands."""
        recalls = list(Recall.objects.order_by("pk"))
        if not recalls:
            return
        recall = recalls[pick % len(recalls)]
        officer = PartnerUser.objects.filter(partner=recall.partner).first()
        assert officer is not None
        before = recall.state
        try:
            with transaction.atomic():
                handing_over.answer_recall(
                    by=officer.user, recall=recall, answer=RecallAnswer(state, "On page 4.")
                )
        except TooLate:
            recall.refresh_from_db()
            assert recall.state == before != RecallState.ASKED
            return
        event("answer_recall")
        assert before == RecallState.ASKED

    @precondition(lambda self: CampaignPartner.objects.count() < 4)
    @rule()
    def a_partner_joins_late(self) -> None:
        """With an officer of its own."""
        number = Partner.objects.count() + 1
        partner = Partner.objects.create(name=f"Late partner {number}", slug=f"late-{number}")
        PartnerUser.objects.create(partner=partner, user=make_user(f"Officer{number} Late"))
        CampaignPartner.objects.create(
            campaign=self.world.campaign, partner=partner, joined_at=timezone.now()
        )

    @rule()
    def phases_are_opened_twice(self) -> None:
        """Two clocks ring for the same phase."""
        for phase in (self.world.phase_one, self.world.phase_two):
            for _ in range(2):
                try:
                    with transaction.atomic():
                        phases.open_phase(by=None, phase=phase)
                except (TooLate, Refused):
                    pass

    # --- what is always true -------------------------------------------------------------------

    @invariant()
    def everything_that_is_always_true(self) -> None:
        """States as in the model, drafts as typed, and DESIGN.md's invariants."""
        assert dict(Story.objects.values_list("pk", "state")) == self.states
        kept = dict(Draft.objects.filter(story__in=self.typed).values_list("story", "hook"))
        assert kept == self.typed
        check_all(self.world)


@pytest.mark.django_db
@pytest.mark.parametrize("part", range(PARTS))
def test_random_lives(part: int) -> None:
    lives = settings(
        max_examples=max(1, STEPS // STEPS_OF_A_LIFE // PARTS),
        stateful_step_count=STEPS_OF_A_LIFE,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Lives, settings=lives)
