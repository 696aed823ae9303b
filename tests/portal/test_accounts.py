"""Signing up and in: one way for known and unknown addresses, one message each, everything by code."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from allauth.account.models import EmailAddress
from bs4 import BeautifulSoup
from django.contrib.auth import get_user
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from campaigns.models import Member, RosterEntry
from portal.models import Message, User
from tests.house.people import World, make_user
from tests.house.post import Mail

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

Deliver = Callable[[], list[Mail]]

SIGNUP = "/accounts/signup/"
SEND_CODE = "/accounts/login/code/"
ENTER_CODE = "/accounts/login/code/confirm/"
CONFIRM_ADDRESS = "/accounts/confirm-email/"
RESET = "/accounts/password/reset/"
RESET_CODE = "/accounts/password/reset/confirm/"

pytestmark = pytest.mark.django_db


def code_in(mails: list[Mail]) -> str:
    """The one six-digit code of the one mail that came."""
    assert len(mails) == 1
    (code,) = re.findall(r"^\d{6}$", mails[0].text, re.MULTILINE)
    return str(code)


def seen(response: Answer, address: str) -> tuple[int, str, str]:
    """What a stranger can see of an answer: status, where it leads, and the page without its tokens."""
    page = response.content.decode().replace(address, "ADDRESS")
    page = re.sub(
        r'(name="csrfmiddlewaretoken" value|csrf-token" content)="[^"]*"', r"\1=TOKEN", page
    )
    return response.status_code, response.get("Location", ""), page


def both_answers(path: str, known: str, unknown: str) -> list[list[tuple[int, str, str]]]:
    """Post a form with each address in a fresh browser and follow every step of the way."""
    ways = []
    for address in (known, unknown):
        client = Client()
        steps = [client.post(path, {"email": address})]
        while location := steps[-1].get("Location"):
            steps.append(client.get(location))
        steps.append(client.post(steps[-1].request["PATH_INFO"], {"code": "000000"}))
        ways.append([seen(step, address) for step in steps])
    return ways


@pytest.mark.parametrize("path", [SIGNUP, SEND_CODE, RESET])
def test_no_page_tells_whether_an_address_is_known(path: str) -> None:
    mia = make_user("Mia Chen")
    known, unknown = both_answers(path, mia.email, "nobody@example.org")
    assert known == unknown
    assert [status for status, _, _ in known] == [302, 200, 200]
    assert sorted(Message.objects.values_list("address", "template")) == [
        ("mia@example.org", "account"),
        ("nobody@example.org", "account"),
    ]


def test_every_third_wrong_code_ends_the_attempt_for_known_and_unknown_alike() -> None:
    make_user("Mia Chen")
    ways = []
    for address in ("mia@example.org", "nobody@example.org"):
        client = Client()
        client.post(SEND_CODE, {"email": address})
        answers = [client.post(ENTER_CODE, {"code": "not it"}) for _ in range(4)]
        ways.append([seen(answer, address) for answer in answers])
    assert ways[0] == ways[1]
    assert [status for status, _, _ in ways[0]] == [200, 200, 302, 302]


def test_a_wrong_password_and_an_unknown_address_read_the_same() -> None:
    mia = make_user("Mia Chen")
    mia.set_password("three unrelated words")
    mia.save()
    wrong = Client().post("/accounts/login/", {"login": mia.email, "password": "something else"})
    unknown = Client().post(
        "/accounts/login/", {"login": "nobody@example.org", "password": "something else"}
    )
    assert seen(wrong, mia.email) == seen(unknown, "nobody@example.org")
    assert wrong.status_code == 200
    right = Client().post(
        "/accounts/login/", {"login": mia.email, "password": "three unrelated words"}
    )
    assert right.status_code == 302


def test_answers_take_the_same_time(settings: Settings) -> None:
    settings.EVEN_ANSWER_SECONDS = 0.4
    make_user("Mia Chen")
    for address in ("mia@example.org", "nobody@example.org"):
        began = timezone.now()
        Client().post(SEND_CODE, {"email": address})
        assert 0.4 <= (timezone.now() - began).total_seconds() < 1.5


def test_sign_in_by_code(client: Client, deliver_mail: Deliver) -> None:
    mia = make_user("Mia Chen")
    client.post(SEND_CODE, {"email": "MIA@example.org", "next": "/me/"})
    answer = client.post(ENTER_CODE, {"code": code_in(deliver_mail()), "next": "/me/"})
    assert (answer.status_code, answer["Location"]) == (302, "/me/")
    assert get_user(client) == mia


def test_the_code_is_forgotten_once_it_is_sent(client: Client, deliver_mail: Deliver) -> None:
    make_user("Mia Chen")
    client.post(SEND_CODE, {"email": "mia@example.org"})
    code = code_in(deliver_mail())
    assert code not in str(Message.objects.values())


def test_sign_up_proves_the_address_and_keeps_it_in_lower_case(
    client: Client, deliver_mail: Deliver
) -> None:
    client.post(SIGNUP, {"email": "Nora.Lind@Example.org", "name": "  Nora \u202e  Lind\u200b "})
    mails = deliver_mail()
    assert [mail.to for mail in mails] == ["nora.lind@example.org"]
    answer = client.post(CONFIRM_ADDRESS, {"code": code_in(mails)})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    nora = User.objects.get()
    assert (nora.email, nora.name) == ("nora.lind@example.org", "Nora Lind")
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [
        ("nora.lind@example.org", True, True)
    ]
    assert get_user(client) == nora


def test_signing_up_twice_makes_one_person_and_sends_no_second_code(
    client: Client, deliver_mail: Deliver
) -> None:
    mia = make_user("Mia Chen")
    client.post(SIGNUP, {"email": "Mia@Example.ORG"})
    (mail,) = deliver_mail()
    assert (mail.to, mail.subject) == ("mia@example.org", "You already have an account")
    assert re.findall(r"\d{6}", mail.text) == []
    assert list(User.objects.all()) == [mia]


def test_mail_links_point_to_the_site_whatever_host_was_asked(
    deliver_mail: Deliver, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    Client().post(SEND_CODE, {"email": "nobody@example.org"}, headers={"host": "evil.example"})
    (mail,) = deliver_mail()
    assert mail.links == [SIGNUP]
    assert "evil.example" not in mail.text + mail.html


def test_a_rostered_address_becomes_its_society_s_member_at_sign_up(
    world: World, client: Client, deliver_mail: Deliver
) -> None:
    rosa = Member.objects.create(email="rosa@example.org", given_name="Rosa")
    RosterEntry.objects.create(society=world.isscr, member=rosa, email="rosa@example.org")
    client.post(SIGNUP, {"email": "rosa@example.org"})
    mails = deliver_mail()
    rosa.refresh_from_db()
    assert rosa.user is None  # nothing before the address is proven
    client.post(CONFIRM_ADDRESS, {"code": code_in(mails)})
    rosa.refresh_from_db()
    assert rosa.user == User.objects.get(email="rosa@example.org")


def test_a_rostered_address_proven_by_a_sign_in_code_counts_as_well(
    world: World, client: Client, deliver_mail: Deliver
) -> None:
    """Somebody signed up, never confirmed, and signs in by code later: that proves the address, too."""
    client.post(SIGNUP, {"email": "rosa@example.org"})
    deliver_mail()
    rosa = Member.objects.create(email="rosa@example.org", given_name="Rosa")
    RosterEntry.objects.create(society=world.isscr, member=rosa, email="rosa@example.org")
    later = Client()
    later.post(SEND_CODE, {"email": "rosa@example.org"})
    later.post(ENTER_CODE, {"code": code_in(deliver_mail())})
    rosa.refresh_from_db()
    assert rosa.user == get_user(later) == User.objects.get(email="rosa@example.org")


def test_reset_by_code_sets_a_first_password(client: Client, deliver_mail: Deliver) -> None:
    mia = make_user("Mia Chen")
    client.post(RESET, {"email": mia.email})
    answer = client.post(RESET_CODE, {"code": code_in(deliver_mail())})
    words = "three unrelated words"
    answer = client.post(answer["Location"], {"password1": words, "password2": words})
    assert answer.status_code == 302
    mia.refresh_from_db()
    assert mia.check_password(words)


def test_an_address_is_added_by_code_and_main_one_changed(
    client_of: Callable[[User | None], Client], deliver_mail: Deliver
) -> None:
    mia = make_user("Mia Chen")
    client = client_of(mia)
    client.post("/accounts/email/", {"email": "Mia@Home.example", "action_add": "1"})
    assert not EmailAddress.objects.filter(email="mia@home.example", verified=True).exists()
    proven = client.post(CONFIRM_ADDRESS, {"code": code_in(deliver_mail())})
    assert proven.headers["Location"] == "/accounts/email/"
    client.post("/accounts/email/", {"email": "mia@home.example", "action_primary": "1"})
    mia.refresh_from_db()
    assert mia.email == "mia@home.example"
    assert EmailAddress.objects.filter(user=mia, verified=True).count() == 2


def test_adding_somebody_else_s_address_reads_like_adding_a_free_one(
    client_of: Callable[[User | None], Client], deliver_mail: Deliver
) -> None:
    make_user("Otto Brandt")
    ways = []
    for name, address in (("Mia Chen", "otto@example.org"), ("Nils Dahl", "free@example.org")):
        user = make_user(name)
        client = client_of(user)
        answer = client.post("/accounts/email/", {"email": address, "action_add": "1"})
        page = client.get(answer["Location"])
        ways.append([seen(answer, address), seen_without(page, address, user)])
    assert ways[0] == ways[1]
    assert sorted(mail.to for mail in deliver_mail()) == ["free@example.org", "otto@example.org"]


def seen_without(response: Answer, address: str, user: User) -> tuple[int, str, str]:
    """What is seen, apart from the reader's own name in the header."""
    status, location, page = seen(response, address)
    return status, location, page.replace(user.name, "READER")


