"""The second step: demanded of people who handle others' stories, set up and used for real."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth import get_user
from django.test import Client
from django.urls import path
from pytest_django.fixtures import Settings

from campaigns.roles import COORDINATOR, MEMBER
from portal import access, urls
from portal.access import Row
from portal.models import User
from portal.views.home import privacy
from tests.house.people import World
from tests.house.post import Mail
from tests.portal.test_accounts import ENTER_CODE, SEND_CODE, code_in

INDEX = "/accounts/2fa/"
SET_UP = "/accounts/2fa/totp/activate/"
STEP = "/accounts/2fa/authenticate/"

ClientOf = Callable[[User | None], Client]


def app_code(secret: str) -> str:
    """What an authenticator app shows now for this key."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def set_up_app(client: Client) -> str:
    """Set an authenticator app up through its page; returns the app's key."""
    page = client.get(SET_UP).content.decode()
    (secret,) = re.findall(r'class="secret">([A-Z2-7]+)<', page)
    answer = client.post(SET_UP, {"code": app_code(secret)})
    assert answer.status_code == 302
    return str(secret)


@pytest.fixture
def desks(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pages, one for coordinators and one for members, with the second step demanded."""
    settings.DEMAND_SECOND_FACTOR = True
    rows = dict(access.table()) | {"desk": Row(role=COORDINATOR), "own": Row(role=MEMBER)}
    monkeypatch.setattr(access, "table", lambda: rows)
    pages = [path("desk/", privacy, name="desk"), path("own/", privacy, name="own")]
    settings.ROOT_URLCONF = type("Urls", (), {"urlpatterns": pages + urls.urlpatterns})


def test_a_coordinator_sets_it_up_and_carries_on(
    world: World, desks: None, client_of: ClientOf
) -> None:
    client = client_of(world.ana)
    answer = client.get("/desk/?state=KS")
    assert (answer.status_code, answer["Location"]) == (302, INDEX)
    assert "needs a second step" in client.get(INDEX).content.decode()
    set_up_app(client)
    assert 'href="/desk/?state=KS"' in client.get(INDEX).content.decode()
    assert client.get("/desk/?state=KS").status_code == 200


def test_a_member_needs_none_and_a_stranger_to_the_role_gets_no_further(
    world: World, desks: None, client_of: ClientOf
) -> None:
    assert client_of(world.mia).get("/own/").status_code == 200
    assert client_of(world.mia).get("/desk/").status_code == 403
    assert client_of(None).get("/desk/")["Location"] == "/accounts/login/?next=/desk/"


def test_the_demonstration_demands_none(
    world: World, desks: None, client_of: ClientOf, settings: Settings
) -> None:
    settings.DEMAND_SECOND_FACTOR = False
    assert client_of(world.ana).get("/desk/").status_code == 200


def test_sign_in_by_code_then_by_app(
    world: World, client_of: ClientOf, deliver_mail: Callable[[], list[Mail]]
) -> None:
    secret = set_up_app(client_of(world.ana))
    deliver_mail()
    client = Client()
    client.post(SEND_CODE, {"email": world.ana.email})
    answer = client.post(ENTER_CODE, {"code": code_in(deliver_mail())})
    assert answer["Location"] == STEP
    assert not get_user(client).is_authenticated  # the mailbox alone is not enough
    assert client.post(STEP, {"code": "000000"}).status_code == 200
    # The app's first code was used up by its set-up, so the app is half a minute further.
    Authenticator.objects.get(type="totp")
    later = format_hotp_value(hotp_value(secret, int(time.time()) // 30 + 1))
    assert client.post(STEP, {"code": later}).status_code == 302
    assert get_user(client) == world.ana


def test_a_recovery_code_lets_in_once(
    world: World, client_of: ClientOf, deliver_mail: Callable[[], list[Mail]]
) -> None:
    signed_in = client_of(world.ana)
    set_up_app(signed_in)
    codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    for answer_expected in (302, 200):
        deliver_mail()
        client = Client()
        client.post(SEND_CODE, {"email": world.ana.email})
        client.post(ENTER_CODE, {"code": code_in(deliver_mail())})
        assert client.post(STEP, {"code": codes[0]}).status_code == answer_expected


def test_every_page_of_it_opens_right_after_the_set_up(world: World, client_of: ClientOf) -> None:
    client = client_of(world.ana)
    set_up_app(client)
    pages = [
        INDEX,
        "/accounts/2fa/totp/deactivate/",
        "/accounts/2fa/recovery-codes/",
        "/accounts/2fa/recovery-codes/generate/",
        "/accounts/2fa/webauthn/",
        "/accounts/2fa/webauthn/add/",
        "/accounts/2fa/reauthenticate/",
        "/accounts/email/",
        "/accounts/password/set/",
        "/accounts/logout/",
        "/accounts/3rdparty/",
    ]
    assert {page: client.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)


def test_later_what_matters_asks_for_the_second_step_again(
    world: World, client_of: ClientOf
) -> None:
    set_up_app(client_of(world.ana))
    elsewhere = client_of(world.ana)
    for page in ("/accounts/2fa/totp/deactivate/", "/accounts/2fa/recovery-codes/"):
        answer = elsewhere.get(page)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/2fa/reauthenticate/")
