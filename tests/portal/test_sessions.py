"""Where a person is signed in: any browser is signed out from any other, and by a new password all but this."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from portal.models import User
from tests.house.people import make_user
from tests.house.post import Mail
from tests.portal.test_accounts import ENTER_CODE, RESET, RESET_CODE, SEND_CODE, code_in

Deliver = Callable[[], list[Mail]]

pytestmark = pytest.mark.django_db

SESSIONS = "/me/sessions/"
FIRST, SECOND = "three unrelated words", "four entirely different words"


@pytest.fixture
def mia() -> User:
    return make_user("Mia Chen")


def signed_in(user: User, deliver_mail: Deliver) -> Client:
    """A browser in which this person has signed in by a mailed code."""
    deliver_mail()
    cache.clear()  # no more than three codes in ten minutes else
    client = Client()
    client.post(SEND_CODE, {"email": user.email})
    assert client.post(ENTER_CODE, {"code": code_in(deliver_mail())}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get(reverse("profile")).status_code == 200


def test_one_browser_is_signed_out_from_another_and_the_rest_stays(
    mia: User, deliver_mail: Deliver
) -> None:
    here, there, elsewhere = (signed_in(mia, deliver_mail) for _ in range(3))
    lines = here.get(SESSIONS).context["lines"]
    (line,) = [line for line in lines if line["session"].session_key == there.session.session_key]
    assert here.post(reverse("end_session", args=[line["session"].pk])).status_code == 302
    assert [is_in(browser) for browser in (here, there, elsewhere)] == [True, False, True]
    assert len(here.get(SESSIONS).context["lines"]) == 2


def test_all_are_signed_out_with_one_button(mia: User, deliver_mail: Deliver) -> None:
    here, there = (signed_in(mia, deliver_mail) for _ in range(2))
    assert here.post(reverse("end_all_sessions")).status_code == 302
    assert [is_in(browser) for browser in (here, there)] == [False, False]


def test_a_stolen_cookie_is_worth_nothing_after_signing_out(
    mia: User, deliver_mail: Deliver
) -> None:
    here = signed_in(mia, deliver_mail)
    stolen = Client()
    stolen.cookies["sessionid"] = here.cookies["sessionid"].value
    assert is_in(stolen)
    here.post("/accounts/logout/")
    assert [is_in(browser) for browser in (here, stolen)] == [False, False]


def test_a_first_and_a_changed_password_end_every_other_session(
    mia: User, deliver_mail: Deliver
) -> None:
    here, there = (signed_in(mia, deliver_mail) for _ in range(2))
    answer = here.post("/accounts/password/set/", {"password1": FIRST, "password2": FIRST})
    assert answer.status_code == 302
    assert [is_in(browser) for browser in (here, there)] == [True, False]
    there = signed_in(mia, deliver_mail)
    changed = {"oldpassword": FIRST, "password1": SECOND, "password2": SECOND}
    assert here.post("/accounts/password/change/", changed).status_code == 302
    assert [is_in(browser) for browser in (here, there)] == [True, False]
    assert len(here.get(SESSIONS).context["lines"]) == 1


def test_a_reset_password_ends_every_session(mia: User, deliver_mail: Deliver) -> None:
    here = signed_in(mia, deliver_mail)
    deliver_mail()
    stranger = Client()
    stranger.post(RESET, {"email": mia.email})
    onward = stranger.post(RESET_CODE, {"code": code_in(deliver_mail())})
    new = {"password1": FIRST, "password2": FIRST}
    assert stranger.post(onward["Location"], new).status_code == 302
    assert not is_in(here)
