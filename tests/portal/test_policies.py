"""What browsers are told, what production's settings are held to, and how every file leaves the house."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponseBase
from django.test import Client

from portal.guards import NO_PAGE
from tests.house import compose
from tests.house.addresses import address, arguments, own_names
from tests.house.browser import OpenPage
from tests.house.knocking import Knocker
from tests.house.people import World, make_world
from tests.house.reading import ROOT
from tests.house.sides import make_coalition
from tests.test_compose import FILLED_IN


def production(ground: Path, **changes: str) -> dict[str, str]:
    """The environment of docker-compose.yml, filled in; its database is never asked here."""
    web = compose.read(FILLED_IN)["services"]["web"]["environment"]
    values = {name: str(value) for name, value in web.items()}
    values["SECRET_KEY"] = "".join(map(chr, range(48, 108)))
    return values | {"PATH": os.environ["PATH"], "VAR_DIR": str(ground)} | changes


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


# --- check --deploy ------------------------------------------------------------------------------

CHECK = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")


@pytest.mark.once
def test_check_deploy_is_silent_with_production_s_settings(tmp_path: Path) -> None:
    done = run(production(tmp_path), *CHECK)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "System check identified no issues (0 silenced).\n"


@pytest.mark.once
def test_check_deploy_would_say_what_is_wrong(tmp_path: Path) -> None:
    done = run(production(tmp_path, REDIRECT_TO_HTTPS="0"), *CHECK)
    assert done.returncode == 1
    assert "security.W008" in done.stderr


# --- Headers on https ----------------------------------------------------------------------------

ASK = """
import json, django
django.setup()
from django.conf import settings
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("collectstatic", verbosity=0, interactive=False)
from portal.models import User
from django.test import Client
from allauth.account.models import EmailAddress
mia = User.objects.create_user("mia@example.org", "three unrelated words", name="Mia Chen")
EmailAddress.objects.create(user=mia, email=mia.email, verified=True, primary=True)
https = {"host": "stories.example.org", "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.7"}
http = https | {"x-forwarded-proto": "http"}
client = Client()
form = {"login": mia.email, "password": "three unrelated words"}
assert client.post("/accounts/login/", form, headers=https).status_code == 302
def told(answer):
    return {"status": answer.status_code, "headers": dict(answer.items())}
page = Client().get("/accounts/login/", headers=https)
print(json.dumps({
    "page": told(page),
    "cookies": {
        name: {key: jar[name][key] for key in ("secure", "httponly", "samesite", "path", "domain")}
        for jar in (page.cookies, client.cookies) for name in jar
    },
    "own": told(client.get("/me/", headers=https)),
    "file": told(client.get("/me/data/", headers=https)),
    "plain": told(Client().get("/accounts/login/?next=/me/", headers=http)),
    "plain health": told(Client().get("/health/live", headers=http)),
    "plain metrics": told(Client().get("/metrics", headers={
        "host": "127.0.0.1:8000", "authorization": "Bearer figures-for-prometheus"})),
}))
"""


@pytest.fixture(scope="module")
def on_https(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a site at an https address answers, asked in a process with settings of its own."""
    ground = tmp_path_factory.mktemp("https")
    environment = production(
        ground,
        DATABASE_URL=f"sqlite:///{ground}/db.sqlite3",
        REDIS_URL="",
        DJANGO_SETTINGS_MODULE="portal.settings",
        METRICS_TOKEN="figures-for-prometheus",
        ALLOWED_HOSTS="stories.example.org,127.0.0.1",
    )
    done = run(environment, "-c", ASK)
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answers


PAGE_POLICY = {
    *("default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:"),
    *("font-src 'self'", "connect-src 'self'", "form-action 'self'", "frame-ancestors 'none'"),
    "base-uri 'none'",
}


@pytest.mark.once
@pytest.mark.parametrize("name", ["page", "own", "file"])
def test_every_answer_on_https_carries_the_policies(on_https: dict[str, Any], name: str) -> None:
    headers = on_https[name]["headers"]
    assert on_https[name]["status"] == 200
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "publickey-credentials-get=(self)" in headers["Permissions-Policy"]
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy if name != "file" else policy == NO_PAGE
    if name != "file":
        assert {part.strip() for part in policy.split(";")} == PAGE_POLICY


