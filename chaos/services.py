"""The installation's processes, started with the compose file's commands and restarted as it says."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chaos.environment import GROUND, NAMES, WEB_PORT, command, environment
from tests.house.reading import ROOT
from tests.house.servers import die_with_parent

#: Docker waits so long before the first restart, twice as long before the next, and counts anew for what
#: lived for ten seconds.
FIRST_PAUSE, LONGEST_PAUSE, LONG_LIFE = 0.1, 60.0, 10.0
LOOK_SECONDS = 0.05


@dataclass
class Service:
    """One container: its process, how often it was started, and what comes next."""

    name: str
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    started_at: float = 0.0
    pause: float = FIRST_PAUSE
    start_at: float | None = 0.0
    deaths: list[float] = field(default_factory=list)
    exits: list[int] = field(default_factory=list)

    def children(self) -> list[int]:
        """The process ids of its own children: granian's workers, Celery's pool."""
        if self.process is None:
            return []
        place = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        try:
            with open(place) as file:
                return [int(word) for word in file.read().split()]
        except OSError:
            return []


class Supervisor:
    """Starts all services and starts again what ended, as `restart: unless-stopped` does."""

    def __init__(self) -> None:
        self.services = {name: Service(name) for name in NAMES}
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._paused = False
        # The one thread that starts processes: they die with it, should we be killed.
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self) -> None:
        """Start everybody."""
        self._thread.start()

    def kill(self, name: str) -> None:
        """What `docker kill` does: every process of the container is gone at once."""
        with self._lock:
            service = self.services[name]
            if service.process is not None and service.process.poll() is None:
                _kill_group(service.process, signal.SIGKILL)

    def kill_child(self, name: str, number: int) -> int | None:
        """Kill one process inside the container, as the kernel does where memory runs out."""
        with self._lock:
            children = self.services[name].children()
            if not children:
                return None
            victim = children[number % len(children)]
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                return None
            return victim

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Meanwhile nothing that ended is started again."""
        self._paused = True
        try:
            yield
        finally:
            self._paused = False

    def pids(self, name: str) -> list[int]:
        """All process ids of a service."""
        service = self.services[name]
        return [service.process.pid, *service.children()] if service.process else []

    def end(self, name: str, seconds: float = 90.0) -> int | None:
        """What `docker stop` does; returns the exit. It is started again like any other that ended."""
        process = self.services[name].process
        if process is None:
            return None
        process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        if process.poll() is None:
            _kill_group(process, signal.SIGKILL)
        return process.wait()

    def stop(self, *, at_once: bool = False) -> None:
        """End everybody for good, in peace or at once."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(10)
        alive = [service.process for service in self.services.values() if service.process]
        for process in alive:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + (0 if at_once else 20)
        for process in alive:
            while process.poll() is None and time.monotonic() < deadline:
                time.sleep(LOOK_SECONDS)
            _kill_group(process, signal.SIGKILL)
            process.wait()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            with self._lock:
                for service in self.services.values():
                    self._look_at(service)

    def _look_at(self, service: Service) -> None:
        now = time.time()
        if service.process is not None and service.process.poll() is not None:
            service.deaths.append(now)
            service.exits.append(service.process.returncode)
            _kill_group(
                service.process, signal.SIGKILL
            )  # the container goes with its first process
            if now - service.started_at > LONG_LIFE:
                service.pause = FIRST_PAUSE
            service.process, service.start_at = None, now + service.pause
            service.pause = min(service.pause * 2, LONGEST_PAUSE)
        due = service.start_at is not None and now >= service.start_at
        if service.process is None and due and not self._paused:
            service.process, service.started_at = start(service.name), now
            service.starts += 1


def start(name: str) -> subprocess.Popen[bytes]:
    """Start one service's command; what it says goes into a file."""
    with log_of(name).open("ab") as log:
        return subprocess.Popen(
            command(name),
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )


def log_of(name: str) -> Path:
    """Where a service's words go."""
    return GROUND / f"{name}.log"


def _kill_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return


#: The address at which a reverse proxy would find the web service.
WEB = ("127.0.0.1", WEB_PORT)
