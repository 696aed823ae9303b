"""Submitting and deciding over HTTP, beside bare views of the same server that write one row.

granian is started as the Dockerfile starts it. The statements of the same requests are counted and
held by tests/test_statements.py.
"""

from __future__ import annotations

import http.client
import json
import re
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from bench.ground import ROOT, Ground, wait_until

#: Makes the coalition, and so many complete drafts and stories in review; prints what a browser needs.
FILL = """
import json, sys, django; django.setup()
from allauth.mfa.models import Authenticator
from bench import rows
from bench.views import ready
from stories.models import Draft, Story
from stories.states import StoryState
from tests.house.people import make_world, client_of
from tests.house.sides import draft_of
from tests.house.stories import join
count = int(sys.argv[1])
world = make_world()
Authenticator.objects.create(user=world.ana, type="totp", data={})
part = join(world, world.mia_member)
made = rows.written(Story(campaign=world.campaign, participation=part, member=world.mia_member,
    society=world.isscr, us_state="KS", district=1) for n in range(count))
draft = draft_of(world)
answer = {k: (rows.WORDS[:1900] if len(v) > 40 else v) for k, v in draft["answers"].items()}
rows.written(Draft(story=s, version=1, hook=draft["hook"], answers=answer, naming=draft["naming"],
    consents=draft["consents"]) for s in made)
review = rows.stories(world, 10**6, 10**6 + count, state=StoryState.IN_REVIEW)
ready()
print(json.dumps({"drafts": [str(s.ref) for s in made], "review": [str(s.ref) for s in review],
    "mia": client_of(world.mia).cookies["sessionid"].value, "ana": client_of(world.ana).cookies["sessionid"].value}))
"""


class Browser:
    """One connection that stays open, with one session."""

    def __init__(self, here: Ground, session: str) -> None:
        self.port = urlsplit(here.environment["SITE_URL"]).port
        self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.token = "a" * 32
        self.cookies = f"sessionid={session}; csrftoken={self.token}"

    def ask(self, method: str, path: str, fields: dict[str, Any] | None = None) -> tuple[int, str]:
        """The status and the page."""
        headers = {"Cookie": self.cookies, "Host": f"localhost:{self.port}"}
        body = None
        if fields is not None:
            body = urlencode(fields | {"csrfmiddlewaretoken": self.token})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.line.request(method, path, body, headers)
        answer = self.line.getresponse()
        return answer.status, answer.read().decode()


def measure(here: Ground, count: int) -> list[dict[str, Any]]:
    """Every request with one and with eight browsers at once."""
    known = json.loads(here.run(sys.executable, "-c", FILL, str(count * 4 + 40)))
    server = here.start(*server_command(here), name="web")
    try:
        wait_until(lambda: reached(here), 60)
        return [row for at_once in (1, 8) for row in all_of(here, known, count, at_once)]
    finally:
        server.terminate()
        server.wait(30)


def server_command(here: Ground) -> list[str]:
    """granian as the Dockerfile starts it, on the ground's port and this machine alone."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    found = re.search(r"CMD \[(.*?)\]", dockerfile, re.DOTALL)
    assert found is not None
    command: list[str] = json.loads(f"[{found[1].replace(chr(92), '')}]")
    port = str(urlsplit(here.environment["SITE_URL"]).port)
    command = [str(Path(sys.executable).parent / command[0]), *command[1:]]
    command[command.index("8000")] = port
    command[command.index("--host") + 1] = "127.0.0.1"
    command[-1] = "bench.wsgi:application"
    return command


def reached(here: Ground) -> bool:
    """Whether the server answers."""
    try:
        return Browser(here, "").ask("GET", "/health/live")[0] == 200
    except OSError:
        return False


def all_of(here: Ground, known: dict[str, Any], count: int, at_once: int) -> list[dict[str, Any]]:
    """Submit, read, approve, and the bare views, with so many browsers."""
    warm, drafts, review = 20, known["drafts"], known["review"]

    def submit(browser: Browser) -> int:
        return browser.ask(
            "POST", f"/stories/{drafts.pop()}/submit/", {"version": 1, "consent_version": 1}
        )[0]

    def approve(browser: Browser) -> int:
        return browser.ask("POST", f"/review/{review.pop()}/approve/", {"revision": 1})[0]

    def read(browser: Browser) -> int:
        return browser.ask("GET", f"/review/{review[-1]}/")[0]

    def bare(path: str) -> Any:
        return lambda browser: browser.ask("POST", path, {"words": "w" * 2000})[0]

    rates = {}
    for name, session, deed, yes in (
        ("insert", "", bare("/bare/insert/"), 200),
        ("insert behind", known["mia"], bare("/behind/insert/"), 200),
        ("submit", known["mia"], submit, 302),
        ("update", "", bare("/bare/update/"), 200),
        ("update behind", known["ana"], bare("/behind/update/"), 200),
        ("read", known["ana"], read, 200),
        ("approve", known["ana"], approve, 302),
    ):
        rate(here, session, deed, yes, warm, at_once)
        rates[name] = rate(here, session, deed, yes, count, at_once)
    beside = {"submit": "insert", "read": "update", "approve": "update"}
    return [
        {
            "request": name,
            "at once": at_once,
            "a second": round(rates[name][0], 1),
            "median ms": round(rates[name][1], 1),
            f"limit: bare {limit} a second": round(rates[limit][0], 1),
            "ratio": round(rates[name][0] / rates[limit][0], 2),
            "the bare view behind our middleware": round(rates[f"{limit} behind"][0], 1),
            "ratio to that": round(rates[name][0] / rates[f"{limit} behind"][0], 2),
        }
        for name, limit in beside.items()
    ]


def rate(
    here: Ground, session: str, deed: Any, yes: int, count: int, at_once: int
) -> tuple[float, float]:
    """Requests a second, and the median of one in milliseconds."""
    times: list[float] = []

    def work(number: int) -> None:
        browser = Browser(here, session)
        for _ in range(number):
            began = time.perf_counter()
            status = deed(browser)
            times.append((time.perf_counter() - began) * 1000)
            if status != yes:
                raise RuntimeError(f"answered {status}")

    began = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(work, [max(1, count // at_once)] * at_once))
    return len(times) / (time.perf_counter() - began), statistics.median(times)
