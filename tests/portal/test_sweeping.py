"""A bell that was lost is rung again, for as long as it is needed and no longer."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from portal import logs, outbox
from portal.models import Job, Message
from portal.post.sweeping import sweep
from portal.querysets import PAUSES, WORKER_DIED
from tests.house.bells import take_bells
from tests.house.servers import free_port

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = dt.timedelta(minutes=5)


@pytest.fixture(autouse=True)
def empty_queue() -> None:
    """Start with a broker that holds nothing."""
    take_bells()


def bells() -> list[tuple[str, list[Any]]]:
    """What the broker holds now: each task and its arguments."""
    return sorted(bell.call for bell in take_bells())


def start(kind: str = "stories.build_batch") -> Job:
    """A job whose bell was lost long ago."""
    with transaction.atomic():
        job = outbox.start(kind, batch=1)
    bells()
    Job.objects.filter(pk=job.pk).update(due_at=timezone.now() - LONG_AGO)
    return job


def test_an_overdue_job_is_rung_for_again(db: None) -> None:
    job = start()
    assert sweep() == 1
    assert bells() == [("stories.build_batch", [job.pk])]


def test_a_job_that_is_new_in_hand_later_or_done_is_left_alone(db: None) -> None:
    now = timezone.now()
    states: list[dict[str, Any]] = [
        {"due_at": now},
        {"leased_until": now + LONG_AGO},
        {"due_at": now + LONG_AGO},
        {"finished_at": now},
        {"failed_at": now},
    ]
    for state in states:
        Job.objects.filter(pk=start().pk).update(**state)
    assert sweep() == 0
    assert bells() == []


def test_a_job_whose_worker_died_is_rung_for_when_its_lease_has_run_out(db: None) -> None:
    job = start()
    assert Job.objects.take(job.pk, seconds=60) is not None
    assert sweep() == 0
    Job.objects.update(leased_until=timezone.now() - dt.timedelta(seconds=1))
    assert sweep() == 1
    assert bells() == [("stories.build_batch", [job.pk])]


def test_a_job_that_kills_every_worker_is_given_up(db: None) -> None:
    job = start()
    Job.objects.update(attempts=len(PAUSES), leased_until=timezone.now() - LONG_AGO)
    assert sweep() == 0
    job.refresh_from_db()
    assert job.failed_at is not None
    assert job.last_error == WORKER_DIED


def test_overdue_mail_is_rung_for_once(db: None) -> None:
    with transaction.atomic():
        outbox.tell("a@example.org", "account", {})
        outbox.tell("b@example.org", "account", {})
    assert bells() == [("portal.send_mail", []), ("portal.send_mail", [])]
    assert sweep() == 0
    Message.objects.update(due_at=timezone.now() - LONG_AGO)
    assert sweep() == 1
    assert bells() == [("portal.send_mail", [])]


def test_swept_bells_fade_and_carry_the_request_that_swept(db: None) -> None:
    start()
    token = logs.request_id.set("task-of-the-sweep")
    sweep()
    logs.request_id.reset(token)
    [bell] = take_bells()
    assert bell.request_id == "task-of-the-sweep"
    assert bell.expires is not None
    assert timezone.now() < bell.expires <= timezone.now() + dt.timedelta(seconds=30)


TELL = """
import django, time; django.setup()
from django.db import transaction
from portal import outbox
start = time.monotonic()
for number in range(3):
    with transaction.atomic():
        outbox.tell("mia@example.org", "account", {})
print(time.monotonic() - start)
"""


def test_a_broker_that_is_down_holds_nobody_up_and_loses_nothing(database_url: str) -> None:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": database_url,
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
    }
    told = subprocess.run(
        [sys.executable, "-c", TELL], cwd=settings.BASE_DIR, env=environment,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert float(told.stdout) < 3
    assert told.stderr.count("the broker did not take portal.send_mail") == 3
    assert Message.objects.takeable().count() == 3
