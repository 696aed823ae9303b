"""The health pages say what is down, and nothing about people."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from portal import outbox
from portal.models import Heartbeat, Job, Message
from portal.post import beats
from portal.tasks import beat
from portal.views import health
from tests.house.queries import equal_queries
from tests.house.servers import free_port

WORKERS = [f"worker {queue}" for queue in site.QUEUES]


@pytest.fixture
def alive(db: None) -> None:
    """The clock has rung and every worker has answered."""
    beats.beat(beats.CLOCK)
    for queue in site.QUEUES:
        beat(queue)


def ready(client: Client) -> tuple[int, dict[str, Any]]:
    """Status and answer."""
    response = client.get("/health/ready")
    return response.status_code, response.json()


def silence(*names: str) -> None:
    """Nothing was heard of these for two minutes."""
    long_ago = timezone.now() - dt.timedelta(minutes=2)
    assert Heartbeat.objects.filter(name__in=names).update(at=long_ago) == len(names)


def test_live_asks_nothing(client: Client) -> None:
    response = client.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "live"})


def test_ready_when_all_is_well(alive: None, client: Client) -> None:
    assert ready(client) == (
        200,
        {
            "status": "ready",
            "down": [],
            "parts": dict.fromkeys(["database", "broker", "storage", "clock", *WORKERS], "up"),
            "oldest_unsent_message_seconds": 0,
        },
    )


def test_a_silent_worker_is_down_unless_it_is_busy(alive: None, client: Client) -> None:
    silence("worker building")
    assert ready(client)[0] == 503
    assert ready(client)[1]["down"] == ["worker building"]
    with transaction.atomic():
        job = outbox.start("stories.build_batch")
    assert Job.objects.take(job.pk, seconds=60) is not None
    assert ready(client)[1]["down"] == []


def test_a_clock_that_stands_still_is_not_mistaken_for_dead_workers(
    alive: None, client: Client
) -> None:
    silence("clock", *WORKERS)
    status, answer = ready(client)
    assert (status, answer["down"]) == (503, ["clock"])
    assert {answer["parts"][name] for name in WORKERS} == {"unknown"}


def test_storage_that_cannot_be_written_is_down(
    alive: None, client: Client, settings: Settings, tmp_path: Path
) -> None:
    blocked = tmp_path / "a file, not a folder"
    blocked.touch()
    settings.MEDIA_ROOT = str(blocked)
    assert ready(client)[1]["down"] == ["storage"]


def test_a_broker_that_does_not_answer_is_down(
    alive: None, client: Client, settings: Settings
) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    assert ready(client)[1]["down"] == ["broker"]


def test_the_oldest_unsent_message_is_told_by_its_age_alone(alive: None, client: Client) -> None:
    for number, minutes in enumerate((3, 10, -60)):
        with transaction.atomic():
            outbox.tell(f"mia{number}@example.org", "account", {"body": "My daughter lived."})
        due = timezone.now() - dt.timedelta(minutes=minutes)
        Message.objects.filter(address=f"mia{number}@example.org").update(due_at=due)
    response = client.get("/health/ready")
    assert 600 <= response.json()["oldest_unsent_message_seconds"] < 660
    assert "example.org" not in response.content.decode()
    Message.objects.update(finished_at=timezone.now())
    assert ready(client)[1]["oldest_unsent_message_seconds"] == 0


def test_ready_costs_the_same_however_much_waits(alive: None, client: Client) -> None:
    def more(count: int) -> None:
        with transaction.atomic():
            for _ in range(count):
                outbox.tell("mia@example.org", "account", {})

    assert equal_queries(more, lambda: client.get("/health/ready")) <= 8


ASK = (
    "import django; django.setup();"
    "from django.test import Client;"
    "live, ready = (Client().get(f'/health/{name}') for name in ('live', 'ready'));"
    "print(live.status_code, ready.status_code, ready.json()['down'])"
)


def test_without_a_database_the_site_still_says_so(tmp_path: Path) -> None:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path}/no/such/folder/db.sqlite3",
        "SITE_URL": "http://testserver",
        "LOG_LEVEL": "ERROR",
    }
    told = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=site.BASE_DIR, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout.strip() == "200 503 ['database']"


def test_storage_without_room_is_down(
    alive: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "LEAST_ROOM", 1 << 62)
    assert ready(client)[1]["down"] == ["storage"]
