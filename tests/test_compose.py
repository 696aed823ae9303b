"""What docker-compose.yml promises, and its very commands run by hand beside PostgreSQL and Redis."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from django.conf import settings

from portal.post.drain import DRAIN_SECONDS
from tests.house import compose
from tests.house.own_ground import process_number, setting_names
from tests.house.post_office import PostOffice, open_post_office
from tests.house.reading import ROOT
from tests.house.servers import free_port
from tests.house.waiting import wait_until

FILLED_IN = {
    "SITE_URL": "https://stories.example.org",
    "SECRET_KEY": "k" * 60,
    "POSTGRES_PASSWORD": "not-a-secret",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.org:587",
}
METRICS_TOKEN = "a-token-of-thirty-characters-x"
OWN = ("migrate", "web", "worker-mail", "worker-work", "worker-files", "clock")
WORKERS = tuple(name for name in OWN if name.startswith("worker-"))


@pytest.fixture
def services() -> dict[str, dict[str, Any]]:
    """The services of the compose file, filled in."""
    read: dict[str, dict[str, Any]] = compose.read(FILLED_IN)["services"]
    return read


# --- What the file promises --------------------------------------------------------------------


def test_there_is_all_that_a_society_needs(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {*OWN, "database", "redis"}


def test_nothing_starts_without_its_secrets_and_none_is_in_the_file() -> None:
    for name in FILLED_IN:
        with pytest.raises(KeyError, match=name):
            compose.read({key: value for key, value in FILLED_IN.items() if key != name})
    text = (ROOT / "docker-compose.yml").read_text()
    secret = re.compile(r"(KEY|PASSWORD|SECRET|TOKEN): (?!\$\{)")
    assert [line for line in text.splitlines() if secret.search(line)] == []


def test_the_example_names_what_the_file_asks_for() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    asked = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", text))
    example = (ROOT / ".env.example").read_text()
    given = dict(re.findall(r"^([A-Z_]+)=(.*)$", example, re.MULTILINE))
    assert set(FILLED_IN) <= set(given)
    assert set(given) <= asked
    secrets = {"SECRET_KEY", "FIELD_KEYS", "SIGNING_KEY", "POSTGRES_PASSWORD", "METRICS_TOKEN"}
    assert {given[name] for name in secrets} == {""}


def test_every_setting_can_be_given(services: dict[str, dict[str, Any]]) -> None:
    from_image = {"VAR_DIR"}
    # The files lie in the volume; the others are for somebody's own machine.
    left_out = {"STORAGE_URL", "DEMO", "DEBUG", "DEMAND_SECOND_FACTOR"}
    environment = set(services["web"]["environment"])
    assert environment == setting_names() - from_image - left_out


def test_every_container_is_locked_up(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "/tmp" in service["tmpfs"], name  # noqa: S108 (the container's)
        limits = service["deploy"]["resources"]["limits"]
        assert set(limits) == {"cpus", "memory"}, name
        assert service["pids_limit"] <= 200, name
        assert service["logging"]["options"]["max-size"], name
        assert service["restart"] == ("no" if name == "migrate" else "unless-stopped"), name
        assert "privileged" not in service, name


def test_nobody_is_root(services: dict[str, dict[str, Any]]) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    last_stage = dockerfile.rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (\S+)$", last_stage, re.MULTILINE) == ["storybank"]
    assert last_stage.index("USER storybank") < last_stage.index("\nCMD ")
    assert (services["database"]["user"], services["redis"]["user"]) == ("postgres", "redis")


def test_everybody_is_asked_how_they_are(services: dict[str, dict[str, Any]]) -> None:
    assert {name for name, service in services.items() if "healthcheck" not in service} == {
        "migrate"
    }


def test_migrations_run_once_and_before_everybody(services: dict[str, dict[str, Any]]) -> None:
    for name in set(OWN) - {"migrate"}:
        waits = services[name]["depends_on"]
        assert waits["migrate"] == {"condition": "service_completed_successfully"}, name
        assert "migrate" not in " ".join(compose.command(services[name])), name


def test_only_the_proxy_of_this_machine_reaches_the_site(
    services: dict[str, dict[str, Any]],
) -> None:
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert ports == {"web": ["127.0.0.1:8000:8000"]}


def test_what_must_survive_is_in_volumes(services: dict[str, dict[str, Any]]) -> None:
    read = compose.read(FILLED_IN)
    assert set(read["volumes"]) == {"var", "database"}
    assert all(services[name]["volumes"] == ["var:/var/lib/storybank"] for name in OWN)
    assert "volumes" not in services["redis"]


def queues_of(service: dict[str, Any]) -> list[str]:
    words = compose.command(service)
    return words[words.index("-Q") + 1].split(",")


def test_each_queue_has_one_group_of_workers_and_mail_has_its_own(
    services: dict[str, dict[str, Any]],
) -> None:
    groups = {name: queues_of(services[name]) for name in WORKERS}
    assert sorted(queue for group in groups.values() for queue in group) == sorted(settings.QUEUES)
    assert groups["worker-mail"] == ["mail"]
    assert groups["worker-files"] == ["building", "delivery"]


def test_a_worker_may_end_what_it_holds(services: dict[str, dict[str, Any]]) -> None:
    for name in WORKERS:
        assert compose.seconds(services[name]["stop_grace_period"]) > DRAIN_SECONDS


def test_docker_compose_itself_reads_the_file() -> None:
    """As Docker's plugin, or as the program of its own that Debian packages."""
    for words in ["docker", "compose"], ["docker-compose"]:
        if (
            shutil.which(words[0])
            and not subprocess.run([*words, "version"], capture_output=True).returncode
        ):
            break
    else:
        pytest.skip("no docker compose on this machine: apt install docker-compose")
    said = subprocess.run(
        [*words, "config", "--quiet"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **FILLED_IN},
        capture_output=True,
        text=True,
    )
    assert (said.returncode, said.stderr) == (0, "")


