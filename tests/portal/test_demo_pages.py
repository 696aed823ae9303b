"""The demonstration's pages: there in the demonstration, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth import get_user
from django.db import transaction
from django.test import Client
from pytest_django.fixtures import Settings

from portal import outbox
from portal.views.demo import LETTER_POLICY
from tests.house.people import make_user
from tests.house.post import Mail

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(settings: Settings, tmp_path: Path) -> None:
    """The demonstration with Ana and Mia in its cast; Sam has an account but no part."""
    settings.DEMO = True
    settings.DEMO_CAST = tmp_path / "demo.json"
    people = [("Ana Ruiz", "coordinator", "/me/"), ("Mia Chen", "member", "//evil.example/")]
    rows = []
    for name, role, url in people:
        user = make_user(name)
        rows.append({"email": user.email, "name": name, "role": role, "try": "Try it.", "url": url})
    settings.DEMO_CAST.write_text(json.dumps(rows))
    make_user("Sam Field")


def soup(page: bytes) -> BeautifulSoup:
    """A page to be asked."""
    return BeautifulSoup(page, "html.parser")


def test_the_cast_signs_in_with_one_click(cast: None, client: Client) -> None:
    page = soup(client.get("/demo/").content)
    assert [h2.text for h2 in page.select("main h2")] == ["Members", "Coordinators"]
    assert [h3.text for h3 in page.select("main h3")] == ["Mia Chen", "Ana Ruiz"]
    answer = client.post("/demo/sign-in/", {"email": "ana@example.org"})
    assert (answer.status_code, answer["Location"]) == (302, "/me/")
    assert str(get_user(client)) == "Ana Ruiz"


def test_the_browser_stands_among_those_that_are_signed_in(cast: None, client: Client) -> None:
    client.post("/demo/sign-in/", {"email": "mia@example.org"})
    (line,) = client.get("/me/sessions/").context["lines"]
    assert line["current"]


def test_one_follows_the_next_in_the_same_browser(cast: None, client: Client) -> None:
    for email, name in (("ana@example.org", "Ana Ruiz"), ("mia@example.org", "Mia Chen")):
        client.post("/demo/sign-in/", {"email": email})
        assert str(get_user(client)) == name


def test_the_first_page_of_a_part_never_leaves_the_site(cast: None, client: Client) -> None:
    assert client.post("/demo/sign-in/", {"email": "mia@example.org"})["Location"] == "/"


def test_nobody_outside_the_cast_is_signed_in(cast: None, client: Client) -> None:
    assert client.post("/demo/sign-in/", {"email": "sam@example.org"}).status_code == 404
    assert not get_user(client).is_authenticated


def test_elsewhere_there_is_no_demonstration(
    cast: None, client: Client, settings: Settings, deliver_mail: Callable[[], list[Mail]]
) -> None:
    write_letter()
    (mail,) = deliver_mail()
    pages = ["/demo/", "/demo/mail/", f"/demo/mail/{mail.file.name}/"]
    pages.append(f"/demo/mail/{mail.file.name}/html/")
    assert [client.get(page).status_code for page in pages] == [200] * 4
    settings.DEMO = False
    assert [client.get(page).status_code for page in pages] == [404] * 4
    answer = client.post("/demo/sign-in/", {"email": "ana@example.org"})
    assert answer.status_code == 404
    assert not get_user(client).is_authenticated


def write_letter(to: str = "mia@example.org", subject: str = "Please sign off") -> None:
    """Put one letter with a link and something that looks like markup into the outbox."""
    body = "Open http://testserver/me/ and read.\n\n<script>alert(1)</script>"
    with transaction.atomic():
        outbox.tell(to, "account", {"subject": subject, "body": body})


def test_mail_is_read_and_its_links_lead_on(
    cast: None, client: Client, deliver_mail: Callable[[], list[Mail]]
) -> None:
    write_letter()
    write_letter("nobody@example.org", "Another's")
    deliver_mail()
    everybody = soup(client.get("/demo/mail/").content)
    assert len(everybody.select("main .row-title")) == 2
    assert [a.text for a in everybody.select("aside li a")] == [
        "Mia Chen (1)",
        "nobody@example.org (1)",
    ]
    box = soup(client.get("/demo/mail/?to=MIA@example.org").content)
    (link,) = box.select("main .row-title")
    assert link.text == "Please sign off"
    letter = client.get(str(link["href"]))
    page = soup(letter.content)
    assert "http://testserver/me/" in [a["href"] for a in page.select(".panel a")]
    assert page.select("main script") == []


def test_the_html_part_is_shown_in_a_sandbox_without_scripts(
    cast: None, client: Client, deliver_mail: Callable[[], list[Mail]]
) -> None:
    write_letter()
    (mail,) = deliver_mail()
    answer = client.get(f"/demo/mail/{mail.file.name}/html/")
    assert answer["Content-Security-Policy"] == LETTER_POLICY
    assert "<script>" not in answer.content.decode()


@pytest.mark.parametrize("name", ["nothing.eml", "..eml", "secrets", "%2e%2e%2fdemo.json"])
def test_only_messages_are_read(cast: None, client: Client, name: str) -> None:
    assert client.get(f"/demo/mail/{name}/").status_code == 404
