"""Each part of a running site really stopped: who is told what, and that it goes on afterwards.

A site as docker-compose.yml runs it, beside a PostgreSQL, a Redis and a mail server of its own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings

from tests.house import compose, servers
from tests.house.reading import ROOT
from tests.house.servers import free_port
from tests.house.waiting import wait_until
from tests.test_compose import FILLED_IN, OWN, Machine, ask_for_a_code

pytestmark = [
    pytest.mark.slow,
    pytest.mark.once,
    pytest.mark.xdist_group("parts"),
    pytest.mark.skipif(bool(servers.missing()), reason="no PostgreSQL or Redis on this machine"),
]

WORKERS = [f"worker {queue}" for queue in settings.QUEUES]


@dataclass
class House:
    """The site and what it stands on."""

    machine: Machine
    database: servers.Server
    redis: servers.Server

    def ready(self) -> dict[str, Any]:
        """What /health/ready says; empty while nobody answers."""
        try:
            said: dict[str, Any] = json.loads(self.machine.get("/health/ready")[1])
        except OSError:
            return {}
        return said

    def wait_until_down(self, *names: str, seconds: float = 60) -> None:
        """Wait until exactly these parts are named as down."""
        wait_until(
            lambda: self.ready().get("down") == list(names), seconds, lambda: f"{self.ready()}"
        )

    def time_passes(self, *names: str) -> None:
        """As if two minutes had gone by since these last said that they live; who lives says so again."""
        with psycopg.connect(self.database.url, autocommit=True) as connection:
            connection.execute(
                "UPDATE portal_heartbeat SET at = at - interval '2 minutes' WHERE name = ANY(%s)",
                [list(names)],
            )

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command as an operator gives it."""
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT, env=self.machine.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def end(self, name: str) -> None:
        """Kill one of the site's processes, with all that it had started."""
        process = self.machine.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Everything is up, and each test leaves it so."""
    tmp_path = tmp_path_factory.mktemp("house")
    filled = FILLED_IN | {"EMAIL_URL": f"smtp://127.0.0.1:{free_port()}"}  # nobody is there
    services: dict[str, dict[str, Any]] = compose.read(filled)["services"]
    with ExitStack() as cleaning:
        ground = Path(tempfile.mkdtemp(prefix="storybank-parts-"))
        cleaning.callback(shutil.rmtree, ground, ignore_errors=True)
        ground.chmod(0o755)  # PostgreSQL's user passes through it
        database, redis = cleaning.enter_context(
            servers.running(ground, options=())
        )  # nothing is lost
        environment = {
            **{name: str(value) for name, value in services["web"]["environment"].items()},
            "DATABASE_URL": database.url,
            "REDIS_URL": f"{redis.url}/0",
            "VAR_DIR": str(tmp_path / "var"),
            "HOSTNAME": "here",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "TMPDIR": str(tmp_path),
        }
        machine = Machine(services, environment, free_port(), tmp_path)
        cleaning.callback(machine.kill)
        made = House(machine, database, redis)
        for command in ("migrate", "collectstatic"):
            done = made.manage(command, "--no-input")
            assert done.returncode == 0, done.stderr
        for name in OWN[1:]:
            machine.start(name)
        wait_until(lambda: made.ready().get("status") == "ready", 120, lambda: f"{made.ready()}")
        yield made


def test_health_names_each_part_while_it_is_down(house: House) -> None:
    parts = house.ready()["parts"]
    assert parts == dict.fromkeys(["database", "broker", "storage", "clock", *WORKERS], "up")

    ask_for_a_code(house.machine)  # its message cannot leave: there is no mail server
    wait_until(lambda: house.ready()["oldest_unsent_message_seconds"] >= 2, 60, lambda: "no age")
    assert house.ready()["down"] == []

    files = Path(house.machine.environment["VAR_DIR"]) / "files"
    shutil.rmtree(files, ignore_errors=True)
    files.write_text("a file where the folder was")
    house.wait_until_down("storage", seconds=10)
    files.unlink()

    house.end("worker-mail")
    house.time_passes("worker mail")
    house.wait_until_down("worker mail")
    house.machine.start("worker-mail")
    house.wait_until_down()

    house.end("clock")
    house.time_passes("clock", *WORKERS)
    house.wait_until_down("clock")
    assert {house.ready()["parts"][name] for name in WORKERS} == {"unknown"}
    house.machine.start("clock")
    house.wait_until_down()

    house.redis.stop()
    house.wait_until_down("broker", seconds=30)
    assert house.machine.get("/accounts/login/")[0] == 200  # pages go on
    house.redis.start()
    house.wait_until_down()


def signed_in(house: House) -> Callable[[str], tuple[int, str, Any]]:
    """`get(path)` as Mia, who has signed in."""
    made = house.manage("shell", "--no-imports", "-c", SIGN_IN)
    assert made.returncode == 0, made.stderr
    key = made.stdout.split()[-1]
    return lambda path: house.machine.get(path, Cookie=f"sessionid={key}")


SIGN_IN = """
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from portal.models import User
mia = User.objects.create_user("mia@example.org", name="Mia Chen")
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY] = str(mia.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = mia.get_session_auth_hash()
session.create()
print(session.session_key)
"""


def test_while_the_database_is_stopped_people_and_operators_are_told_in_words(house: House) -> None:
    get = signed_in(house)
    assert get("/me/")[0] == 200
    house.database.stop(signal.SIGQUIT)
    house.wait_until_down("database", seconds=30)
    assert house.machine.get("/health/live")[0] == 200
    for path in ("/me/", "/stories/"):
        began = time.monotonic()
        status, page, headers = get(path)
        assert time.monotonic() - began < 25
        assert (status, headers["Retry-After"], headers["Cache-Control"]) == (503, "30", "no-store")
        assert re.findall("<h1>(.*)</h1>", page) == ["Please try again in a minute"]
        assert "Traceback" not in page
    status, said, headers = house.machine.get(
        "/api/v1/batches", Authorization="Bearer storybank_nobody"
    )
    assert (status, headers["Retry-After"]) == (503, "30")
    assert json.loads(said)["error"].startswith("The site cannot reach its database")
    for command in ("migrate", "deliver"):
        done = house.manage(command)
        assert done.returncode == 1
        assert "\nThe database does not answer: " in done.stderr
        assert "Traceback" not in done.stderr

    house.database.start()
    began = time.monotonic()
    house.wait_until_down()
    wait_until(lambda: get("/me/")[0] == 200, 30, lambda: "the page does not come back")
    assert time.monotonic() - began < 60