# --- The very commands, by hand ----------------------------------------------------------------


@dataclass
class Machine:
    """Where the commands run: the environment of the compose file, on this machine's servers."""

    services: dict[str, dict[str, Any]]
    environment: dict[str, str]
    port: int
    ground: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def words(self, words: list[str]) -> list[str]:
        """A command as it runs here: on this port, with this Python, beside other runs of the test."""
        own = {"8000": str(self.port)}
        here = {
            "127.0.0.1:8000": f"127.0.0.1:{self.port}",
            "/tmp/clock": str(self.ground / "clock"),  # noqa: S108 (the container's)
        }
        for there, place in here.items():
            words = [word.replace(there, place) for word in words]
        return [own.get(word, word) for word in words]

    def start(self, name: str) -> None:
        """Start a service's command; what it says goes into a file."""
        with (self.ground / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                self.words(compose.command(self.services[name])),
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def healthy(self, name: str) -> bool:
        """Whether a service's own health check is content."""
        check = subprocess.run(
            self.words(compose.health_check(self.services[name])),
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            timeout=60,
        )
        return check.returncode == 0

    def said(self, name: str) -> str:
        """What a service has written."""
        return (self.ground / f"{name}.log").read_text()

    def stop(self) -> dict[str, int]:
        """End everybody as Docker does, and wait; returns their exits."""
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        exits = {name: process.wait(60) for name, process in self.running.items()}
        self.running.clear()
        return exits

    def kill(self) -> None:
        """Leave nothing behind, whatever happened."""
        for process in self.running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def get(self, path: str, **headers: str) -> tuple[int, str, Message[str, str]]:
        """An answer of the site: status, text, headers. The reverse proxy is us."""
        return self.ask(urllib.request.Request(self.url(path), headers=headers))

    def ask(self, request: urllib.request.Request) -> tuple[int, str, Message[str, str]]:
        """Send a request under the site's own name, as over https."""
        request.add_header("Host", "stories.example.org")
        request.add_header("X-Forwarded-Proto", "https")
        request.add_header("X-Forwarded-For", "192.0.2.7")
        try:
            with urllib.request.build_opener(_NoRedirects).open(request, timeout=15) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode(), answer.headers

    def url(self, path: str) -> str:
        """An address of the site on this machine."""
        return f"http://127.0.0.1:{self.port}{path}"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other."""

    def redirect_request(self, *_: Any) -> None:
        """Do not follow."""
        return


@contextmanager
def database_of_its_own(url: str) -> Iterator[str]:
    """An empty database on the test's server."""
    name = f"compose_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield re.sub(r"/[^/]*$", f"/{name}", url)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def post_office() -> Iterator[PostOffice]:
    """The society's mail server."""
    with open_post_office() as office:
        yield office


@pytest.fixture
def machine(tmp_path: Path, post_office: PostOffice) -> Iterator[Machine]:
    """The compose file's environment with the addresses of this machine's servers."""
    redis = os.environ["TEST_REDIS_URL"].rstrip("/")
    filled = FILLED_IN | {"EMAIL_URL": post_office.url, "METRICS_TOKEN": METRICS_TOKEN}
    services: dict[str, dict[str, Any]] = compose.read(filled)["services"]
    with ExitStack() as cleaning:
        database = cleaning.enter_context(database_of_its_own(os.environ["TEST_DATABASE_URL"]))
        environment = {
            **{name: str(value) for name, value in services["web"]["environment"].items()},
            "DATABASE_URL": database,
            "REDIS_URL": f"{redis}/{8 + process_number()}",
            "VAR_DIR": str(tmp_path / "var"),
            "HOSTNAME": socket.gethostname(),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "TMPDIR": str(tmp_path),
        }
        made = Machine(services, environment, free_port(), tmp_path)
        cleaning.callback(made.kill)
        yield made


@pytest.mark.servers
@pytest.mark.slow
def test_the_very_commands_bring_up_a_site_that_is_ready_and_end_cleanly(
    machine: Machine, post_office: PostOffice
) -> None:
    # What an image built after this one has left in the volume, before somebody went back.
    styles = Path(machine.environment["VAR_DIR"]) / "static" / "storybank.css"
    styles.parent.mkdir(parents=True)
    styles.write_text("body { color: of-another-release }")
    migrated = subprocess.run(
        machine.words(compose.command(machine.services["migrate"])),
        cwd=ROOT,
        env=machine.environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert migrated.returncode == 0, migrated.stdout + migrated.stderr
    assert styles.read_text() == (ROOT / "portal" / "assets" / "storybank.css").read_text()
    for name in OWN[1:]:
        machine.start(name)

    def ready() -> dict[str, Any]:
        try:
            answer: dict[str, Any] = json.loads(machine.get("/health/ready")[1])
        except OSError:
            return {}
        return answer

    wait_until(lambda: ready().get("status") == "ready", 120, lambda: f"{ready()}")
    workers = [f"worker {queue}" for queue in settings.QUEUES]
    assert ready()["parts"] == dict.fromkeys(
        ["database", "broker", "storage", "clock", *workers], "up"
    )
    assert {name: machine.healthy(name) for name in OWN[1:]} == dict.fromkeys(OWN[1:], True)

    ask_for_a_code(machine)
    wait_until(lambda: bool(post_office.taken), 30, lambda: machine.said("worker-mail"))
    assert post_office.recipients == ["mia@example.org"]

    check_metrics(machine)
    assert machine.stop() == dict.fromkeys(OWN[1:], 0)
    for name in OWN[1:]:
        assert "mia@example.org" not in machine.said(name)


def ask_for_a_code(machine: Machine) -> None:
    """A stranger asks for a sign-in code through the real page, over "https"."""
    status, page, headers = machine.get("/accounts/login/code/")
    assert status == 200
    cookie = "; ".join(line.partition(";")[0] for line in headers.get_all("Set-Cookie", []))
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token is not None
    form = urllib.request.Request(
        machine.url("/accounts/login/code/"),
        data=urlencode({"csrfmiddlewaretoken": token[1], "email": "mia@example.org"}).encode(),
        headers={"Cookie": cookie, "Referer": "https://stories.example.org/accounts/login/code/"},
    )
    status, page, headers = machine.ask(form)
    assert (status, headers["Location"]) == (302, "/accounts/login/code/confirm/"), page


def check_metrics(machine: Machine) -> None:
    """Figures come to who knows the token, and count the requests of both web processes."""
    assert machine.get("/metrics")[0] == 401
    assert machine.get("/metrics", Authorization="Bearer guess")[0] == 401

    def counted() -> float:
        status, text, headers = machine.get("/metrics", Authorization=f"Bearer {METRICS_TOKEN}")
        assert (status, headers.get_content_type()) == (200, "text/plain")
        asked = re.findall(r'^storybank_beat_age_seconds\{name="(\S+)"\} ', text, re.MULTILINE)
        assert set(asked) == {"clock", *settings.QUEUES}
        line = 'storybank_http_requests_total{method="GET",status="200",url="live"} '
        found = re.search(rf"^{re.escape(line)}(\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    before = counted()
    for _ in range(40):
        assert machine.get("/health/live")[0] == 200
    assert counted() == before + 40
