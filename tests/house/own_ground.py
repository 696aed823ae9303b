"""Gives each test process its own ground before Django's settings are read.

Loaded by `-p` in pyproject.toml, which is earlier than any conftest: pytest-django reads the settings
before it lets pytest look for conftests.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
from pathlib import Path

SETTINGS = Path(__file__).resolve().parents[2] / "portal" / "settings.py"


def setting_names() -> set[str]:
    """The names of all settings that portal/settings.py reads from the environment."""
    return set(re.findall(r"env\.[a-z_]+\(\s*\"([A-Z][A-Z0-9_]*)\"", SETTINGS.read_text()))


def take_own_ground() -> None:
    """Forget the caller's settings and move everything that is written into a new directory.

    TEST_DATABASE_URL and TEST_REDIS_URL are the one way to say something from outside: a PostgreSQL
    server whose user may create databases, and a Redis server that the tests may empty.
    """
    for name in setting_names():
        os.environ.pop(name, None)
    ground = Path(tempfile.mkdtemp(prefix="storybank-tests-"))
    (ground / "static").mkdir()
    atexit.register(shutil.rmtree, ground, ignore_errors=True)
    os.environ.update(
        VAR_DIR=str(ground),
        SITE_URL="http://testserver",
        SITE_NAME="Storybank",
        DEMAND_SECOND_FACTOR="0",
        LOG_LEVEL="WARNING",
        # Playwright leaves an event loop running in the thread that tests ask the database from.
        DJANGO_ALLOW_ASYNC_UNSAFE="1",
        TZ="UTC",
    )
    if database := os.environ.get("TEST_DATABASE_URL"):
        os.environ["DATABASE_URL"] = database
    if redis := os.environ.get("TEST_REDIS_URL"):
        os.environ["REDIS_URL"] = f"{redis.rstrip('/')}/{process_number()}"


def process_number() -> int:
    """Which of pytest-xdist's processes this is, from 0: each has a Redis database of its own."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


take_own_ground()
