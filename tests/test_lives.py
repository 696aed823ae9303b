"""Random lives: every verb, by random people, under a moving clock, and the invariants after each step.

The machine plays the verbs that the doors call: what authors and coordinators do stands here, the rest in
`tests/house/comings.py`, `leading.py`, `setting_up.py`, `tying.py` and `handing.py`. Beside the database it keeps a model of a few
lines (`tests/house/life.py`): where each story must be, what its author typed and allowed last, and who is
on which roster. After every step `tests/house/invariants.py` reads the database and checks what
DESIGN.md calls "always true".

`STEPS` in the environment sets how many steps are played; CI plays at least 2,000.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import sys
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from campaigns.models import Member, Partner
from campaigns.verbs import joining
from portal.errors import Refused, TooLate
from portal.models import Message
from stories.models import (
    Batch,
    Consent,
    Draft,
    ImportedStory,
    Item,
    Story,
)
from stories.rules.consent import Permission, permission_of
from stories.rules.survey_columns import SurveyRow
from stories.states import BatchState, StoryState
from stories.verbs import (
    batching,
    consenting,
    reviewing,
    signing_off,
    telling,
)
from stories.verbs.importing import adopt_imported, import_stories
from tests.house.batches import photo
from tests.house.comings import Comings
from tests.house.handing import HandingOver
from tests.house.invariants import check_all
from tests.house.leading import Leading
from tests.house.life import DAYS, NAMES, NUMBER, PICK, PLAYED, SELDOM, USES, Pick, went
from tests.house.post import run_jobs, run_task
from tests.house.stories import answers
from tests.house.tying import Tying

STEPS = int(os.environ.get("STEPS", "2000"))
STEPS_OF_A_LIFE = 50
#: After so many steps every verb must have gone through at least once.
ENOUGH = 20_000
TICKS = (
    "campaigns.open_phases",
    "stories.expire_consents",
    "stories.ask_for_late_partners",
    "stories.seal_batches",
    "stories.count_coverage",
    "campaigns.forget_uploads",
    "portal.write_digests",
    "portal.forget",
    "portal.sweep",
)
#: So many tests share the steps, so that they can run beside each other.
PARTS = 4


#: Where no step is next.
OVER = (StoryState.WITHDRAWN, StoryState.DECLINED)
#: What must go through again and again in long lives, besides the clock's own.
VERBS = (
    "accept_request acknowledge add_lead add_partner add_phase add_prompt add_society adopt "
    "adopt_imported answer_recall approve ask_changes ask_to_be_added begin change_account "
    "change_closing change_consents change_phase change_prompt change_rhythm change_time_zone "
    "choose_notices claim confirm_import create_campaign decline decline_correction delete_prompt "
    "discard_import end_campaign end_sessions fetch hand_back import_roster import_stories join "
    "make_coordinator make_partneruser make_token move_prompt own_member propose_edit "
    "publish_consent_text read_list read_story refuse_edit refuse_request remove_coordinator "
    "remove_lead remove_partner remove_partneruser remove_phase remove_society rename resubscribe "
    "retire_prompt revoke_token seal selection send_mail set_leading_partner set_photo set_places "
    "sign_off start_campaign submit unsubscribe unwish update_campaign wish withdraw"
)


class Lives(Comings, Leading, Tying, HandingOver):
    """One coalition and what happens to it."""

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

    # --- the clock -----------------------------------------------------------------------------

    @rule(hours=st.sampled_from([1, 5, 24, 24 * 7, 24 * 40]))
    def time_passes(self, hours: int) -> None:
        """The clock moves on and rings for everything that it rings for."""
        self.time.shift(dt.timedelta(hours=hours))
        for task in TICKS:
            run_task(task)
        self.check_whole()

    @rule(posts=SELDOM)
    def the_worker_works(self, posts: bool) -> None:
        """Everything that waits for a worker is done; now and then all mail leaves."""
        if run_jobs():
            went("a job")
        if posts:
            run_task("portal.send_mail")
            assert not Message.objects.filter(failed_at__isnull=False).exists()
            went("send_mail")

    # --- members -------------------------------------------------------------------------------

    @rule(pick=NUMBER)
    def a_member_begins(self, pick: int) -> None:
        """A member joins, if they may, and begins a story."""
        member = self.person(pick)
        user = member.user
        assert user is not None
        try:
            with transaction.atomic():
                joined = joining.join(by=user, member=member, campaign=self.world.campaign)
                story = telling.begin(by=user, participation=joined)
        except (TooLate, Refused):
            return
        went("begin")
        self.states[story.pk] = StoryState.DRAFT

    @rule(pick=PICK, words=st.text(max_size=40), stale=st.booleans())
    def a_member_types(self, pick: Pick, words: str, stale: bool) -> None:
        """The draft saves itself, from this window or from an older one."""
        story = self.story(pick)
        if story is None or "\x00" in words or any("\ud800" <= c <= "\udfff" for c in words):
            return
        user = self.author(story)
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
        went("save_draft")
        self.typed[story.pk] = words

    @rule(pick=PICK, color=st.sampled_from(["navy", "olive", ""]))
    def a_member_puts_a_picture(self, pick: Pick, color: str) -> None:
        """With the draft, or takes it away."""
        story = self.story(pick)
        if story is None:
            return
        by, kept = self.author(story), photo("A lab bench", color) if color else None
        gone = self.states[story.pk] == StoryState.WITHDRAWN
        done = self.goes("set_photo", lambda: telling.set_photo(by=by, story=story, photo=kept))
        assert done != gone

    @rule(pick=NUMBER, number=st.integers(0, 3), adopts=st.booleans())
    def a_survey_is_imported(self, pick: int, number: int, adopts: bool) -> None:
        """A row becomes a draft when its author takes it up, once."""
        world = self.world
        society = [world.isscr, world.rivers][number % 2]
        email = self.person(pick).email
        rows = [SurveyRow(2, email, f"Surveyed {number}", {}, {"n": f"{number} {email}"})]
        self.goes(
            "import_stories",
            lambda: list(
                import_stories(by=world.lee, campaign=world.campaign, society=society, rows=rows)
            ),
        )
        imported = ImportedStory.objects.order_by("pk").last()
        if not adopts or imported is None:
            return
        user = Member.objects.select_related("user").get(email=imported.email).user
        if user is None or not self.goes(
            "adopt_imported", lambda: adopt_imported(by=user, imported=imported)
        ):
            return
        imported.refresh_from_db()
        assert imported.story_id is not None
        self.states[imported.story_id] = StoryState.DRAFT
        self.typed[imported.story_id] = imported.hook

    @rule(
        pick=PICK, number=st.integers(0, 5), data=st.lists(st.tuples(USES, NAMES, DAYS), max_size=4)
    )
    def a_member_submits(self, pick: Pick, number: int, data: Any) -> None:
        """A first text, changes, a correction, or the same again."""
        story = self.story(pick, "submit")
        if story is None:
            return
        user, permissions = self.author(story), self.permissions(data)
        draft = Draft.objects.filter(story=story).select_related("photo").first()
        done = self.attempt(
            story,
            "submit",
            lambda: telling.submit(
                by=user,
                story=story,
                hook=f"Hook {number}",
                answers=answers(self.world, f"Told in version {number} by somebody."),
                photo=draft.photo if draft else None,
                permissions=permissions,
                consent_text=self.text(),
            ),
        )
        if done:
            self.typed.pop(story.pk, None)
            self.allow(story, permissions)

    @rule(pick=PICK, accepts=st.booleans())
    def a_member_answers_an_edit(self, pick: Pick, accepts: bool) -> None:
        """Sign-off, or the author's own text."""
        story = self.story(pick, "sign_off")
        if story is None or story.current_revision is None:
            return
        verb = signing_off.sign_off if accepts else signing_off.refuse_edit
        revision, user = story.current_revision, self.author(story)
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
        user, permissions = self.author(story), self.permissions(data)
        done = self.goes(
            "change_consents",
            lambda: consenting.change_consents(
                by=user, story=story, permissions=permissions, text=self.text()
            ),
        )
        assert done != (self.states[story.pk] == StoryState.WITHDRAWN)
        if done:
            self.allow(story, permissions)

    @precondition(lambda self: len(self.states) > 1)
    @rule(pick=PICK)
    def a_member_withdraws(self, pick: Pick) -> None:
        """Gone for good."""
        story = self.story(pick, "withdraw")
        if story is None:
            return
        user = self.author(story)
        if self.attempt(story, "withdraw", lambda: telling.withdraw(by=user, story=story)):
            self.typed.pop(story.pk, None)
            self.allowed.pop(story.pk, None)

    # --- coordinators --------------------------------------------------------------------------

    @rule(pick=PICK, verb=st.sampled_from(["claim"] * 4 + ["hand_back"]))
    def a_coordinator_takes_or_returns(self, pick: Pick, verb: str) -> None:
        """Claim, or hand back."""
        story = self.story(pick, verb)
        if story is None:
            return
        deed = getattr(reviewing, verb)
        self.attempt(story, verb, lambda: deed(by=self.coordinator(story), story=story))

    @rule(pick=PICK, tags=st.lists(st.sampled_from(["eyes", "Kansas", "short"]), unique=True))
    def a_coordinator_notes(self, pick: Pick, tags: list[str]) -> None:
        """For colleagues only."""
        story = self.story(pick)
        if story is not None:
            by = self.coordinator(story)
            reviewing.add_note(by=by, story=story, text="Call back.")
            reviewing.set_tags(by=by, story=story, names=tags)
            assert sorted(story.tags.values_list("name", flat=True)) == sorted(tags)
            went("add_note, set_tags")

    @rule(
        pick=PICK,
        verb=st.sampled_from(["approve"] * 5 + ["propose_edit"] * 2 + ["ask_changes", "decline"]),
        stale=SELDOM,
    )
    def a_coordinator_decides(self, pick: Pick, verb: str, stale: bool) -> None:
        """About the current text, or about one that is no longer current."""
        story = self.story(pick, verb)
        if story is None or story.current_revision is None:
            return
        read = story.revisions.first() if stale else story.current_revision
        assert read is not None
        by, name = self.coordinator(story), verb
        more: dict[str, Any] = {}
        if verb == "propose_edit":
            more = {"hook": f"{read.hook}!"[:140], "answers": read.answers, "remark": "Shorter."}
        elif verb != "approve":
            more = {"reason": "Because."}
        if verb == "decline" and story.approved_revision is not None:
            name = "decline_correction"
        deed = getattr(reviewing, verb)
        done = self.attempt(story, name, lambda: deed(by=by, story=story, read=read, **more))
        assert not (done and read.pk != story.current_revision_id), "decided about another text"

    @rule(
        number=NUMBER,
        answers=st.lists(st.integers(0, 5), min_size=1, max_size=4),
        data=st.lists(st.tuples(USES, NAMES, DAYS), min_size=3, max_size=4),
    )
    def a_story_goes_on(self, number: int, answers: list[int], data: Any) -> None:
        """The next few steps of one story, so that lives get far; which answers it gets is chance."""
        for answer in answers:
            self.a_story_goes_one_step(number, answer, data)
            self.everything_that_is_always_true()

    def a_story_goes_one_step(self, number: int, answer: int, data: Any) -> None:
        """What is next for it."""
        going = [key for key in sorted(self.states) if self.states[key] not in OVER]
        if not going:
            return
        key = going[number % len(going)]
        pick = (sorted(self.states).index(key), True)
        match self.states[key]:
            case StoryState.SUBMITTED:
                self.a_coordinator_takes_or_returns(pick, "claim")
            case StoryState.IN_REVIEW:
                verbs = [
                    "approve",
                    "approve",
                    "propose_edit",
                    "propose_edit",
                    "ask_changes",
                    "decline",
                ]
                self.a_coordinator_decides(pick, verbs[answer], False)
            case StoryState.AWAITING_SIGN_OFF:
                self.a_member_answers_an_edit(pick, answer % 3 > 0)
            case _:  # a first text, changes that were asked for, or a correction
                self.a_member_submits(pick, answer, data)

    @rule(number=NUMBER, then=st.sampled_from(["", "fetch", "acknowledge", "withdraw"]))
    def a_batch_goes_on(self, number: int, then: str) -> None:
        """Sealed for whom something is due, built and delivered; perhaps fetched, confirmed, or taken back."""
        campaign = self.world.campaign
        due = Consent.objects.due_in(campaign.pk, batching.today_in(campaign))
        waiting = sorted(set(due.values_list("partner", flat=True)))
        if waiting:
            partner = Partner.objects.get(pk=waiting[number % len(waiting)])
            self.a_batch_is_sealed(number, partner)
        run_jobs()
        batch = (
            Batch.objects.filter(state=BatchState.DELIVERED).order_by("-pk").first()
            if then
            else None
        )
        if batch is None:
            return
        self.an_officer_takes(batch, "acknowledge" if then == "acknowledge" else "fetch")
        item = Item.objects.live().filter(batch=batch).first()
        if then == "withdraw" and item is not None:
            self.a_member_withdraws((sorted(self.states).index(item.story_id), True))

    # --- what is always true -------------------------------------------------------------------

    @invariant()
    def everything_that_is_always_true(self) -> None:
        """States as in the model, drafts as typed, and DESIGN.md's invariants."""
        assert dict(Story.objects.values_list("pk", "state")) == self.states
        kept = dict(Draft.objects.filter(story__in=self.typed).values_list("story", "hook"))
        assert kept == self.typed
        self.checked = check_all(self.world, checked=self.checked)
        self.check_people()
        self.check_consents()
        self.check_campaigns()
        self.check_ties()

    def check_consents(self) -> None:
        """What lives is what the author allowed last, of what has not run out; and nothing else."""
        self.latest_day = max(self.latest_day, batching.today_in(self.world.campaign))
        live: dict[int, dict[int | None, Permission]] = {}
        for consent in Consent.objects.live():
            live.setdefault(consent.story_id, {})[consent.partner_id] = permission_of(consent)
        assert live.keys() <= self.allowed.keys()
        for story, allowed in self.allowed.items():
            mine = live.get(story, {})
            for partner, line in mine.items():
                assert line == replace(allowed.get(partner) or allowed[None], partner=partner)
            lost = allowed.keys() - mine.keys()
            # What has run out stays out, also where another time zone sets the day back.
            assert all(allowed[partner].until < self.latest_day for partner in lost)


@pytest.mark.django_db
@pytest.mark.parametrize("part", range(PARTS))
def test_random_lives(part: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, logger="django.request")  # doors that are rightly closed
    lives = settings(
        max_examples=max(1, STEPS // STEPS_OF_A_LIFE // PARTS),
        stateful_step_count=STEPS_OF_A_LIFE,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Lives, settings=lives)
    # A verb that is always refused shows nothing: with -s one sees how often each went through.
    sys.stdout.write(f"{STEPS} steps, {PARTS} parts, so far: {dict(PLAYED.most_common())}\n")
    if STEPS >= ENOUGH:
        assert set(VERBS.split()) - PLAYED.keys() == set()