def test_asking_too_often_is_refused_for_known_and_unknown_alike() -> None:
    make_user("Mia Chen")
    ways = []
    for address in ("mia@example.org", "nobody@example.org"):
        answers = [Client().post(SEND_CODE, {"email": address}) for _ in range(4)]
        ways.append([seen(answer, address) for answer in answers])
    assert ways[0] == ways[1]
    assert [status for status, _, _ in ways[0]] == [302, 302, 302, 200]
    assert "That was a lot of attempts" in ways[0][3][2]
    assert Message.objects.count() == 6


def test_signing_up_too_often_is_refused_for_known_and_unknown_alike() -> None:
    make_user("Mia Chen")
    ways = []
    for address in ("mia@example.org", "nobody@example.org"):
        answers = [Client().post(SIGNUP, {"email": address}) for _ in range(4)]
        ways.append([seen(answer, address) for answer in answers])
    assert ways[0] == ways[1]
    assert [status for status, _, _ in ways[0]] == [302, 302, 302, 429]
    assert "That was a lot of attempts" in ways[0][3][2]
    assert Message.objects.count() == 6


def test_a_closed_account_gets_no_code(client: Client, deliver_mail: Deliver) -> None:
    mia = make_user("Mia Chen")
    mia.is_active = False
    mia.save()
    client.post(SEND_CODE, {"email": mia.email})
    (mail,) = deliver_mail()
    assert mail.subject == "There is no account with this address"
    assert re.findall(r"\d{6}", mail.text) == []


