"""Races of the post: drains, workers, operators.

Each runs many times, with real connections and other pauses every time; see tests/house/races.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from portal import outbox
from portal.models import AuditLine, Job, Message
from portal.post import retries
from portal.post.drain import drain
from portal.post.sweeping import sweep
from portal.querysets import PAUSES
from portal.work import advance, work_on
from tests.house.people import World
from tests.house.post_office import PostOffice, open_post_office
from tests.house.races import ON_POSTGRESQL, REPETITIONS, one_winner, race, rounds

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def post_office(settings: Settings) -> Iterator[PostOffice]:
    """A real mail server that the site sends to."""
    with open_post_office() as office:
        settings.EMAIL_BACKEND = "portal.mailserver.MailServer"
        settings.EMAIL_HOST, settings.EMAIL_PORT = office.host, office.port
        yield office


def given_up(model: type[Any], **fields: Any) -> Any:
    """A message or a job on which nobody works any more."""
    return model.objects.create(failed_at=timezone.now(), attempts=len(PAUSES), **fields)


def test_send_and_send(world: World, post_office: PostOffice) -> None:
    """Three drains at once: every message leaves once, whatever is written meanwhile."""
    told = 0
    for seed in rounds(world):

        def tell() -> None:
            for number in range(4):
                with transaction.atomic():
                    outbox.tell(f"late{number}.{seed}@example.org", "submitted", {})

        with transaction.atomic():
            for number in range(12):
                outbox.tell(f"person{number}.{seed}@example.org", "submitted", {})
        told += 16
        race(seed, *[lambda: drain(handful=3)] * 3, tell)
        drain()
        assert len(post_office.taken) == told
    ids = {str(mail["Message-ID"]) for mail in post_office.taken}
    assert len(ids) == told
    assert not Message.objects.filter(finished_at=None).exists()


def test_the_same_message_by_two_writers(world: World) -> None:
    """What is told under one key is told once, and many writers of many keys never wait in a circle."""
    for seed in rounds(world):
        keys = [f"key:{seed}:{number}" for number in range(10)]

        def post() -> None:
            with transaction.atomic():
                outbox.post(
                    [outbox.compose("mia@example.org", "submitted", {}, key=key) for key in keys]
                )

        race(seed, post, post, post)
        assert Message.objects.filter(key__in=keys).count() == 10


def test_the_same_job_started_twice(world: World) -> None:
    for seed in rounds(world):

        def start() -> int:
            with transaction.atomic():
                return outbox.start("tests.nothing", key=f"job:{seed}").pk

        endings = race(seed, start, start, start)
        assert len({ending.value for ending in endings}) == 1


def test_retry_and_retry(world: World) -> None:
    """Two operators press the button: one does it, the other hears that it was done."""
    for seed in rounds(world):
        message = given_up(Message, user=world.mia, template="submitted")
        job = given_up(Job, kind="tests.nothing")
        _, words = one_winner(
            race(seed, *[lambda: retries.retry_message(by=world.olga, message=message)] * 2)
        )
        assert "retried already" in words
        one_winner(race(seed, *[lambda: retries.retry_job(by=world.olga, job=job)] * 2))
        assert AuditLine.objects.about(message).count() == AuditLine.objects.about(job).count() == 1


def test_retry_all_while_workers_work(world: World, post_office: PostOffice) -> None:
    for seed in rounds(world):
        before = len(post_office.taken)
        for _ in range(5):
            given_up(Message, address="mia@example.org", template="submitted")
        race(
            seed,
            lambda: retries.retry_messages(by=world.olga),
            lambda: retries.retry_messages(by=world.olga),
            drain,
            sweep,
        )
        drain()
        assert len(post_office.taken) == before + 5


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite lets one writer in at a time")
def test_a_job_whose_lease_ran_out_under_a_living_worker(world: World) -> None:
    """Two workers count to 20 on one job, in chunks that commit with their place: 20 lines, no more."""
    for seed in range(REPETITIONS):
        with transaction.atomic():
            job = outbox.start("tests.count", key=f"count:{seed}")

        def count(job: Job) -> None:
            while (place := job.cursor.get("place", 0)) < 20:
                with transaction.atomic():
                    audit_line(job, place)
                    advance(job, cursor={"place": place + 1}, done=1)

        race(seed, *[lambda: work_on(job.pk, count, seconds=0)] * 3)
        Job.objects.filter(pk=job.pk).update(due_at=timezone.now())
        work_on(job.pk, count)
        job.refresh_from_db()
        lines = AuditLine.objects.about(job).values_list("detail__place", flat=True)
        assert sorted(lines) == list(range(20))
        assert (job.done, job.finished_at is not None) == (20, True)


def audit_line(job: Job, place: int) -> None:
    """What a chunk writes."""
    assert connection.in_atomic_block
    AuditLine.objects.create(
        verb="count",
        object_type=job._meta.label_lower,
        object_id=str(job.pk),
        detail={"place": place},
    )
