"""The first page, where each role lands, the header, one's own profile."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth import get_user
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from campaigns.roles import Ties, ties
from portal.models import AuditLine, User
from portal.navigation import Entry, entries, start_page
from stories.navigation import STARTS
from tests.house.people import World, make_user

ClientOf = Callable[[User | None], Client]


def soup(page: bytes) -> BeautifulSoup:
    """A page, to be asked."""
    return BeautifulSoup(page, "html.parser")


@pytest.mark.django_db
def test_a_stranger_reads_what_this_is_and_how_to_begin(client: Client) -> None:
    page = soup(client.get("/").content)
    assert [h1.text for h1 in page.select("h1")] == ["What did research funding make possible?"]
    assert [a["href"] for a in page.select("main a.btn")] == [
        "/accounts/signup/",
        "/accounts/login/",
    ]


@pytest.mark.django_db
def test_privacy_is_open_to_all(client: Client) -> None:
    page = soup(client.get("/privacy/").content)
    assert [h2.text for h2 in page.select("h2")] == [
        "What is kept",
        "Who sees it",
        "How to take it back",
    ]


def test_each_tie_lands_on_its_own_first_page(world: World, client_of: ClientOf) -> None:
    starts = {tie: reverse(name) for tie, name in STARTS}
    landed = {
        tie: client_of(person).get("/").get("Location")
        for tie, person in (
            ("member", world.mia),
            ("coordinator", world.ana),
            ("partner_user", world.paula),
        )
    }
    assert landed == {tie: starts.get(tie) for tie in landed}


def test_without_a_tie_one_reads_why_and_what_to_do(world: World, client_of: ClientOf) -> None:
    page = soup(client_of(world.sam).get("/").content)
    assert "No society has this address on its roster yet" in page.main.text  # type: ignore[union-attr]
    assert page.select('main a[href="/accounts/email/"]') != []


def test_no_tie_page_leads_to_asking_where_there_is_a_page_for_it(
    world: World, client_of: ClientOf, settings: Settings
) -> None:
    settings.ASK_TO_BE_ADDED = "privacy"
    assert soup(client_of(world.sam).get("/").content).select('main a[href="/privacy/"]') != []


def test_ties_are_known_in_one_query(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert ties(world.mia) == Ties(member=True)
    assert ties(world.ana) == Ties(coordinator=True)
    assert ties(world.lee) == Ties(coordinator=True, lead=True, creator=True)
    assert ties(world.paula) == Ties(partner_user=True)
    assert ties(world.sam) == Ties()


def test_the_header_costs_two_queries_whatever_the_ties(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for person in (world.mia, world.lee, world.sam):
        with django_assert_num_queries(2):
            entries(person, "/")


def test_the_header_marks_the_longest_address_that_one_is_under(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NAVIGATION = ["tests.portal.test_home.three_rooms"]
    found = entries(world.mia, "/stories/new/7/")
    assert [(entry.label, entry.current) for entry in found] == [
        ("Stories", False),
        ("New story", True),
        ("Batches", False),
    ]


def three_rooms(user: User) -> list[Entry]:
    """Links as a package would give them, out of order."""
    return [
        Entry("Batches", "/batches/", 30),
        Entry("Stories", "/stories/", 10),
        Entry("New story", "/stories/new/", 20),
    ]


def test_the_header_marks_a_room_at_addresses_that_lie_elsewhere(world: World) -> None:
    for path in (f"/lead/{world.campaign.slug}/batches/", "/lead/stories/7/"):
        assert [e.label for e in entries(world.lee, path) if e.current] == ["Handing over"]
    at_setup = entries(world.lee, f"/lead/{world.campaign.slug}/phases/")
    assert [e.label for e in at_setup if e.current] == ["Campaigns I lead"]


def test_a_coordinator_finds_the_notices_that_mail_speaks_of_in_the_menu(
    world: World, client_of: ClientOf
) -> None:
    def link_of(user: User) -> list[str]:
        page = soup(client_of(user).get("/me/").content)
        assert page.select('.rooms a[href="/me/notices/"]') == []
        return [link.text for link in page.select('.menu-panel a[href="/me/notices/"]')]

    assert link_of(world.ana) == ["Notices"]
    assert link_of(world.mia) == []


def test_a_coordinator_finds_the_campaigns_and_their_coverage_from_the_header(
    world: World, client_of: ClientOf
) -> None:
    client = client_of(world.ana)
    page = soup(client.get(reverse("stories:queue")).content)
    [link] = page.select('.rooms a[href="/campaigns/"]')
    listed = soup(client.get(str(link["href"])).content)
    [title] = listed.select("main a.row-title")
    shown = soup(client.get(str(title["href"])).content)
    coverage = reverse("stories:coverage", args=[world.campaign.slug])
    assert len(shown.select(f'a[href="{coverage}"]')) == 1
    world.campaign.societies.clear()
    assert "None of your societies takes part" in client.get("/campaigns/").content.decode()


def test_an_operator_lands_where_operators_work_and_nobody_else_does(
    world: World, client_of: ClientOf
) -> None:
    assert start_page(world.sam) is None
    assert client_of(world.olga).get("/")["Location"] == reverse("operator")
    assert [e.label for e in entries(world.olga, "/operator/")] == ["Post and work", "Accounts"]
    assert entries(world.sam, "/operator/") == []


@pytest.mark.django_db
def test_profile_needs_sign_in_and_comes_back(client: Client) -> None:
    assert client.get("/me/")["Location"] == "/accounts/login/?next=/me/"


@pytest.mark.django_db
def test_renaming_oneself(client_of: ClientOf) -> None:
    mia = make_user("Mia Chen")
    client = client_of(mia)
    answer = client.post("/me/name/", {"name": " Mia \u202e Chen-Ortiz "}, follow=True)
    assert "Your name is saved." in answer.content.decode()
    mia.refresh_from_db()
    assert mia.name == "Mia Chen-Ortiz"
    line = AuditLine.objects.get(verb="rename")
    assert (line.actor, line.object_id, line.detail) == (mia, str(mia.pk), {})


@pytest.mark.django_db
def test_a_name_that_is_too_long_stays_in_the_form(client_of: ClientOf) -> None:
    client = client_of(make_user("Mia Chen"))
    answer = client.post("/me/name/", {"name": "M" * 151})
    assert answer.status_code == 400
    assert soup(answer.content).select("input[name=name]")[0]["value"] == "M" * 151


@pytest.mark.django_db
def test_signing_out_is_one_button(client_of: ClientOf) -> None:
    client = client_of(make_user("Mia Chen"))
    forms = soup(client.get("/me/").content).select('header form[action="/accounts/logout/"]')
    assert [form["method"] for form in forms] == ["post"]
    assert client.post("/accounts/logout/")["Location"] == "/"
    assert not get_user(client).is_authenticated


def test_the_icon_that_browsers_look_for_is_there(client: Client) -> None:
    icon = client.get("/favicon.ico")
    assert (icon.status_code, icon["Content-Type"]) == (200, "image/x-icon")
    assert b"".join(icon.streaming_content)[:4] == b"\x00\x00\x01\x00"  # type: ignore[attr-defined]
    assert 'href="/favicon.ico"' in client.get("/").content.decode()