def test_a_closed_account_reads_so_after_the_right_password(client: Client) -> None:
    mia = make_user("Mia Chen")
    mia.set_password("three unrelated words")
    mia.is_active = False
    mia.save()
    answer = client.post(
        "/accounts/login/", {"login": mia.email, "password": "three unrelated words"}
    )
    assert answer["Location"] == "/accounts/inactive/"
    assert not get_user(client).is_authenticated
    assert b"This account is closed" in client.get("/accounts/inactive/").content


def test_the_way_on_from_an_invitation_is_kept_by_mail_when_the_other_door_was_right(
    deliver_mail: Deliver,
) -> None:
    make_user("Mia Chen")
    onward = "/campaigns/it-happened-here/"
    make_user("Ben Otis")
    asked = "?next=%2Fcampaigns%2Fit-happened-here%2F"

    def mailed(path: str, email: str, onward: str) -> str:
        Client().post(path, {"email": email, "next": onward})
        (mail,) = deliver_mail()
        return mail.text

    assert f"/accounts/login/{asked}\n" in mailed(SIGNUP, "mia@example.org", onward)
    assert f"/accounts/signup/{asked}\n" in mailed(SEND_CODE, "nobody@example.org", onward)
    assert "/accounts/login/\n" in mailed(SIGNUP, "ben@example.org", "https://elsewhere.example/")


def test_two_sign_ups_at_the_same_moment_make_one_person(
    client: Client, deliver_mail: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both forms were checked before either was saved."""
    make_user("Mia Chen")
    monkeypatch.setattr(
        "allauth.account.forms.flows.manage_email.email_already_exists",
        lambda email: (email, False),
    )
    answer = client.post(SIGNUP, {"email": "mia@example.org"})
    assert (answer.status_code, answer["Location"]) == (302, CONFIRM_ADDRESS)
    (mail,) = deliver_mail()
    assert mail.subject == "You already have an account"
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Please fill this in."),
        ("nonsense", "Please give an e-mail address, such as name@example.org."),
    ],
)
def test_what_is_wrong_is_said_in_our_own_words(client: Client, typed: str, said: str) -> None:
    page = BeautifulSoup(client.post(SIGNUP, {"email": typed}).content, "html.parser")
    assert [words.text.strip() for words in page.select(".invalid-feedback")] == [said]
