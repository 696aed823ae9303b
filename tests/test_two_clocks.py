"""Two clocks at once: whatever both of them ring, it has one effect. Real tasks in real threads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from campaigns.models import (
    Campaign,
    CampaignPartner,
    Invitation,
    Partner,
    Phase,
    Rhythm,
    RosterImport,
)
from campaigns.states import PhaseState
from portal import outbox
from portal.celery import app
from portal.models import DigestLine, Job, Message
from portal.post import beats
from stories.models import Batch, CoverageLine, Item, Recall, Story
from stories.states import BatchState
from stories.verbs.batching import open_batch
from tests.house.batches import fetched_batch
from tests.house.bells import take_bells
from tests.house.people import World
from tests.house.post import mailbox, run_task
from tests.house.races import ON_POSTGRESQL, race
from tests.house.stories import approved_story, permission, submitted_story

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = range(6 if ON_POSTGRESQL else 2)
LONG_AGO = dt.timedelta(days=40)


@dataclass(frozen=True)
class Case:
    """What waits for a task of the clock, and what must have become of it."""

    prepare: Callable[[World], None]
    effect: Callable[[World], object]
    expected: object
    #: Jobs that the task starts are run by two workers at once too.
    with_jobs: bool = False
    #: The clocks are so much later than what waits for them.
    later: dt.timedelta = dt.timedelta()


def a_phase_is_due(world: World) -> None:
    now = timezone.now()
    Invitation.objects.all().delete()
    Message.objects.all().delete()
    Job.objects.all().delete()
    phase = Phase.objects.filter(pk=world.phase_two.pk)
    phase.update(state=PhaseState.PLANNED, opened_at=None, opens_at=now - dt.timedelta(minutes=1))


def invited_once(world: World) -> object:
    return (
        Phase.objects.get(pk=world.phase_two.pk).state,
        Invitation.objects.filter(member=world.otto_member).count(),
        Message.objects.filter(template="invitation", user=world.otto).count(),
        Job.objects.filter(key=f"invite:{world.phase_two.pk}").count(),
    )


def a_batch_is_due(world: World) -> None:
    Campaign.objects.filter(pk=world.campaign.pk).update(rhythm=Rhythm.DAILY, rhythm_hour=9)
    world.campaign.refresh_from_db()
    approved_story(world)
    batch = open_batch(campaign=world.campaign, partner=world.research_america)
    Batch.objects.filter(pk=batch.pk).update(opened_at=timezone.now() - dt.timedelta(days=2))


def sealed_once(world: World) -> object:
    last = Batch.objects.filter(partner=world.research_america, count__gt=0).latest("number")
    live = Item.objects.filter(batch=last)
    jobs = Job.objects.filter(key__endswith=f":{last.pk}")
    return (
        last.state,
        live.count(),
        live.values("story").distinct().count(),
        sorted(jobs.values_list("kind", flat=True)),
        Message.objects.filter(template="batch_delivered", user=world.paula).count()
        == Batch.objects.filter(
            partner=world.research_america, state=BatchState.DELIVERED, count__gt=0
        ).count(),
    )


def lines_wait(world: World) -> None:
    Message.objects.all().delete()
    with transaction.atomic():
        outbox.note_for_digest(world.ana, "A new story", "/")
    DigestLine.objects.update(created_at=timezone.now() - dt.timedelta(days=1, hours=1))


def one_digest(world: World) -> object:
    return Message.objects.filter(template="digest").count(), DigestLine.objects.count()


def a_consent_runs_out(world: World) -> None:
    approved_story(world, permissions=[permission(world.research_america, days=1)])
    fetched_batch(world)
    Message.objects.all().delete()


def asked_back_once(world: World) -> object:
    newest = Recall.objects.latest("pk")
    return (
        Recall.objects.filter(item=newest.item).count(),
        Message.objects.filter(template="consent_expired", user=world.mia).count(),
        Message.objects.filter(template="recall", user=world.paula).count(),
    )


def old_post_and_sessions(world: World) -> None:
    Message.objects.all().delete()
    with transaction.atomic():
        outbox.tell(world.mia, "account", {"subject": "S", "body": "B"})
    Message.objects.update(finished_at=timezone.now() - LONG_AGO)
    session = SessionStore()
    session.save()
    Session.objects.update(expire_date=timezone.now() - LONG_AGO)


def forgotten(world: World) -> object:
    return list(Message.objects.values_list("context", "address")), Session.objects.count()


def an_upload_is_old(world: World) -> None:
    made = RosterImport.objects.create(society=world.isscr, by=world.ana)
    made.file.save("roster.csv", ContentFile(b"email\nmia@example.org\n"))
    RosterImport.objects.update(created_at=timezone.now() - LONG_AGO)


def no_upload(world: World) -> object:
    return list(RosterImport.objects.values_list("file", flat=True).distinct())


def a_partner_joins_late(world: World) -> None:
    submitted_story(world)
    number = Partner.objects.count()
    partner = Partner.objects.create(name=f"Late {number}", slug=f"late-{number}")
    CampaignPartner.objects.create(campaign=world.campaign, partner=partner)


def asked_for_each_partner_once(world: World) -> object:
    late = CampaignPartner.objects.filter(partner__name__startswith="Late")
    jobs = Job.objects.filter(kind="stories.ask_authors")
    asked = jobs.filter(arguments__partnership__in=list(late.values_list("pk", flat=True)))
    return asked.count() == late.count(), late.filter(authors_asked_at=None).count()


def a_bell_was_lost(world: World) -> None:
    take_bells()
    Message.objects.all().delete()
    with transaction.atomic():
        outbox.tell(world.mia, "account", {"subject": "S", "body": "B"})
    Message.objects.update(due_at=timezone.now() - dt.timedelta(minutes=5))
    take_bells()


def rung_by_each_and_sent_once(world: World) -> object:
    """Two sweeps ring twice; that is what two drains at once are for."""
    bells = [bell.task for bell in take_bells()]
    before = len(mailbox())
    race(0, *(lambda task=task: run_task(task) for task in bells))
    return bells, len(mailbox()) - before


def mail_is_due(world: World) -> None:
    Message.objects.all().delete()
    with transaction.atomic():
        for _ in range(30):
            outbox.tell(world.mia, "account", {"subject": "S", "body": "B"})


def sent_once(world: World) -> object:
    ids = [str(mail.wire["Message-ID"]) for mail in mailbox()]
    return len(ids) % 30, len(ids) - len(set(ids)), Message.objects.waiting().count()


def a_story_is_told(world: World) -> None:
    submitted_story(world)


def counted_in_one_line(world: World) -> object:
    """All of Mia's stories stand in the one line of her district, however often it was counted."""
    told = Story.objects.filter(campaign=world.campaign).count()
    return list(CoverageLine.objects.values_list("submitted", flat=True)) == [told]


