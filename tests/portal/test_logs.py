"""A request's id follows its work into the worker, and a failure is told without its words."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from django.conf import settings as site
from django.db import transaction
from django.test import Client

from portal import logs, outbox
from portal.celery import app
from portal.models import Heartbeat, Message
from tests.house.bells import take_bells
from tests.house.post_office import PostOffice
from tests.house.waiting import wait_until


def test_a_refused_request_is_logged_under_the_id_that_its_answer_carries(
    db: None, client: Client, log_lines: Callable[[], str]
) -> None:
    answer = client.get("/no/such/page/")
    lines = [json.loads(line) for line in log_lines().splitlines()]
    assert [line["request"] for line in lines if line["logger"] == "django.request"] == [
        answer["X-Request-ID"]
    ]


def test_a_task_that_fails_is_logged_by_kind_and_place(log_lines: Callable[[], str]) -> None:
    @app.task(name="tests.failing")
    def failing(address: str) -> None:
        raise ValueError(f"{address} wrote: My daughter lived.")

    failing.apply(args=("mia@example.org",))
    app.tasks.unregister("tests.failing")
    told = [json.loads(line) for line in log_lines().splitlines()]
    [line] = [line for line in told if line["logger"] == "celery.app.trace"]
    assert line["said"].startswith("Task tests.failing[")
    assert line["raised"] == "ValueError"
    assert line["where"][-1].endswith("failing")
    assert "example.org" not in log_lines()
    assert "daughter" not in log_lines()


def test_a_real_worker_with_its_clock_sends_beats_and_logs_under_the_request(
    post_office: PostOffice, database_url: str, tmp_path: Path
) -> None:
    """One real worker: it hears the bell, sends, puts a refusal under our id, and the clock beats."""
    take_bells()
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "EMAIL_URL": post_office.url,
        "LOG_LEVEL": "INFO",
    }
    command = [
        *(sys.executable, "-m", "celery", "-A", "portal", "worker", "-B", "-P", "threads"),
        *("-Q", ",".join(site.QUEUES), "--concurrency", "2", "--without-mingle"),
    ]
    post_office.at_rcpt["gone@example.org"] = "550 <gone@example.org>"
    log = tmp_path / "worker.log"
    with log.open("w") as out:
        worker = subprocess.Popen(
            command, cwd=site.BASE_DIR, env=environment, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            token = logs.request_id.set("request-of-mia")
            with transaction.atomic():
                outbox.tell("mia@example.org", "account", {"subject": "S", "body": "B"})
                outbox.tell("gone@example.org", "account", {"subject": "S", "body": "B"})
            logs.request_id.reset(token)
            wait_until(lambda: post_office.recipients == ["mia@example.org"])
            wait_until(lambda: Message.objects.given_up().exists())
            wait_until(lambda: Heartbeat.objects.filter(name="clock").exists())
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait(timeout=30)
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    finished = [line for line in lines if line["said"].startswith("Task portal.send_mail[")]
    assert "request-of-mia" in {line["request"] for line in finished}
    assert "example.org" not in log.read_text()
