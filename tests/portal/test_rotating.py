"""Keys are rotated as SECURITY.md says: a new one in front, the command, and the old one is taken away."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Mapping

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from cryptography.fernet import Fernet
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from portal import vault
from portal.forms import CANNOT_BE_CHECKED
from portal.models import AuditLine, User
from portal.people import SECRET_PARTS
from tests.house.people import World
from tests.house.post import Mail
from tests.portal.test_accounts import ENTER_CODE, SEND_CODE, code_in
from tests.portal.test_second_step import STEP, app_code, set_up_app

ClientOf = Callable[[User | None], Client]
DeliverMail = Callable[[], list[Mail]]

OLD, NEW = "an earlier secret key " * 3, "the newest secret key " * 3
OLD_FIELD, NEW_FIELD = (Fernet.generate_key().decode() for _ in range(2))

SESSIONS = "/me/sessions/"

Values = Mapping[str, object]
SECRET: tuple[Values, Values, Values] = (
    {"SECRET_KEY": OLD, "SECRET_KEY_FALLBACKS": [], "FIELD_KEYS": []},
    {"SECRET_KEY": NEW, "SECRET_KEY_FALLBACKS": [OLD], "FIELD_KEYS": []},
    {"SECRET_KEY": NEW, "SECRET_KEY_FALLBACKS": [], "FIELD_KEYS": []},
)
FIELD: tuple[Values, Values, Values] = (
    {"FIELD_KEYS": [OLD_FIELD]},
    {"FIELD_KEYS": [NEW_FIELD, OLD_FIELD]},
    {"FIELD_KEYS": [NEW_FIELD]},
)
#: From keys that follow from SECRET_KEY to keys of their own.
FIRST_FIELD: tuple[Values, Values, Values] = (
    {"SECRET_KEY": OLD, "SECRET_KEY_FALLBACKS": [], "FIELD_KEYS": []},
    {"SECRET_KEY": OLD, "SECRET_KEY_FALLBACKS": [], "FIELD_KEYS": [NEW_FIELD]},
    {"SECRET_KEY": NEW, "SECRET_KEY_FALLBACKS": [], "FIELD_KEYS": [NEW_FIELD]},
)


def set_to(settings: Settings, values: Values) -> None:
    for name, value in values.items():
        setattr(settings, name, value)


def rotate() -> str:
    """Run the command; what it says."""
    said = io.StringIO()
    call_command("rotate_secrets", stdout=said)
    return said.getvalue().strip()


def by_code(user: User, deliver_mail: DeliverMail, leads_to: str = "/") -> Client:
    """A browser in which this person has entered a mailed code."""
    deliver_mail()
    cache.clear()  # no more than three codes in ten minutes else
    client = Client()
    client.post(SEND_CODE, {"email": user.email})
    answer = client.post(ENTER_CODE, {"code": code_in(deliver_mail())})
    assert answer["Location"] == leads_to
    return client


@pytest.mark.parametrize("steps", [SECRET, FIELD, FIRST_FIELD], ids=["secret", "field", "first"])
def test_everything_goes_on_once_the_old_key_is_taken_away(
    steps: tuple[Values, Values, Values],
    world: World,
    client_of: ClientOf,
    deliver_mail: DeliverMail,
    settings: Settings,
) -> None:
    before, during, after = steps
    set_to(settings, before)
    secret = set_up_app(client_of(world.ana))
    stored = stored_secrets()
    recovery = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()

    set_to(settings, during)
    assert rotate() == "Encrypted the secrets of 2 authenticators anew."
    assert set(stored_secrets()).isdisjoint(stored)

    set_to(settings, after)
    assert (
        rotate() == "Encrypted the secrets of 2 authenticators anew."
    )  # the new key alone reads all
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=1)):
        client = by_code(world.ana, deliver_mail, STEP)
        assert client.post(STEP, {"code": app_code(secret)}).status_code == 302
        assert get_user(client) == world.ana
        client = by_code(world.ana, deliver_mail, STEP)
        assert client.post(STEP, {"code": recovery[0]}).status_code == 302
        assert get_user(client) == world.ana
    lines = AuditLine.objects.filter(verb="rotate_secrets")
    assert [line.detail for line in lines] == [{"rotated": 2}] * 2


def test_a_new_secret_key_signs_nobody_out_and_hides_no_browser(
    world: World, deliver_mail: DeliverMail, settings: Settings
) -> None:
    set_to(settings, SECRET[0])
    here, elsewhere = (by_code(world.ana, deliver_mail) for _ in range(2))
    set_to(settings, SECRET[1])
    assert browsers_listed(here) == 2  # looking where one is signed in signs nobody out
    assert browsers_listed(elsewhere) == 2
    set_to(settings, SECRET[2])
    assert browsers_listed(elsewhere) == 2
    assert here.post("/me/sessions/end-others/").status_code == 302
    assert (
        elsewhere.get(SESSIONS).status_code == 302
    )  # what the new key did not end, its owner does
    assert browsers_listed(here) == 1


def test_signing_in_elsewhere_meanwhile_signs_out_no_browser_that_was_not_back_yet(
    world: World, deliver_mail: DeliverMail, settings: Settings
) -> None:
    set_to(settings, SECRET[0])
    first, ended = (by_code(world.ana, deliver_mail) for _ in range(2))
    Session.objects.get(session_key=ended.session.session_key).delete()
    set_to(settings, SECRET[1])
    second = by_code(world.ana, deliver_mail)
    assert browsers_listed(first) == 2
    assert browsers_listed(second) == 2
    assert Session.objects.count() == UserSession.objects.count() == 2
    # Both have come to the new key, the first one by the other's coming.
    set_to(settings, SECRET[2])
    assert [browsers_listed(client) for client in (first, second)] == [2, 2]


def test_a_browser_that_did_not_come_back_in_time_signs_in_again_and_is_listed_no_more(
    world: World, deliver_mail: DeliverMail, settings: Settings
) -> None:
    set_to(settings, SECRET[0])
    here, elsewhere = (by_code(world.ana, deliver_mail) for _ in range(2))
    set_to(settings, SECRET[1])
    assert browsers_listed(here) == 2
    set_to(settings, SECRET[2])
    assert elsewhere.get(SESSIONS).status_code == 302
    assert browsers_listed(here) == 1


def browsers_listed(client: Client) -> int:
    """In how many browsers this person reads to be signed in."""
    page = client.get(SESSIONS)
    assert page.status_code == 200
    return len(page.context["lines"])


def stored_secrets() -> list[str]:
    """What stands in the database, as it stands there."""
    rows = Authenticator.objects.order_by("pk").values_list("data", flat=True)
    return [str(data.get("secret") or data.get("seed")) for data in rows]


def test_a_key_that_is_taken_away_too_early_stops_the_command_in_words_and_changes_nothing(
    world: World, client_of: ClientOf, settings: Settings
) -> None:
    set_to(settings, FIELD[0])
    set_up_app(client_of(world.ana))
    stored = stored_secrets()
    set_to(settings, FIELD[2])
    with pytest.raises(CommandError, match="a key that FIELD_KEYS and SECRET_KEY no longer give"):
        rotate()
    assert stored_secrets() == stored
    set_to(settings, FIELD[1])
    assert rotate() == "Encrypted the secrets of 2 authenticators anew."


def test_whoever_needs_a_key_that_is_gone_reads_what_to_do_and_gets_no_further(
    world: World,
    client_of: ClientOf,
    deliver_mail: DeliverMail,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    set_to(settings, FIELD[0])
    secret = set_up_app(client_of(world.ana))
    recovery = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    set_to(settings, FIELD[2])
    client = by_code(world.ana, deliver_mail, STEP)
    for code in (app_code(secret), recovery[0]):
        caplog.clear()
        answer = client.post(STEP, {"code": code})
        assert answer.status_code == 200
        assert answer.context["form"].errors == {"code": [CANNOT_BE_CHECKED]}
        assert not get_user(client).is_authenticated
        assert {(line.levelname, line.getMessage()) for line in caplog.records} >= {
            (
                "ERROR",
                "A second step cannot be checked: put the key that was taken away from FIELD_KEYS or "
                "SECRET_KEY_FALLBACKS back, and run rotate_secrets before it goes.",
            )
        }
    set_to(settings, FIELD[1])
    assert client.post(STEP, {"code": recovery[0]}).status_code == 302
    assert get_user(client) == world.ana


@pytest.mark.parametrize("readable", ["totp", "recovery_codes"])
def test_what_can_still_be_read_of_a_second_step_lets_in(
    readable: str,
    world: World,
    client_of: ClientOf,
    deliver_mail: DeliverMail,
    settings: Settings,
) -> None:
    set_to(settings, FIELD[0])
    secret = set_up_app(client_of(world.ana))
    recovery = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    set_to(settings, FIELD[1])
    row = Authenticator.objects.get(type=readable)
    row.data |= {
        part: vault.encrypted_anew(row.data[part]) for part in SECRET_PARTS if part in row.data
    }
    row.save()
    set_to(settings, FIELD[2])
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=1)):
        client = by_code(world.ana, deliver_mail, STEP)
        codes = {"totp": app_code(secret), "recovery_codes": recovery[0]}
        code = codes.pop(readable)
        for wrong in ("000000", *codes.values()):
            assert client.post(STEP, {"code": wrong}).status_code == 200
            assert not get_user(client).is_authenticated
        assert client.post(STEP, {"code": code}).status_code == 302
        assert get_user(client) == world.ana


def test_recovery_codes_that_cannot_be_read_are_refused_in_words(
    world: World, client_of: ClientOf, settings: Settings
) -> None:
    set_to(settings, FIELD[0])
    client = client_of(world.ana)
    set_up_app(client)
    page = "/accounts/2fa/recovery-codes/"
    assert client.get(page).status_code == 200
    set_to(settings, FIELD[2])
    answer = client.get(page)
    assert answer.status_code == 400
    assert answer.context["words"] == CANNOT_BE_CHECKED
