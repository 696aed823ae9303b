"""The broker made of files loses nothing and gives nothing twice, under real workers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Empty
from typing import cast

import pytest
from django.conf import settings
from kombu import Connection

from portal import embedded_broker
from portal.embedded_broker import Channel

TASKS, PRODUCERS, WORKERS = 2000, 4, 2


@contextmanager
def program(
    *arguments: str, values: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process that does not outlive the block."""
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=settings.BASE_DIR,
            env=values,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def worker(name: str, *options: str) -> Sequence[str]:
    return [
        *("celery", "-q", "-A", "tests.house.counting", "--skip-checks", "worker"),
        *("-P", "threads", "--concurrency", "2", "-Q", "work", "-n", name),
        *("--without-gossip", "--without-mingle", "--loglevel", "WARNING", *options),
    ]


def environment(ground: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "VAR_DIR": str(ground),
        "SITE_URL": "http://localhost:8000",
        "COUNTED": str(ground / "counted"),
        "LOG_LEVEL": "WARNING",
    }


def left_over(ground: Path) -> list[str]:
    """Every file in the broker's folders but those that say where exchanges lead."""
    return sorted(
        file.name
        for file in (ground / "broker").rglob("*")
        if file.is_file() and file.parent.name != "control"
    )


@pytest.mark.slow
def test_2000_tasks_of_several_producers_run_exactly_once_on_two_workers(tmp_path: Path) -> None:
    values, counted = environment(tmp_path), tmp_path / "counted"
    share = TASKS // PRODUCERS
    with ExitStack() as running:
        for number in range(WORKERS):
            running.enter_context(
                program(*worker(f"w{number}@here"), values=values, log=tmp_path / f"worker{number}")
            )
        producers = [
            running.enter_context(
                program(
                    *("tests.house.counting", str(number * share), str(share)),
                    values=values,
                    log=tmp_path / f"producer{number}",
                )
            )
            for number in range(PRODUCERS)
        ]
        for number, producer in enumerate(producers):
            assert producer.wait(60) == 0, (tmp_path / f"producer{number}").read_text()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and len(lines(counted)) < TASKS:
            time.sleep(0.2)
        time.sleep(0.5)  # a message that is given twice would come now
    worked_on = Counter(line.split()[0] for line in lines(counted))
    assert worked_on == Counter(str(number) for number in range(TASKS))
    assert len({line.split()[1] for line in lines(counted)}) == WORKERS
    assert left_over(tmp_path) == []


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def channels(tmp_path: Path) -> Iterator[tuple[Channel, Channel]]:
    """Two workers' views of one broker."""
    for folder in ("queue", "control", "processed"):
        (tmp_path / "broker" / folder).mkdir(parents=True)
    options = {
        "data_folder_in": str(tmp_path / "broker" / "queue"),
        "data_folder_out": str(tmp_path / "broker" / "queue"),
        "control_folder": str(tmp_path / "broker" / "control"),
        "processed_folder": str(tmp_path / "broker" / "processed"),
    }
    with (
        Connection("storybank-files://localhost", transport_options=options) as one,
        Connection("storybank-files://localhost", transport_options=options) as two,
    ):
        yield cast("Channel", one.channel()), cast("Channel", two.channel())


def test_messages_wait_for_a_worker_and_come_in_order(
    channels: tuple[Channel, Channel], tmp_path: Path
) -> None:
    one, two = channels
    for number in range(3):
        one._put("work", {"number": number})
    one._put("mail", {"number": 99})
    assert [two._get("work"), one._get("work"), two._get("work")] == [
        {"number": 0},
        {"number": 1},
        {"number": 2},
    ]
    with pytest.raises(Empty):
        one._get("work")
    assert two._get("mail") == {"number": 99}
    assert left_over(tmp_path) == []


def test_a_message_that_is_not_written_whole_is_not_seen(
    channels: tuple[Channel, Channel], tmp_path: Path
) -> None:
    (tmp_path / "broker" / "queue" / "1_a.writing").write_text('{"half": ')
    with pytest.raises(Empty):
        channels[0]._get("work")


def test_what_a_killed_process_left_is_swept_and_what_is_in_work_is_not(
    channels: tuple[Channel, Channel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, taken = tmp_path / "broker" / "queue", tmp_path / "broker" / "processed"
    (queue / "1_a.writing").write_text('{"half": ')
    channels[0]._put("work", {"number": 1})
    waiting = next(queue.glob("*.msg"))
    os.utime(waiting, (0, 0))
    in_work = taken / "0_b.work.msg"
    in_work.write_text("{}")
    os.utime(in_work, (0, 0))  # it waited for years, and was renamed just now

    embedded_broker.sweep(queue, taken)
    assert left_over(tmp_path) == sorted(["1_a.writing", "0_b.work.msg", waiting.name])

    monkeypatch.setattr(embedded_broker, "LEFTOVER_SECONDS", -1.0)
    embedded_broker.sweep(queue, taken)
    assert left_over(tmp_path) == [waiting.name]
    assert channels[1]._get("work") == {"number": 1}
