"""While mail is held up, those who count on it are told on every page; nobody else is, and nobody in vain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.utils import timezone

from portal import outbox
from portal.models import Heartbeat, Message, Urgency, User
from portal.post import beats
from tests.house.people import World
from tests.house.post import run_task
from tests.house.post_office import PostOffice
from tests.house.prometheus import time_passes
from tests.house.queries import equal_queries

WORDS = "E-mail is not leaving at the moment."
ClientOf = Callable[[User | None], Client]


def waits(minutes: int, urgency: Urgency = Urgency.NORMAL, count: int = 1) -> None:
    """Messages that have been due for so many minutes."""
    with transaction.atomic():
        for _ in range(count):
            outbox.tell("mia@example.org", "account", {}, urgency=urgency)
    due = timezone.now() - dt.timedelta(minutes=minutes, seconds=5)
    Message.objects.filter(attempts=0, finished_at=None).update(due_at=due)
    cache.clear()


def told(client: Client) -> bool:
    """Whether this person's page has the banner."""
    response = client.get("/me/")
    assert response.status_code == 200
    return WORDS in response.content.decode()


def test_coordinators_leads_and_operators_are_told_and_members_are_not(
    world: World, client_of: ClientOf
) -> None:
    waits(minutes=20)
    people = (world.ana, world.lee, world.olga, world.mia, world.paula)
    assert [told(client_of(person)) for person in people] == [True, True, True, False, False]
    page = client_of(world.ana).get("/me/").content.decode()
    assert "has waited for 20 minutes" in page
    assert WORDS not in client_of(None).get("/").content.decode()


@pytest.mark.parametrize(("minutes", "late"), [(14, False), (15, True)])
def test_from_when_on(world: World, client_of: ClientOf, minutes: int, late: bool) -> None:
    waits(minutes)
    assert told(client_of(world.ana)) is late


def test_what_has_left_was_given_up_or_is_put_off_is_not_late(
    world: World, client_of: ClientOf
) -> None:
    waits(minutes=20)
    assert told(client_of(world.ana)) is True
    now = timezone.now()
    for changes in (
        {"finished_at": now},
        {"failed_at": now},
        {"due_at": now + dt.timedelta(minutes=5)},
    ):
        Message.objects.all().delete()
        waits(minutes=20)
        Message.objects.update(**changes)
        assert told(client_of(world.ana)) is False, changes


def test_what_is_put_off_again_and_again_is_late_unless_other_mail_leaves(
    world: World, client_of: ClientOf, post_office: PostOffice
) -> None:
    def goes_to(user: User) -> None:
        with transaction.atomic():
            outbox.tell(user, "account", {})
        run_task("portal.send_mail")
        cache.clear()

    post_office.at_rcpt["mia@example.org"] = "451 later"
    goes_to(world.mia)
    assert told(client_of(world.ana)) is False
    time_passes(minutes=20)
    run_task("portal.send_mail")  # and is put off again: nothing is due
    cache.clear()
    assert "has waited for 20 minutes" in client_of(world.ana).get("/me/").content.decode()
    assert client_of(None).get("/health/ready").json()["oldest_unsent_message_seconds"] >= 1200
    goes_to(world.lee)
    assert told(client_of(world.ana)) is False
    page = client_of(world.olga).get("/operator/").content.decode()
    assert "mail that left" in page.lower()


def test_a_million_invitations_take_their_time_while_the_mail_server_answers(
    world: World, client_of: ClientOf
) -> None:
    waits(minutes=60, urgency=Urgency.BULK)
    beats.beat(beats.MAIL_SERVER)
    assert told(client_of(world.ana)) is False
    Heartbeat.objects.update(at=timezone.now() - dt.timedelta(minutes=30))
    cache.clear()
    assert told(client_of(world.ana)) is True


def test_a_page_asks_at_most_once_in_a_while(world: World, client_of: ClientOf) -> None:
    client = client_of(world.ana)
    waits(minutes=20)
    told(client)
    Message.objects.all().delete()
    assert told(client) is True  # what was known half a minute ago
    cache.clear()
    assert told(client) is False


def test_looking_costs_the_same_however_much_waits(world: World, client_of: ClientOf) -> None:
    client = client_of(world.ana)
    waits(minutes=20)
    equal_queries(lambda count: waits(minutes=20, count=count), lambda: client.get("/me/"))
