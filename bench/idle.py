"""How long each process takes to be there, and what it holds in memory while nothing happens."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench import pages
from bench.ground import Ground, memory_of, wait_until

CELERY = (sys.executable, "-m", "celery", "-A", "portal", "--skip-checks")


def measure(here: Ground) -> list[dict[str, Any]]:
    """Web, worker, clock."""
    found = []
    web, seconds = started(here, pages.server_command(here), lambda: pages.reached(here), "web")
    found.append(row("web", web, seconds))
    worker = [*CELERY, "worker", "--concurrency", "2", "-Q", "mail", "--loglevel", "INFO"]
    known = here.folder / "worker.log"
    environment = {"LOG_LEVEL": "INFO"}
    two, seconds = started(
        here, worker, lambda: "ready" in known.read_text(), "worker", environment
    )
    found.append(row("worker with two processes", two, seconds))
    clock = [*CELERY, "beat", "--pidfile=", "--schedule", str(here.folder / "clock")]
    said = here.folder / "beat.log"
    beat, seconds = started(here, clock, lambda: "tarting" in said.read_text(), "beat", environment)
    found.append(row("clock", beat, seconds))
    for process in (web, two, beat):
        process.terminate()
        process.wait(60)
    return found


def started(
    here: Ground, command: Any, there: Any, name: str, environment: dict[str, str] | None = None
) -> tuple[subprocess.Popen[bytes], float]:
    """The process and the seconds until it was there."""
    began = time.perf_counter()
    place = Ground(here.folder, {**here.environment, **(environment or {})}, here.sink)
    process = place.start(*command, name=name)
    wait_until(there, 60)
    return process, time.perf_counter() - began


def row(name: str, process: subprocess.Popen[bytes], seconds: float) -> dict[str, Any]:
    """Its line, with all its children's memory."""
    time.sleep(3)
    family = [process.pid, *children(process.pid)]
    return {
        "process": name,
        "seconds to start": round(seconds, 1),
        "processes": len(family),
        "MB idle, all together": sum(memory_of(one) for one in family),
    }


def children(pid: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    own = [int(part) for part in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*own, *(grandchild for child in own for grandchild in children(child))]
