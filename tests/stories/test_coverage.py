"""The coverage page: its numbers are those of a plain count, and what is missing stands first."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.db.models import Count
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bench import rows
from campaigns.models import Campaign, Phase, ZipArea
from portal.models import User
from stories.models import CoverageCount, CoverageLine, Item, Story
from stories.verbs import coverage, telling
from tests.house.batches import delivered_batch
from tests.house.browser import NARROW, OpenPage, fits, no_axe_findings
from tests.house.people import World, make_campaign
from tests.house.queries import equal_queries
from tests.house.stories import approved_story, submitted_story

ClientOf = Callable[[User | None], Client]


def address(world: World) -> str:
    return reverse("stories:coverage", args=[world.campaign.slug])


def count(world: World) -> None:
    assert coverage.count(campaign=world.campaign, now=timezone.now())


def table(response: Any) -> dict[str, list[str]]:
    """The table's lines: the name, and the numbers as they are shown."""
    page = BeautifulSoup(response.content, "html.parser")
    lines = page.select("main table tbody tr, main table tfoot tr")
    return {
        " ".join(line.find("th").get_text(" ").split()): [  # type: ignore[union-attr]
            cell.get_text() for cell in line.find_all("td")
        ]
        for line in lines
    }


def missing(response: Any) -> list[str]:
    page = BeautifulSoup(response.content, "html.parser")
    return [
        " ".join(line.get_text().split()) for line in page.select(".next-step p, .next-step li")
    ]


