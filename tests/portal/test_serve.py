"""`manage.py serve`: everything starts together and ends together, in a real run."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from tests.house.waiting import wait_until

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="reads /proc to see who is still alive"
)

MANAGE = Path(settings.BASE_DIR) / "manage.py"


@dataclass(frozen=True)
class Site:
    """A running site on a port of its own."""

    process: subprocess.Popen[str]
    port: int

    def says_live(self) -> bool:
        """Whether /health/live answers 200 with JSON."""
        try:
            with urllib.request.urlopen(self.url("/health/live"), timeout=5) as answer:
                json.load(answer)
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def url(self, path: str) -> str:
        """An address of this site."""
        return f"http://127.0.0.1:{self.port}{path}"


def environment(ground: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "VAR_DIR": str(ground),
        "SITE_URL": "http://localhost:8000",
        "DEBUG": "1",
        "LOG_LEVEL": "WARNING",
    }


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def parents() -> dict[int, int]:
    """Every living process and its parent."""
    found: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if fields[0] != "Z":
                found[int(folder.name)] = int(fields[1])
    return found


def children_of(pid: int) -> set[int]:
    return {child for child, parent in parents().items() if parent == pid}


def descendants(pid: int) -> set[int]:
    """Every living process below `pid`."""
    family = parents()
    found: set[int] = set()
    while more := {child for child, parent in family.items() if parent in {pid, *found}} - found:
        found |= more
    return found


def alive(pids: set[int]) -> set[int]:
    return pids & parents().keys()


def end(process: subprocess.Popen[str]) -> str:
    """End a site with all that it had started; what it said."""
    os.killpg(process.pid, signal.SIGTERM)
    return process.communicate()[0]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    values = environment(tmp_path)
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, MANAGE, "serve", "--port", str(port), "--first", "migrate --verbosity 0"],
        env=values,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    running = Site(process, port)
    try:
        wait_until(running.says_live, 120, lambda: f"the site never came up:\n{end(process)}")
        yield running
    finally:
        for pid in alive(descendants(process.pid) | {process.pid}):
            os.kill(pid, signal.SIGKILL)
        process.wait()


@pytest.mark.slow
def test_one_ctrl_c_ends_web_server_worker_and_clock(site: Site) -> None:
    # granian and its two workers, the Celery worker and its clock
    wait_until(lambda: len(descendants(site.process.pid)) >= 5)
    family = descendants(site.process.pid)
    site.process.send_signal(signal.SIGINT)
    said, _ = site.process.communicate(timeout=30)
    assert site.process.returncode == 0
    assert f"Storybank runs at http://127.0.0.1:{site.port}" in said
    assert "Storybank has stopped." in said
    wait_until(lambda: not alive(family), 5, lambda: f"{alive(family)}")
    assert not site.says_live()


@pytest.mark.slow
def test_one_child_that_dies_ends_all_with_words(site: Site) -> None:
    wait_until(lambda: len(descendants(site.process.pid)) >= 5)
    family = descendants(site.process.pid)
    worker = next(
        pid
        for pid in children_of(site.process.pid)
        if b"celery" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )
    os.kill(worker, signal.SIGKILL)
    said, _ = site.process.communicate(timeout=30)
    assert site.process.returncode == 1
    assert "The worker ended by itself (exit -9), so everything was stopped." in said
    wait_until(lambda: not alive(family), 5, lambda: f"{alive(family)}")


def test_a_port_that_is_taken_is_named_in_words(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        tried = subprocess.run(
            [sys.executable, MANAGE, "serve", "--port", str(port), "--first", "migrate"],
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert tried.returncode == 1
    assert f"Port {port} of 127.0.0.1 is not free" in tried.stderr
    assert f"make run PORT={port + 1}" in tried.stderr
    assert "Traceback" not in tried.stderr
    assert tried.stdout == ""  # nothing was begun
