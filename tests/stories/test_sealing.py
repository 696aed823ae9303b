"""Sealing: every story with a permission exactly once, by the lead's hand or by the rhythm."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Rhythm
from portal.errors import Refused, TooLate
from portal.models import Job
from stories.models import Batch, Consent, Item, ItemEnd, NameShown
from stories.states import BatchState
from stories.verbs import batching, telling
from stories.verbs.batching import open_batch, seal, seal_due_batches
from stories.verbs.building import Building
from stories.verbs.consenting import change_consents
from tests.house.batches import (
    correct,
    delivered_batch,
    fetched_batch,
    many_items,
    sealed_batch,
)
from tests.house.people import World, client_of, make_campaign
from tests.house.post import run_jobs
from tests.house.queries import equal_queries
from tests.house.stories import approved_story, permission, submitted_story


def seal_url(world: World) -> str:
    return reverse("stories:seal", args=[world.campaign.slug, world.research_america.slug])


def test_seals_every_due_story_once_and_starts_the_building(world: World) -> None:
    due = [approved_story(world, hook=f"Story {n}") for n in range(3)]
    submitted_story(world)
    approved_story(world, permissions=[permission(world.frontline)])
    approved_story(world, permissions=[])

    batch = sealed_batch(world)

    items = Item.objects.filter(batch=batch).order_by("position")
    assert [(i.position, i.story) for i in items] == list(enumerate(due, start=1))
    assert [i.accepted_id for i in items] == [s.approved_revision_id for s in due]
    assert (batch.number, batch.count, batch.state) == (1, 3, BatchState.SEALED)
    assert Job.objects.get(kind="stories.build_batch").arguments == {"batch": batch.pk}
    with pytest.raises(Refused):
        seal(
            by=world.lee, batch=open_batch(campaign=world.campaign, partner=world.research_america)
        )
    assert Item.objects.filter(partner=world.research_america).count() == 3


def test_an_expired_permission_does_not_leave(world: World) -> None:
    runs = approved_story(world, permissions=[permission(world.research_america, days=3)])
    approved_story(world, permissions=[permission(world.research_america, days=1)])
    with time_machine.travel(timezone.now() + dt.timedelta(days=2)):
        batch = sealed_batch(world)
    assert [item.story for item in batch.items.all()] == [runs]


def test_many_chunks_lose_and_repeat_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "CHUNK", 2)
    due = [approved_story(world) for _ in range(5)]
    batch = sealed_batch(world)
    assert [i.story for i in batch.items.order_by("position")] == due
    assert [i.position for i in batch.items.order_by("position")] == [1, 2, 3, 4, 5]


def test_of_two_who_seal_one_wins(world: World) -> None:
    approved_story(world)
    batch = open_batch(campaign=world.campaign, partner=world.research_america)
    stale = Batch.objects.get(pk=batch.pk)
    seal(by=world.lee, batch=batch)
    with pytest.raises(TooLate, match="Lee Park"):
        seal(by=world.lee, batch=stale)
    assert Item.objects.count() == 1


def test_a_correction_replaces_what_the_partner_has(world: World) -> None:
    story = approved_story(world)
    first = fetched_batch(world).items.get()
    correct(world, story)
    second = sealed_batch(world).items.get()
    first.refresh_from_db()
    assert (second.replaces, first.ended_why) == (first, ItemEnd.REPLACED)
    assert second.accepted_id != first.accepted_id


def test_what_a_closed_batch_would_have_replaced_the_next_one_replaces(world: World) -> None:
    story, other = approved_story(world), approved_story(world)
    first = fetched_batch(world).items.get(story=story)
    correct(world, story)
    correct(world, other)
    lost = delivered_batch(world)
    telling.withdraw(by=world.mia, story=other)
    lost.refresh_from_db()
    assert lost.closed_at is not None
    again = sealed_batch(world).items.get()
    assert (again.story, again.replaces) == (story, first)


def test_a_wider_permission_goes_as_a_new_item(world: World) -> None:
    story = approved_story(world, permissions=[permission(world.research_america, NameShown.FIRST)])
    first = delivered_batch(world).items.get()

    change_consents(
        by=world.mia,
        story=story,
        permissions=[permission(world.research_america, NameShown.FULL)],
        text=world.consent_text,
    )
    second = sealed_batch(world).items.get()
    assert (second.replaces, second.accepted_id) == (first, first.accepted_id)
    assert second.consent.name_shown == NameShown.FULL


def test_the_database_itself_lets_no_story_be_twice_at_a_partner(world: World) -> None:
    approved_story(world)
    item = sealed_batch(world).items.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Item.objects.create(
            batch=item.batch,
            position=2,
            partner=item.partner,
            story=item.story,
            accepted=item.accepted,
            consent=item.consent,
        )


def test_the_rhythm_seals_at_its_hour_and_an_empty_week_waits_for_the_next(world: World) -> None:
    monday = dt.datetime(2026, 11, 30, 14, 30, tzinfo=dt.UTC)  # 9:30 in New York
    world.campaign.rhythm = Rhythm.WEEKLY
    world.campaign.rhythm_weekday, world.campaign.rhythm_hour = 0, 9
    world.campaign.save()
    with time_machine.travel(monday - dt.timedelta(hours=2), tick=False):
        batch = open_batch(campaign=world.campaign, partner=world.research_america)
        assert seal_due_batches(now=timezone.now()) == []
    with time_machine.travel(monday, tick=False):
        assert seal_due_batches(now=timezone.now()) == []
        approved_story(world)
    with time_machine.travel(monday + dt.timedelta(days=1), tick=False):
        assert seal_due_batches(now=timezone.now()) == []
    with time_machine.travel(monday + dt.timedelta(days=7), tick=False):
        assert seal_due_batches(now=timezone.now()) == [batch]
        assert seal_due_batches(now=timezone.now()) == []
    batch.refresh_from_db()
    assert (batch.count, batch.sealed_by) == (1, None)


def test_by_hand_means_that_the_clock_leaves_it(world: World) -> None:
    approved_story(world)
    later = timezone.now() + dt.timedelta(days=30)
    assert seal_due_batches(now=later) == []
    world.campaign.rhythm = Rhythm.DAILY
    world.campaign.save()
    open_batch(campaign=world.campaign, partner=world.research_america)
    assert len(seal_due_batches(now=later)) == 1


def test_a_second_window_reads_who_has_sealed_and_when_by_the_campaigns_clock(world: World) -> None:
    approved_story(world)
    with time_machine.travel(dt.datetime(2027, 3, 2, 15, 4, tzinfo=dt.UTC)):
        client_of(world.lee).post(seal_url(world))
    late = client_of(world.lee).post(seal_url(world))
    assert late.status_code == 400
    assert "Batch 1 was sealed by Lee Park on March 2, 2027, 10:04 a.m. EST." in (
        late.content.decode()
    )


def test_only_the_campaigns_lead_seals(world: World) -> None:
    approved_story(world)
    answers = {
        user: client_of(getattr(world, user)).post(seal_url(world)).status_code
        for user in ("mia", "paula", "ana", "olga", "lee")
    }
    assert answers == {"mia": 404, "paula": 404, "ana": 404, "olga": 404, "lee": 302}
    assert Batch.objects.exclude(state=BatchState.OPEN).count() == 1


def test_nothing_due_is_said_in_words(world: World) -> None:
    response = client_of(world.lee).post(seal_url(world))
    assert response.status_code == 400
    assert "There is nothing for Research!America yet" in response.content.decode()


def test_preview_shows_exactly_what_leaves(world: World) -> None:
    approved_story(world, hook="Leaves with a name")
    approved_story(
        world,
        hook="Leaves without",
        permissions=[permission(world.research_america, NameShown.NONE)],
    )
    approved_story(world, hook="Is for others", permissions=[permission(world.frontline)])
    page = client_of(world.lee).get(
        reverse("stories:lead_next", args=[world.campaign.slug, world.research_america.slug])
    )
    text = page.content.decode()
    assert [hook in text for hook in ("Leaves with a name", "Leaves without", "Is for others")] == [
        True,
        True,
        False,
    ]
    assert text.count("Mia Chen") == 1


def test_lead_lists_ask_as_often_for_thirty_as_for_one(world: World) -> None:
    client = client_of(world.lee)
    slug, partner = world.campaign.slug, world.research_america.slug
    equal_queries(
        lambda n: [approved_story(world) for _ in range(n)],
        lambda: client.get(reverse("stories:lead_next", args=[slug, partner])),
    )
    equal_queries(
        lambda n: [approved_story(world) for _ in range(n)],
        lambda: client.get(reverse("stories:lead_stories", args=[slug])),
    )
    equal_queries(
        lambda n: many_items(world, n),
        lambda: client.get(reverse("stories:lead_batches", args=[slug])),
    )


def test_the_batch_page_shows_how_the_files_come_along_and_then_itself_anew(world: World) -> None:
    approved_story(world)
    batch = sealed_batch(world)
    client, here = client_of(world.lee), reverse("stories:lead_batch", args=[batch.ref])
    polls = {"HX-Request": "true"}
    part = client.get(here, headers=polls).content.decode()
    assert "Building the files" in part
    assert "<html" not in part  # it stands within the page that asked
    run_jobs()
    done = client.get(here, headers=polls)
    assert (done.status_code, done["HX-Refresh"]) == (204, "true")
    assert "Building the files" not in client.get(here).content.decode()


def test_the_batch_page_waits_until_the_batch_is_handed_over(world: World) -> None:
    approved_story(world)
    batch = sealed_batch(world)
    Building(batch).build()
    client, here = client_of(world.lee), reverse("stories:lead_batch", args=[batch.ref])
    assert "Handing it over" in client.get(here).content.decode()
    assert "Handing it over" in client.get(here, headers={"HX-Request": "true"}).content.decode()
    run_jobs()
    assert client.get(here, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    page = client.get(here).content.decode()
    assert "Handing it over" not in page
    assert page.count("not yet") == 1  # acknowledged by nobody


def test_a_batch_page_asks_as_often_for_thirty_as_for_one(world: World) -> None:
    client = client_of(world.lee)
    pages: list[str] = []

    def make(n: int) -> None:
        for _ in range(n):
            approved_story(world)
        pages.append(reverse("stories:lead_batch", args=[sealed_batch(world).ref]))

    equal_queries(make, lambda: client.get(pages[-1]))


def test_lead_reads_only_what_the_chosen_partner_may_have(world: World) -> None:
    story = approved_story(
        world,
        hook="Two partners, two names",
        permissions=[
            permission(world.research_america, NameShown.FULL),
            permission(world.frontline, NameShown.NONE),
        ],
    )
    client = client_of(world.lee)
    url = reverse("stories:lead_story", args=[story.ref])
    named = client.get(url, {"partner": world.research_america.slug}).content.decode()
    nameless = client.get(url, {"partner": world.frontline.slug}).content.decode()
    assert ("Mia Chen" in named, "Mia Chen" in nameless) == (True, False)
    Consent.objects.filter(story=story, partner=world.frontline).update(
        ended_at=timezone.now(), ended_why="narrowed"
    )
    gone = client.get(url, {"partner": world.frontline.slug})
    assert "Two partners" not in gone.content.decode()
    assert client_of(world.ana).get(url).status_code == 404


def test_handing_over_begins_with_the_campaigns_that_one_leads(world: World) -> None:
    approved_story(world)
    others = make_campaign(world.rivers, lead=world.rita, name="Of others")
    page = client_of(world.lee).get(reverse("stories:lead_campaigns"))
    assert [(c.name, c.approved, c.unanswered) for c in page.context["page"].rows] == [
        ("Research saves", 1, 0)
    ]
    assert client_of(world.mia).get(reverse("stories:lead_campaigns")).status_code == 403
    assert (
        client_of(world.lee).get(reverse("stories:lead_batches", args=[others.slug])).status_code
        == 404
    )
    equal_queries(
        lambda n: [
            make_campaign(world.isscr, lead=world.lee, name=f"Campaign {n} {k}") for k in range(n)
        ],
        lambda: client_of(world.lee).get(reverse("stories:lead_campaigns")),
    )
