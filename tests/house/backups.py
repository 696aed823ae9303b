"""Backups made and brought back by the very commands of docs/operators.md, without Docker around them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

from tests.house.reading import ROOT
from tests.house.servers import program

#: What runs a command inside a container; here it runs on this machine.
IN_CONTAINER = re.compile(
    r"^docker compose (?:exec -T \S+|run --rm --no-deps -T \S+) (?=pg_|dropdb |createdb |tar |cat )"
)
VOLUME = "/var/lib/storybank"


def documented_commands(heading: str) -> list[str]:
    """The commands under a heading of docs/operators.md that work inside a container, without it."""
    text = (ROOT / "docs/operators.md").read_text()
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line.strip() for line in section.splitlines() if line.startswith("    ")]
    return [IN_CONTAINER.sub("", line) for line in lines if IN_CONTAINER.match(line)]


def run_documented(command: str, *, at: Path, volume: Path, database: str) -> str:
    """Run one of them in the folder `at`, with this volume and this database in their places."""
    here = command.replace(VOLUME, str(volume))
    here = re.sub(r"-U storybank\b", f"-U {connection.settings_dict['USER']}", here)
    here = re.sub(r"(-d | -Fc |--force |createdb -U \S+ )storybank\b", rf"\g<1>{database}", here)
    done = subprocess.run(
        ["/bin/sh", "-c", here], cwd=at, env=_environment(), capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, ""), f"{here}: {done.stderr}"
    return done.stdout


def _environment() -> dict[str, str]:
    """Where PostgreSQL's programs are and which server they talk to."""
    parts = connection.settings_dict
    programs = Path(program("pg_dump") or "").parent
    return os.environ | {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PGHOST": str(parts["HOST"] or "localhost"),
        "PGPORT": str(parts["PORT"] or 5432),
        "PGPASSWORD": str(parts["PASSWORD"]),
    }


@contextmanager
def empty_database() -> Iterator[str]:
    """A new database on the test's server, gone at the end."""
    name = f"restored_{os.getpid()}"
    with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            yield name
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def working_on(database: str) -> Iterator[None]:
    """Let Django work on another database of the same server."""
    former = connection.settings_dict["NAME"]
    _move(database)
    try:
        yield
    finally:
        _move(former)


def _move(database: str) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    connection.settings_dict["NAME"] = database


def everything_in_it() -> dict[str, tuple[Any, ...]]:
    """What `everything` finds in the database that Django works on."""
    with connection.cursor() as cursor:
        return everything(cursor)


def everything(cursor: Any) -> dict[str, tuple[Any, ...]]:
    """For each table how many rows it has and a hash over all of them; and the triggers that are on."""
    found: dict[str, tuple[Any, ...]] = {}
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    for (table,) in cursor.fetchall():
        whole = "count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text)))"
        cursor.execute(f'SELECT {whole} FROM "{table}" t')  # noqa: S608 (our own tables)
        found[table] = tuple(cursor.fetchone())
    cursor.execute(
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger "
        "WHERE NOT tgisinternal AND tgenabled = 'O' ORDER BY 1, 2"
    )
    found["triggers"] = tuple(cursor.fetchall())
    return found
