"""Lists that have grown long: numbers that stop at a limit, words looked for in two ways, societies merged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from bench import rows
from campaigns.models import Coordinator
from portal import paging
from portal.models import User
from portal.tallies import Tally
from stories.models import Story
from stories.states import StoryState
from tests.house.people import World
from tests.house.stories import submitted_story

ClientOf = Callable[[User | None], Client]
QUEUE = reverse("stories:queue")


def hooks(response: Any) -> list[str]:
    page = BeautifulSoup(response.content, "html.parser")
    return [link.get_text() for link in page.select("a.row-title")]


def headings(response: Any) -> dict[str, str]:
    """The queue's views with the number beside each."""
    tabs = BeautifulSoup(response.content, "html.parser").select(".tabs a")
    counts = [tab.select_one(".tab-count") for tab in tabs]
    return {
        tab.get_text().rsplit(" ", 1)[0]: count.get_text() if count else ""
        for tab, count in zip(tabs, counts, strict=True)
    }


def all_pages(client: Client, query: str) -> list[str]:
    """The hooks of every page, from the first to the last."""
    found: list[str] = []
    address = f"{QUEUE}?{query}"
    while address:
        response = client.get(address)
        found += hooks(response)
        following = response.context["page"].next_query
        address = f"{QUEUE}?{following}" if following else ""
    return found


def test_a_number_says_from_where_on_it_was_not_counted() -> None:
    assert str(Tally(999)) == "999"
    assert Tally(1).of("story", "stories") == "1 story"
    assert Tally(0).of("story", "stories") == "0 stories"
    assert Tally(1_000, more=True).of("story", "stories") == "1,000+ stories"
    assert Tally(1, more=True).of("member") == "1+ members"
    assert not Tally(0)
    assert Tally(0, more=True)


def test_the_queue_counts_to_a_thousand(world: World, client_of: ClientOf) -> None:
    rows.to_review(world, 0, 1_000)
    client = client_of(world.ana)
    assert headings(client.get(QUEUE))["To do"] == "1,000"
    submitted_story(world, hook="One more")
    shown = headings(client.get(QUEUE))
    assert shown == {
        "To do": "1,000+",
        "With the author": "0",
        "Approved": "0",
        "Declined or withdrawn": "0",
        "All": "1,000+",
    }


@pytest.mark.parametrize(("head", "long_head"), [(400, 4_000), (3, 6), (1, 1)])
def test_words_are_found_however_they_are_looked_for(
    world: World, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, head: int, long_head: int
) -> None:
    """By reading the list, by reading more of it, and by the index: the same stories in the same order."""
    monkeypatch.setattr(paging, "HEAD", head)
    monkeypatch.setattr(paging, "LONG_HEAD", long_head)
    told = [
        f"{n} " + ("Grant" if n % 3 else "GRANTED 100% of_it") + (" 細胞" if n % 7 == 0 else "")
        for n in range(70)
    ]
    for hook in told:
        submitted_story(world, hook=hook, words="Plain words, the same for everyone.")
    submitted_story(world, member=world.nils_member, hook="grant of the other society")
    client = client_of(world.ana)
    for words in (
        "grant",
        "rant",
        "granted plain",
        "100%",
        "of_it",
        "細胞",
        "ra",
        "zebra",
        "g_ant",
    ):
        wanted = [
            hook
            for hook in told
            if all(
                word in f"{hook}\nPlain words, the same for everyone.".casefold()
                for word in words.split()
            )
        ]
        assert all_pages(client, f"q={words.replace('%', '%25')}") == wanted, words


def test_words_that_few_hold_are_counted_under_every_heading(
    world: World, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "HEAD", 1)
    first = submitted_story(world, hook="The quokka at our door")
    for n in range(3):
        submitted_story(world, hook=f"Another {n}")
    Story.objects.filter(pk=first.pk).update(state=StoryState.DECLINED)
    response = client_of(world.ana).get(QUEUE, {"q": "quokka"})
    assert hooks(response) == []
    assert headings(response) == {
        "To do": "0",
        "With the author": "0",
        "Approved": "0",
        "Declined or withdrawn": "1",
        "All": "1",
    }


def test_two_societies_queues_are_one_in_order(world: World, client_of: ClientOf) -> None:
    Coordinator.objects.create(society=world.rivers, user=world.ben)
    told = []
    for n in range(34):
        told.append(f"Story {n}")
        member = world.nils_member if n % 2 else world.mia_member
        submitted_story(world, member=member, hook=told[-1])
    assert all_pages(client_of(world.ben), "") == told
    assert all_pages(client_of(world.ben), "show=all") == told
    assert all_pages(client_of(world.ana), "") == told[::2]