@pytest.mark.once
def test_what_a_signed_in_person_reads_stays_in_no_cache(on_https: dict[str, Any]) -> None:
    for name in ("own", "file"):
        assert on_https[name]["headers"]["Cache-Control"] == "no-store, private"


@pytest.mark.once
def test_cookies_travel_on_https_alone_and_no_script_reads_them(on_https: dict[str, Any]) -> None:
    cookies = on_https["cookies"]
    assert set(cookies) == {"sessionid", "csrftoken"}
    for cookie in cookies.values():
        assert (cookie["secure"], cookie["httponly"]) == (True, True)
        assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("Lax", "/", "")


@pytest.mark.once
def test_plain_http_leads_to_https_and_only_health_and_figures_answer(
    on_https: dict[str, Any],
) -> None:
    plain = on_https["plain"]
    assert plain["status"] == 301
    assert plain["headers"]["Location"] == "https://stories.example.org/accounts/login/?next=/me/"
    assert on_https["plain health"]["status"] == 200
    # Prometheus asks on the machine itself, past the proxy.
    assert on_https["plain metrics"]["status"] == 200


# --- Files ---------------------------------------------------------------------------------------

#: Every door that answers with something other than a page: its types, and whether a browser must save
#: it. What it may show is a picture that was drawn anew, plain text, or data.
FILE_DOORS: dict[str, tuple[str, bool]] = {
    "campaigns:roster_lines": ("text/csv", True),
    "live": ("application/json", False),
    "own_data": ("application/json", True),
    "ready": ("application/json", False),
    "signing_key": ("application/x-pem-file", False),
    "signing_keys": ("application/json", False),
    "stories:api:batch": ("application/json", False),
    "stories:api:batches": ("application/json", False),
    "stories:api:changes": ("application/json", False),
    "stories:api:file": ("text/csv", True),
    "stories:api:openapi-json": ("application/json", False),
    "stories:api:recalls": ("application/json", False),
    "stories:batch_file": ("text/csv", True),
    "stories:lead_photo": ("image/jpeg", False),
    "stories:library_export": ("text/csv", True),
    "stories:library_photo": ("image/jpeg", False),
    "stories:photo_file": ("image/jpeg", False),
    "stories:review_photo": ("image/jpeg", False),
    "stories:verify_script": ("text/x-python", True),
}


def harmless(answer: HttpResponseBase) -> bool:
    """Whether a browser that opens this by itself runs none of it, whatever is in it."""
    return (
        answer["X-Content-Type-Options"] == "nosniff"
        and answer["Content-Security-Policy"] == NO_PAGE
        and answer["X-Frame-Options"] == "DENY"
        and answer["Cross-Origin-Resource-Policy"] == "same-origin"
    )


def is_page(answer: HttpResponseBase) -> bool:
    return answer["Content-Type"].startswith("text/html")


@pytest.mark.slow
def test_every_door_that_gives_a_file_gives_it_so_that_it_cannot_run(world: World) -> None:
    coalition = make_coalition(world)
    found = arguments(coalition, coalition.a)
    key = coalition.a.key
    people = [Knocker(user) for user in coalition.people().values()]
    people.append(Knocker(None, headers={"authorization": f"Bearer {key}"}))
    doors: dict[str, tuple[str, bool]] = {}
    for name in own_names():
        for person in people:
            answer = person.knock("GET", address(name, found))
            if answer.status_code not in {200, 503} or is_page(answer):
                continue  # 503: nothing beats in a test, and /health/ready says so
            assert harmless(answer), name
            saved = answer.get("Content-Disposition", "").startswith("attachment")
            doors[name] = (answer["Content-Type"].partition(";")[0], saved)
            break
    assert doors == FILE_DOORS


def test_a_page_and_a_file_are_told_apart(world: World) -> None:
    answer = Client().get("/keys/")
    assert harmless(answer)
    del answer["X-Content-Type-Options"]
    answer["X-Content-Type-Options"] = "sniff"
    assert not harmless(answer)
    assert not harmless(Client().get("/"))


# --- The browser itself --------------------------------------------------------------------------


def test_the_browser_knows_every_feature_that_the_policy_names(
    transactional_db: None, open_page: OpenPage
) -> None:
    """Chromium warns in its console of names that it does not know, and `open_page` fails on a warning."""
    make_world()
    page = open_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for path in ("/", "/accounts/login/"):
        answer = page.goto(path)
        assert answer is not None
        assert "camera=()" in answer.headers["permissions-policy"]
    assert said == []
