"""A backup and its restoring, by the commands of docs/operators.md, beside writing the same bytes."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg

from bench import handing_over
from bench.ground import Ground
from tests.house.backups import everything
from tests.house.servers import program


def measure(here: Ground, count: int) -> dict[str, Any]:
    """Seconds and MB of each step for so many stories in a sealed and built batch."""
    handing_over.measure(here, count)
    url = here.environment["DATABASE_URL"]
    var, new = Path(here.environment["VAR_DIR"]), here.folder / "new"
    new.mkdir()
    dump, files = here.folder / "storybank.dump", here.folder / "files.tar.gz"
    with psycopg.connect(url, autocommit=True) as server:
        size = server.execute("SELECT pg_database_size(current_database())").fetchone()
        server.execute("CREATE DATABASE restored")
    restored = url.rpartition("/")[0] + "/restored"
    found: dict[str, Any] = {
        "stories": count,
        "MB in the database": megabytes(size[0] if size else 0),
    }
    found["pg_dump s"] = timed(program("pg_dump") or "", "-Fc", "-d", url, "-f", str(dump))
    found["MB dumped"] = megabytes(dump.stat().st_size)
    found["limit: write and sync s"] = written(dump.read_bytes(), here.folder / "again")
    found["MB of files"] = megabytes(sum(f.stat().st_size for f in (var / "files").rglob("*")))
    found["tar s"] = timed("tar", "-czf", str(files), "-C", str(var), "files")
    found["pg_restore s"] = timed(
        *(program("pg_restore") or "", "--no-owner", "--exit-on-error", "-d", restored, str(dump))
    )
    found["untar s"] = timed("tar", "-xzf", str(files), "-C", str(new))
    check(url, var, restored, new)
    return found


def check(url: str, var: Path, restored: str, new: Path) -> None:
    """Every row of every table, every trigger and every file came back."""
    timed("diff", "-r", str(var / "files"), str(new / "files"))
    with psycopg.connect(url) as before, psycopg.connect(restored) as after:
        assert everything(before.cursor()) == everything(after.cursor())


def timed(*command: str) -> float:
    """How long a command takes."""
    began = time.perf_counter()
    subprocess.run(command, check=True)
    return round(time.perf_counter() - began, 2)


def written(content: bytes, file: Path) -> float:
    """How long the disk takes for the dump's bytes."""
    began = time.perf_counter()
    with file.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    return round(time.perf_counter() - began, 3)


def megabytes(size: int) -> float:
    """Bytes as MB."""
    return round(size / 1e6, 1)
