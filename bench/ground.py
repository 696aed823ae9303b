"""Where everything is measured: servers, a database and a folder of its own, gone at the end."""

from __future__ import annotations

import os
import shutil
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.house.memory import NOW, PEAK, held
from tests.house.servers import free_port, running

ROOT = Path(__file__).resolve().parents[1]
MEGABYTE = 1 << 20
#: Unlike the tests' PostgreSQL this one waits for its disk, as a society's does; and it has room for a million rows.
OPTIONS = ("max_connections=200", "shared_buffers=512MB", "max_wal_size=4GB")


@dataclass(frozen=True)
class Ground:
    """The addresses of what runs, as the environment of the programs that are measured."""

    folder: Path
    environment: Mapping[str, str]
    sink: int

    def run(self, *command: str) -> str:
        """Run a program of the project to its end; its output."""
        return subprocess.run(
            command,
            cwd=ROOT,
            env=dict(self.environment),
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def start(self, *command: str, name: str) -> subprocess.Popen[bytes]:
        """Start a program of the project; what it says is in a file of the ground."""
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=ROOT, env=dict(self.environment), stdout=log, stderr=log
            )

    def ask_sink(self, line: str) -> list[float]:
        """What the SMTP server says of itself."""
        with smtplib.SMTP("127.0.0.1", self.sink) as talk:
            return [float(part) for part in talk.docmd(line)[1].split()]


@contextmanager
def ground(*, port: int | None = None) -> Iterator[Ground]:
    """PostgreSQL that waits for the disk, Redis, an SMTP server, and the migrated database."""
    folder = Path(tempfile.mkdtemp(prefix="storybank-bench-"))
    folder.chmod(0o755)
    try:
        with running(folder, OPTIONS) as (database, redis), _sink() as sink:
            environment = os.environ | {
                "DJANGO_SETTINGS_MODULE": "portal.settings",
                "DATABASE_URL": database.url,
                "REDIS_URL": redis.url,
                "EMAIL_URL": f"smtp://127.0.0.1:{sink}",
                "VAR_DIR": str(folder / "var"),
                "SITE_URL": f"http://localhost:{port or free_port()}",
                "SECRET_KEY": "a key for measuring, which nobody has to keep secret at all",
                "DEMAND_SECOND_FACTOR": "1",
                "LOG_LEVEL": "WARNING",
                "PYTHONPATH": str(ROOT),
                "TZ": "UTC",
            }
            here = Ground(folder, environment, sink)
            here.run(sys.executable, "manage.py", "migrate", "--verbosity", "0")
            here.run(sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0")
            yield here
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _sink() -> Iterator[int]:
    """The SMTP server's port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.sink"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(10)


def peak_of(process: int) -> int:
    """The most memory that a process has held, in MB."""
    return held(process, PEAK) // MEGABYTE


def memory_of(process: int) -> int:
    """The memory that a process holds now, in MB."""
    return held(process, NOW) // MEGABYTE


def wait_until(true: object, seconds: float, pause: float = 0.05) -> float:
    """Wait until `true()`; how long it took. TimeoutError after so many seconds."""
    assert callable(true)
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            raise TimeoutError
        time.sleep(pause)
    return time.monotonic() - began
