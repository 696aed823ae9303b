"""Refusals in words: each page says what happened and what to do next, and gives back what was typed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from django.views.decorators.http import require_POST
from pytest_django.fixtures import Settings

from portal import access, urls
from portal.access import PUBLIC, SIGNED_IN, Row
from portal.errors import Refused, TooLate
from portal.models import User
from portal.views import errors
from tests.house.people import make_user

STORY = "It began with a freezer that nobody wanted to pay for.\nThen it held the cells."

pytestmark = pytest.mark.django_db


def raising(problem: Exception) -> Callable[[HttpRequest], HttpResponse]:
    """A view that meets this problem."""

    def view(request: HttpRequest) -> HttpResponse:
        raise problem

    return view


@require_POST
def verb(request: HttpRequest) -> HttpResponse:
    """A verb's door."""
    return HttpResponse("done")


PAGES = [
    path("late/", raising(TooLate("Ben Okafor approved it on 3 May 2027.")), name="late"),
    path("refused/", raising(Refused("A batch needs at least one story.")), name="refused"),
    path("forbidden/", raising(PermissionDenied()), name="forbidden"),
    path("bad/", raising(BadRequest()), name="bad"),
    path("away/", raising(OperationalError("secret of a person")), name="away"),
    path("broken/", raising(RuntimeError("secret of a person")), name="broken"),
    path("verb/", verb, name="verb"),
]


@pytest.fixture(autouse=True)
def pages(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Doors that refuse in every way; all open to anybody but the verb's."""
    rows = dict(access.table()) | {str(page.name): PUBLIC for page in PAGES}
    rows["verb"] = Row(role=SIGNED_IN)
    monkeypatch.setattr(access, "table", lambda: rows)
    handlers = {
        "handler400": errors.bad_request,
        "handler403": errors.forbidden,
        "handler404": errors.not_found,
        "handler500": errors.our_failure,
    }
    settings.ROOT_URLCONF = type("Urls", (), {"urlpatterns": PAGES + urls.urlpatterns} | handlers)


def soup(page: bytes) -> BeautifulSoup:
    """A page, to be asked."""
    return BeautifulSoup(page, "html.parser")


@pytest.mark.parametrize(
    ("address", "status", "heading"),
    [
        ("/late/", 409, "That is no longer possible"),
        ("/refused/", 400, "That cannot be done like this"),
        ("/forbidden/", 403, "This is not open to you"),
        ("/bad/", 400, "That request cannot be read"),
        ("/nowhere/", 404, "There is nothing here for you to see"),
    ],
)
def test_each_refusal_has_its_page_and_a_way_on(address: str, status: int, heading: str) -> None:
    answer = Client().get(address)
    assert answer.status_code == status
    page = soup(answer.content)
    assert [h1.text for h1 in page.select("h1")] == [heading]
    assert page.select('main a[href="/"]') != []


def test_our_own_failure_tells_no_secret() -> None:
    answer = Client(raise_request_exception=False).get("/broken/")
    assert answer.status_code == 500
    assert "It was not your doing" in answer.content.decode()
    assert "secret of a person" not in answer.content.decode()


def test_while_the_database_is_away_the_page_says_when_to_try_again_and_keeps_the_words() -> None:
    client = Client(raise_request_exception=False)
    answer = client.post("/away/", {"text": STORY, "password": "p" * 40})
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (
        503,
        "30",
        "no-store",
    )
    page = soup(answer.content)
    assert [h1.text for h1 in page.select("h1")] == ["Please try again in a minute"]
    assert [area.text for area in page.select("textarea")] == [STORY]
    assert "secret of a person" not in answer.content.decode()
    assert soup(client.get("/away/").content).select("textarea") == []


def test_whatever_was_sent_the_page_about_the_database_comes() -> None:
    make = RequestFactory().generic
    broken = make("POST", "/away/", b"no parts", content_type="multipart/form-data")
    heavy = make("POST", "/away/", b"x" * (access.FORM_BYTES + 1))
    fields = make("POST", "/", b"&".join([b"a=1"] * 3000), "application/x-www-form-urlencoded")
    for request in (broken, heavy, fields):
        try:
            raise InterfaceError("connection already closed")
        except InterfaceError:
            assert errors.our_failure(request).status_code == 503


def test_too_late_says_who_and_when_and_gives_the_words_back() -> None:
    answer = Client().post(
        "/late/",
        {"text": STORY, "tag": "short"},
        headers={"referer": "http://testserver/review/7/"},
    )
    page = soup(answer.content)
    assert answer.status_code == 409
    assert "Ben Okafor approved it on 3 May 2027." in page.main.text  # type: ignore[union-attr]
    assert [area.text for area in page.select("textarea")] == [STORY]
    assert page.select("main a.btn")[0]["href"] == "/review/7/"


def test_the_way_back_never_leaves_the_site() -> None:
    answer = Client().post("/late/", headers={"referer": "http://evil.example/review/7/"})
    assert [a["href"] for a in soup(answer.content).select("main a.btn")] == ["/"]


def test_a_refusal_of_a_fragment_replaces_the_page() -> None:
    answer = Client().post("/refused/", headers={"hx-request": "true"})
    assert (answer.status_code, answer["HX-Retarget"]) == (400, "body")


def test_a_verb_opened_like_a_page_says_so(client_of: Callable[[User | None], Client]) -> None:
    client = client_of(make_user("Mia Chen"))
    answer = client.get("/verb/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "This address is not a page" in answer.content.decode()
    assert client.post("/verb/").content == b"done"


def test_a_long_text_sent_after_the_session_ended_is_given_back() -> None:
    answer = Client().post(
        "/verb/", {"text": STORY}, headers={"referer": "http://testserver/write/"}
    )
    assert answer.status_code == 403
    page = soup(answer.content)
    assert [area.text for area in page.select("textarea")] == [STORY]
    assert page.select("main a.btn")[0]["href"] == "/accounts/login/?next=/write/"


def test_a_button_pressed_after_the_session_ended_leads_to_sign_in_and_back() -> None:
    answer = Client().post("/verb/", headers={"referer": "http://testserver/review/?state=KS"})
    assert answer["Location"] == "/accounts/login/?next=/review/%3Fstate%3DKS"


def test_a_background_save_after_the_session_ended_is_401() -> None:
    answer = Client().post("/verb/", {"text": STORY}, headers={"hx-request": "true"})
    assert (answer.status_code, answer.content) == (401, b"")


def test_a_stale_form_gives_the_words_back(client_of: Callable[[User | None], Client]) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/verb/", {"text": STORY, "password": "p" * 40})
    assert answer.status_code == 403
    page = soup(answer.content)
    assert [h1.text for h1 in page.select("h1")] == ["This form was too old to be sent"]
    assert [area.text for area in page.select("textarea")] == [STORY]
