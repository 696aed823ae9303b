"""The operators' pages: what waits, what was given up and why, and a second try."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from portal import outbox
from portal.models import AuditLine, Job, Message, User
from portal.post import beats
from portal.reasons import in_words
from tests.house.people import World
from tests.house.post import Mail
from tests.house.queries import equal_queries

PAGES = ["/operator/", "/operator/messages/", "/operator/jobs/"]
ClientOf = Callable[[User | None], Client]


def given_up_messages(count: int) -> None:
    """Messages that were given up, with an address and words that no page may show."""
    with transaction.atomic():
        for _ in range(count):
            outbox.tell(
                "mia@example.org", "account", {"subject": "S", "body": "My daughter lived."}
            )
    Message.objects.filter(failed_at=None).update(
        failed_at=timezone.now(), attempts=12, last_error="refused by the mail server (550)"
    )


def given_up_jobs(count: int) -> None:
    """Jobs that were given up."""
    with transaction.atomic():
        for number in range(count):
            outbox.start("stories.build_batch", batch=number)
    Job.objects.filter(failed_at=None).update(
        failed_at=timezone.now(), attempts=12, last_error="OSError"
    )


@pytest.mark.parametrize("page", PAGES)
def test_operators_alone_open_the_pages(world: World, client_of: ClientOf, page: str) -> None:
    assert client_of(world.olga).get(page).status_code == 200
    for other in (world.mia, world.ana, world.lee, world.paula):
        assert client_of(other).get(page).status_code == 403
    assert client_of(None).get(page).status_code == 302


@pytest.mark.parametrize("page", PAGES)
def test_operators_need_the_second_factor(
    world: World, client_of: ClientOf, settings: Settings, page: str
) -> None:
    client = client_of(world.olga)
    assert client.get(page).status_code == 200
    settings.DEMAND_SECOND_FACTOR = True
    answer = client.get(page)
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/")


def test_the_overview_counts_and_says_who_is_silent(world: World, client_of: ClientOf) -> None:
    given_up_messages(2)
    beats.beat(beats.CLOCK)
    with transaction.atomic():
        outbox.tell("ana@example.org", "account", {})
        outbox.start("stories.build_batch")
    page = client_of(world.olga).get("/operator/")
    urgencies = [
        (pile.name, pile.due, pile.in_hand, pile.later, pile.given_up)
        for pile in page.context["post"]
    ]
    assert urgencies == [("at once", 0, 0, 0, 0), ("normal", 1, 0, 0, 2), ("bulk", 0, 0, 0, 0)]
    assert [(pile.name, pile.due) for pile in page.context["work"]] == [("stories.build_batch", 1)]
    assert [(beat.name, beat.lives) for beat in page.context["beats"]] == [
        ("clock", True),
        ("worker work", False),
        ("worker mail", False),
        ("worker building", False),
        ("worker delivery", False),
        ("mail server", None),
        ("mail that left", None),
    ]


def test_what_was_given_up_shows_why_and_neither_words_nor_address(
    world: World, client_of: ClientOf
) -> None:
    given_up_messages(1)
    text = client_of(world.olga).get("/operator/messages/").content.decode()
    assert "refused by the mail server (550)" in text
    assert "account · number" in text
    for secret in ("mia@example.org", "daughter"):
        assert secret not in text


@pytest.mark.parametrize("page", PAGES[1:])
def test_an_empty_list_says_so(world: World, client_of: ClientOf, page: str) -> None:
    assert "Nothing was given up" in client_of(world.olga).get(page).content.decode()


@pytest.mark.parametrize(
    ("page", "make"), [(PAGES[1], given_up_messages), (PAGES[2], given_up_jobs)]
)
def test_lists_cost_the_same_with_1_and_30_rows(
    world: World, client_of: ClientOf, page: str, make: Callable[[int], None]
) -> None:
    client = client_of(world.olga)
    assert equal_queries(make, lambda: client.get(page)) <= 6


def test_the_list_goes_on_by_key(world: World, client_of: ClientOf) -> None:
    given_up_messages(35)
    client = client_of(world.olga)
    first = client.get("/operator/messages/").context["page"]
    second = client.get(f"/operator/messages/?{first.next_query}").context["page"]
    seen = [message.pk for message in first.rows + second.rows]
    assert len(seen) == 35
    assert set(seen) == set(Message.objects.values_list("pk", flat=True))


def test_a_retried_message_leaves(
    world: World, client_of: ClientOf, deliver_mail: Callable[[], list[Mail]]
) -> None:
    given_up_messages(2)
    one, other = Message.objects.order_by("pk")
    client = client_of(world.olga)
    answer = client.post(f"/operator/messages/{one.pk}/retry/", follow=True)
    assert "sent again" in answer.content.decode()
    assert [mail.to for mail in deliver_mail()] == ["mia@example.org"]
    assert list(Message.objects.given_up()) == [other]
    line = AuditLine.objects.get()
    assert (line.actor, line.verb, line.object_id) == (world.olga, "retry_message", str(one.pk))


def test_of_two_operators_who_retry_one_reads_that_it_was_done(
    world: World, client_of: ClientOf
) -> None:
    given_up_messages(1)
    address = f"/operator/messages/{Message.objects.get().pk}/retry/"
    client = client_of(world.olga)
    assert client.post(address).status_code == 302
    assert client.post(address).status_code == 409
    assert client.post("/operator/messages/999999/retry/").status_code == 404
    assert AuditLine.objects.count() == 1


def test_nobody_else_retries(world: World, client_of: ClientOf) -> None:
    given_up_messages(1)
    given_up_jobs(1)
    message, job = Message.objects.get(), Job.objects.get()
    addresses = [
        f"/operator/messages/{message.pk}/retry/", "/operator/messages/retry/",
        f"/operator/jobs/{job.pk}/retry/", "/operator/jobs/retry/",
    ]  # fmt: skip
    for address in addresses:
        assert client_of(world.lee).post(address).status_code in {403, 404}
        assert client_of(None).post(address).status_code in {302, 401, 403}
    assert (Message.objects.given_up().count(), Job.objects.given_up().count()) == (1, 1)
    olga = client_of(world.olga)
    assert [olga.post(address).status_code for address in addresses] == [302] * 4
    assert (Message.objects.given_up().count(), Job.objects.given_up().count()) == (0, 0)


def test_all_are_retried_with_one_line_of_audit(world: World, client_of: ClientOf) -> None:
    given_up_messages(3)
    given_up_jobs(2)
    client = client_of(world.olga)
    answer = client.post("/operator/messages/retry/", follow=True)
    assert "3 messages will be sent again." in answer.content.decode()
    answer = client.post("/operator/jobs/retry/", follow=True)
    assert "2 jobs will go on." in answer.content.decode()
    assert list(AuditLine.objects.order_by("pk").values_list("verb", "object_id", "detail")) == [
        ("retry_messages", "*", {"rows": 3}),
        ("retry_jobs", "*", {"rows": 2}),
    ]
    client.post("/operator/messages/retry/")
    assert AuditLine.objects.count() == 2


def put_back(count: int) -> None:
    """Messages and jobs that failed once and wait for their next attempt."""
    with transaction.atomic():
        for number in range(count):
            outbox.tell("mia@example.org", "account", {"subject": "S", "body": "My daughter."})
            outbox.start("stories.build_batch", batch=number)
    for rows, error in (
        (Message.objects, "put off by the mail server (451)"),
        (Job.objects, "OSError"),
    ):
        for row in rows.filter(attempts=0):
            taken = rows.take(row.pk, seconds=60)
            assert rows.put_back(taken, error)


def test_what_waits_for_its_next_attempt_says_why_and_when(
    world: World, client_of: ClientOf
) -> None:
    put_back(2)
    page = client_of(world.olga).get("/operator/")
    assert [(r.name, r.count, r.why, r.attempts) for r in page.context["post_put_back"]] == [
        ("account", 2, "put off by the mail server (451)", 1)
    ]
    assert [(r.name, r.count, r.why, r.attempts) for r in page.context["work_put_back"]] == [
        (
            "stories.build_batch",
            2,
            "a file could not be read or written; is the disk full? (OSError)",
            1,
        )
    ]
    text = " ".join(page.content.decode().split())
    assert "tried next <time" in text
    assert "1 of 12 attempts" in text
    for secret in ("mia@example.org", "daughter"):
        assert secret not in text
    later = timezone.now() + dt.timedelta(hours=1)
    with time_machine.travel(later):
        again = client_of(world.olga).get("/operator/").content.decode()
    assert "due now, as soon as a worker is free" in again


def test_what_succeeds_at_last_is_no_longer_told(
    world: World, client_of: ClientOf, deliver_mail: Callable[[], list[Mail]]
) -> None:
    put_back(1)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=1)):
        assert len(deliver_mail()) == 1
        assert client_of(world.olga).get("/operator/").context["post_put_back"] == []


def test_the_overview_asks_as_often_for_30_failures_as_for_one(
    world: World, client_of: ClientOf
) -> None:
    client = client_of(world.olga)
    equal_queries(put_back, lambda: client.get("/operator/"))


def test_a_failure_of_the_program_is_told_as_one() -> None:
    assert in_words("KeyError") == (
        "an error of the program: look for it in the worker's log (KeyError)"
    )
    assert in_words("") == "no reason kept"
