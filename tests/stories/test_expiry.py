"""Consents that run out: ended by the clock, asked back like any other."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import time_machine
from django.urls import reverse

from portal.models import Message
from stories.models import Batch, Consent, EndReason, NameShown, Recall, RecallReason
from stories.states import RecallState
from stories.verbs import expiring
from stories.verbs.expiring import expire_consents
from tests.house.batches import correct, delivered_batch, fetched_batch
from tests.house.people import World, client_of
from tests.house.stories import approved_story, permission

LAST = dt.date.today() + dt.timedelta(days=10)  # noqa: DTZ011
NEW_YORK = ZoneInfo("America/New_York")


def at(day: dt.date, hour: int) -> dt.datetime:
    """An hour of a day in the campaign's time zone."""
    return dt.datetime.combine(day, dt.time(hour), tzinfo=NEW_YORK)


def test_ends_after_the_last_day_in_the_campaigns_time_zone_and_is_asked_back(world: World) -> None:
    story = approved_story(world, permissions=[permission(world.research_america, until=LAST)])
    fetched_batch(world)
    assert expire_consents(now=at(LAST, 23)) == 0
    assert Recall.objects.count() == 0
    assert expire_consents(now=at(LAST + dt.timedelta(days=1), 0)) == 1
    recall = Recall.objects.get()
    assert (recall.story, recall.reason, recall.state) == (
        story,
        RecallReason.EXPIRED,
        RecallState.ASKED,
    )
    assert Consent.objects.get().ended_why == EndReason.EXPIRED
    told = Message.objects.values_list("template", "user__name")
    assert ("consent_expired", "Mia Chen") in told
    assert ("recall", "Paula Grant") in told
    assert expire_consents(now=at(LAST + dt.timedelta(days=2), 0)) == 0
    assert Message.objects.filter(template="consent_expired").count() == 1


def test_only_the_one_that_ran_out_is_touched(world: World, monkeypatch: object) -> None:
    monkeypatch.setattr(expiring, "CHUNK", 2)  # type: ignore[attr-defined]
    for _ in range(5):
        approved_story(world, permissions=[permission(world.research_america, until=LAST)])
    stays = approved_story(
        world,
        permissions=[
            permission(world.research_america, until=LAST + dt.timedelta(days=1)),
            permission(None, NameShown.NONE, until=LAST),
        ],
    )
    delivered_batch(world)
    assert expire_consents(now=at(LAST + dt.timedelta(days=1), 1)) == 6
    assert [consent.story for consent in Consent.objects.live()] == [stays]
    assert set(Recall.objects.values_list("state", flat=True)) == {RecallState.NEVER_TAKEN}
    assert [i.story for i in delivered_batch_on(world, LAST).items.all()] == [stays]


def delivered_batch_on(world: World, day: dt.date) -> Batch:
    """A batch sealed on another day."""
    with time_machine.travel(at(day, 12)):
        return delivered_batch(world)


def test_a_batch_is_not_fetched_after_the_last_day_though_the_clock_stands_still(
    world: World,
) -> None:
    approved_story(world, permissions=[permission(world.research_america, until=LAST)])
    batch = delivered_batch(world)
    url = reverse("stories:batch_file", args=[batch.ref, "stories.json"])
    with time_machine.travel(at(LAST, 23)):
        assert client_of(world.paula).get(url).status_code == 200
    with time_machine.travel(at(LAST + dt.timedelta(days=1), 0)):
        assert client_of(world.paula).get(url).status_code == 409
    batch.refresh_from_db()
    assert (batch.closed_at, batch.downloads.count()) == (None, 1)


def test_nor_is_an_earlier_batch_whose_text_was_corrected(world: World) -> None:
    until = [permission(world.research_america, until=LAST)]
    story = approved_story(world, permissions=until)
    first = delivered_batch(world)
    correct(world, story, permissions=until)
    delivered_batch(world)
    url = reverse("stories:batch_file", args=[first.ref, "stories.json"])
    with time_machine.travel(at(LAST, 23)):
        assert client_of(world.paula).get(url).status_code == 200
    with time_machine.travel(at(LAST + dt.timedelta(days=1), 0)):
        assert client_of(world.paula).get(url).status_code == 409