@pytest.mark.parametrize("chunk", [50_000, 3])
def test_the_summary_is_a_plain_count(
    world: World, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(coverage, "CHUNK", chunk)
    rows.handed_over(world, 0, 9, each=4)
    rows.recalled(world, 9, 12)
    rows.to_review(world, 12, 20)
    submitted_story(world, member=world.nils_member)
    telling.withdraw(by=world.mia, story=approved_story(world))
    count(world)
    told = Counter(
        Story.objects.exclude(submitted_at=None)
        .exclude(state="withdrawn")
        .values_list("society", "us_state", "district")
    )
    handed = {
        (society, state, district, partner): number
        for society, state, district, partner, number in Item.objects.filter(ended_at=None)
        .values_list("story__society", "story__us_state", "story__district", "partner")
        .annotate(Count("pk"))
        .order_by()
    }
    lines = CoverageLine.objects.filter(campaign=world.campaign)
    assert {
        (line.society_id, line.us_state, line.district): line.submitted
        for line in lines.filter(partner=None)
    } == told
    assert {
        (line.society_id, line.us_state, line.district, line.partner_id): line.handed_over
        for line in lines.exclude(partner=None)
    } == handed
    assert sum(told.values()) == 21
    assert sum(handed.values()) == 9


def test_a_lead_reads_every_state_and_what_is_missing(world: World, client_of: ClientOf) -> None:
    approved_story(world)
    delivered_batch(world)
    submitted_story(world, hook="In review")
    submitted_story(world, member=world.nils_member)
    count(world)
    response = client_of(world.lee).get(address(world))
    # Submitted, in review, approved, handed to Research!America, handed to Science Frontline.
    assert table(response) == {
        "Kansas": ["2", "1", "1", "1", "0"],
        "North Carolina": ["0", "0", "0", "0", "0"],
        "Pennsylvania": ["0", "0", "0", "0", "0"],
        "Utah": ["1", "1", "0", "0", "0"],
        "Together": ["3", "2", "1", "1", "0"],
    }
    # In one line; Texas' phase is not open yet.
    assert missing(response)[0] == "No story yet from North Carolina, Pennsylvania."


def test_territories_are_missing_apart_from_states(world: World, client_of: ClientOf) -> None:
    Phase.objects.filter(pk=world.phase_one.pk).update(states=["AA", "GU", "KS", "PR", "UT"])
    count(world)
    response = client_of(world.lee).get(address(world))
    assert missing(response) == [
        "No story yet from Kansas, Utah.",
        "Territories without a story: Guam, Puerto Rico.",
        "Military addresses without a story: Armed Forces Americas.",
    ]
    page = BeautifulSoup(response.content, "html.parser")
    groups = page.select("select#state optgroup")
    assert [group["label"] for group in groups] == [
        "Territories",
        "Freely associated states",
        "Military addresses",
    ]
    territories = [option["value"] for option in groups[0].select("option")]
    assert territories == ["AS", "GU", "MP", "PR", "VI"]


def test_one_states_districts(world: World, client_of: ClientOf) -> None:
    for district in (1, 2):
        ZipArea.objects.get_or_create(
            boundaries=world.boundaries, zip=f"6600{district}", state="KS", district=district
        )
    submitted_story(world)
    count(world)
    response = client_of(world.lee).get(address(world), {"state": "KS"})
    shown = table(response)
    assert shown["Kansas, district 1"] == ["1", "1", "0", "0", "0"]
    assert shown["Kansas, district 2"] == ["0", "0", "0", "0", "0"]
    (line,) = missing(response)
    assert line.startswith("Kansas: none from district")
    assert "2" in line
    # A state that there is not is as none: an old address opens.
    assert "Kansas" in table(client_of(world.lee).get(address(world), {"state": "XX"}))


def test_a_coordinator_reads_their_own_societys_numbers(world: World, client_of: ClientOf) -> None:
    submitted_story(world)
    submitted_story(world, member=world.nils_member)
    count(world)
    ana = table(client_of(world.ana).get(address(world)))
    rita = table(client_of(world.rita).get(address(world)))
    assert (ana["Kansas"][0], ana["Utah"][0]) == ("1", "0")
    assert (rita["Kansas"][0], rita["Utah"][0]) == ("0", "1")


def test_who_has_no_part_in_it_does_not_read_it(world: World, client_of: ClientOf) -> None:
    foreign = make_campaign(world.rivers, lead=world.rita, name="Rivers alone")
    there = reverse("stories:coverage", args=[foreign.slug])
    assert client_of(world.rita).get(there).status_code == 200
    assert client_of(world.ana).get(there).status_code == 404
    assert client_of(world.mia).get(address(world)).status_code == 404
    assert client_of(world.paula).get(address(world)).status_code == 404
    assert client_of(None).get(address(world)).status_code == 302


def test_before_the_first_count_the_page_says_so(world: World, client_of: ClientOf) -> None:
    submitted_story(world)
    assert b"Not counted yet" in client_of(world.lee).get(address(world)).content
    assert coverage.count_all(now=timezone.now()) == 1
    response = client_of(world.lee).get(address(world))
    assert b"Not counted yet" not in response.content
    assert b"As of " in response.content


def test_who_began_earlier_does_not_undo_a_later_count(world: World) -> None:
    now = timezone.now()
    assert coverage.count(campaign=world.campaign, now=now)
    assert not coverage.count(campaign=world.campaign, now=now - dt.timedelta(seconds=1))
    assert not coverage.count(campaign=world.campaign, now=now)
    assert CoverageCount.objects.get().at == now


def test_a_draft_is_not_counted(world: World) -> None:
    Campaign.objects.update(state="draft")
    assert coverage.count_all(now=timezone.now()) == 0


def test_it_costs_the_same_with_any_number_of_stories(world: World, client_of: ClientOf) -> None:
    client, done = client_of(world.lee), [0]

    def more(n: int) -> None:
        rows.handed_over(world, done[0], done[0] + n)
        done[0] += n
        count(world)

    equal_queries(more, lambda: client.get(address(world)))


def test_leads_and_coordinators_find_it(world: World, client_of: ClientOf) -> None:
    link = f'href="{address(world)}"'
    setup = reverse("campaigns:setup", args=[world.campaign.slug])
    batches = reverse("stories:lead_batches", args=[world.campaign.slug])
    own = reverse("campaigns:campaign", args=[world.campaign.slug])
    assert link in client_of(world.lee).get(setup).content.decode()
    assert link in client_of(world.lee).get(batches).content.decode()
    assert link in client_of(world.ana).get(own).content.decode()
    assert link not in client_of(world.mia).get(own).content.decode()


@pytest.mark.django_db(transaction=True)
def test_nobody_scrolls_sideways_on_a_phone(world: World, open_page: OpenPage) -> None:
    approved_story(world)
    delivered_batch(world)
    count(world)
    page = open_page(world.lee, size=NARROW)
    page.goto(address(world))
    assert fits(page)
    no_axe_findings(page)
    line = page.get_by_role("row", name="Kansas")
    assert line.get_by_role("cell").all_inner_texts() == ["1", "0", "1", "1"]
    page.goto(reverse("campaigns:reach", args=[world.campaign.slug]))
    assert fits(page)
