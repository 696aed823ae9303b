"""The figures of docs/performance.md.

    make bench ARGS="[ROW ...] [--members N] [--messages N] [--stories N,N] [--requests N] [--json FILE]"

Each row has servers of its own, PostgreSQL with fsync on, and measures its physical limit in the same run
beside it. `lists` calls bench.lists. Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from bench import backup, handing_over, idle, pages, phase, recall, sending
from bench.ground import ROOT, Ground, ground
from tests.house.servers import missing, program

Rows = list[dict[str, Any]]
#: Rows that are measured once for each size of --stories.
BY_STORIES = {"handing_over": handing_over.measure, "backup": backup.measure}


def machine() -> dict[str, Any]:
    """What was measured, and on what."""
    processor = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    said = {
        name: subprocess.run(
            command, cwd=ROOT, check=False, capture_output=True, text=True
        ).stdout.strip()
        for name, command in {
            "PostgreSQL": [program("postgres") or "postgres", "--version"],
            "Redis": [program("redis-server") or "redis-server", "--version"],
            "commit": ["git", "rev-parse", "--short", "HEAD"],
        }.items()
    }
    return {
        "processor": processor,
        "CPUs": os.cpu_count(),
        "load before": os.getloadavg()[0],
        "Python": platform.python_version(),
        **{name: version(name) for name in ("Django", "granian", "psycopg", "celery")},
        **said,
        "command": " ".join(["python -m bench", *sys.argv[1:]]),
        "at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }


def table(rows: Rows) -> str:
    """Markdown."""
    heads = list(dict.fromkeys(name for row in rows for name in row))
    lines = [heads, ["---"] * len(heads), *([str(row.get(h, "")) for h in heads] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def lists() -> Rows:
    """The lists' own program, which prints its table itself."""
    with NamedTemporaryFile(suffix=".json") as file:
        command = [sys.executable, "-m", "bench.lists", "--json", file.name]
        subprocess.run(command, cwd=ROOT, check=True)
        rows: Rows = json.load(file)
        return rows


def rows_of(options: argparse.Namespace) -> dict[str, Callable[[Ground], Rows]]:
    """Every row by its name."""
    return {
        "pages": lambda here: pages.measure(here, options.requests),
        "sending": lambda here: [sending.measure(here, options.messages)],
        "phase": lambda here: [phase.measure(here, options.members)],
        "recall": lambda here: [recall.measure(here, options.members, options.withdrawals)],
        "idle": idle.measure,
    }


def main() -> None:
    """Measure what was named, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("rows", nargs="*")
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--members", type=int, default=20_000)
    parser.add_argument("--withdrawals", type=int, default=30)
    parser.add_argument("--stories", default="10000", help="sizes of batches, with commas")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if packages := missing():
        sys.exit(f"apt install {' '.join(packages)}")
    measures = rows_of(options)
    found: dict[str, Any] = {"machine": machine()}
    for name in options.rows or [*measures, *BY_STORIES, "lists"]:
        sys.stdout.write(f"\n## {name}\n\n")
        sys.stdout.flush()
        if name == "lists":
            found[name] = lists()
        elif name in BY_STORIES:
            found[name] = []
            for size in options.stories.split(","):
                with ground() as here:
                    found[name].append(BY_STORIES[name](here, int(size)))
        else:
            with ground() as here:
                found[name] = measures[name](here)
        if name != "lists":
            sys.stdout.write(f"{table(found[name])}\n")
            sys.stdout.flush()
        if options.json:
            options.json.write_text(json.dumps(found, indent=1))
    sys.stdout.write(f"\n{json.dumps(found['machine'], indent=1)}\n")


if __name__ == "__main__":
    main()