CASES = {
    "campaigns.open_phases": Case(
        a_phase_is_due, invited_once, (PhaseState.OPENED, 1, 1, 1), with_jobs=True
    ),
    "stories.seal_batches": Case(
        a_batch_is_due,
        sealed_once,
        (BatchState.DELIVERED, 1, 1, ["stories.build_batch", "stories.deliver_batch"], True),
        with_jobs=True,
    ),
    "portal.write_digests": Case(lines_wait, one_digest, (1, 0)),
    "stories.expire_consents": Case(
        a_consent_runs_out, asked_back_once, (1, 1, 1), later=dt.timedelta(days=3)
    ),
    "stories.count_coverage": Case(a_story_is_told, counted_in_one_line, True),
    "portal.forget": Case(old_post_and_sessions, forgotten, ([({}, "")], 0)),
    "campaigns.forget_uploads": Case(an_upload_is_old, no_upload, [""]),
    "stories.ask_for_late_partners": Case(
        a_partner_joins_late, asked_for_each_partner_once, (True, 0), with_jobs=True
    ),
    "portal.sweep": Case(
        a_bell_was_lost,
        rung_by_each_and_sent_once,
        (["portal.send_mail", "portal.send_mail"], 1),
    ),
    "portal.send_mail": Case(mail_is_due, sent_once, (0, 0, 0)),
}


def test_every_task_of_the_clock_is_tried_with_two_clocks() -> None:
    rung = {str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert rung == set(CASES) | {"portal.beat"}


@pytest.mark.parametrize("task", CASES)
def test_two_clocks_have_one_effect(task: str, world: World) -> None:
    case = CASES[task]
    app.loader.import_default_modules()
    assert task in app.tasks  # read once before two threads do
    for seed in ROUNDS:
        case.prepare(world)
        with time_machine.travel(timezone.now() + case.later):
            race(seed, lambda: run_task(task), lambda: run_task(task))
        if case.with_jobs:
            race(seed, two_workers_hear_every_bell, two_workers_hear_every_bell)
        assert case.effect(world) == case.expected, f"round {seed}"


def two_workers_hear_every_bell() -> None:
    """Work on each waiting job until none is left; the other worker may be faster at any of them."""
    while due := list(Job.objects.takeable().order_by("pk").values_list("pk", "kind")):
        for pk, kind in due:
            run_task(kind, pk)


def test_two_beats_at_once_leave_one_heartbeat() -> None:
    for seed in ROUNDS:
        race(seed, *[lambda: beats.beat(beats.CLOCK)] * 3)
    assert list(beats.last_beats()) == [beats.CLOCK]
