"""Once a day, each person's lines become one message."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest
import time_machine
from django.db import connection, transaction

from portal import outbox
from portal.models import DigestLine, Message, User
from portal.post.digests import LINES_SHOWN, ZONE, latest_morning, write_digests
from tests.house.people import World, make_user
from tests.house.post import Mail

MORNING = dt.datetime(2026, 9, 15, 7, tzinfo=ZONE)
EVENING_BEFORE = dt.datetime(2026, 9, 14, 18, tzinfo=ZONE)


def note(user: User, text: str, at: dt.datetime) -> None:
    """Keep one line for a person's digest as if it were noted at that moment."""
    with time_machine.travel(at, tick=False), transaction.atomic():
        outbox.note_for_digest(user, text, f"/review/{text[-1]}/")


def texts(message: Message) -> list[str]:
    """The lines that a digest shows."""
    return [line["text"] for line in message.context["lines"]]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-09-15T10:59:59+00:00", "2026-09-14T11:00:00+00:00"),
        ("2026-09-15T11:00:00+00:00", "2026-09-15T11:00:00+00:00"),
        ("2026-09-16T03:00:00+00:00", "2026-09-15T11:00:00+00:00"),
        ("2026-11-02T12:00:00+00:00", "2026-11-02T12:00:00+00:00"),  # winter time
    ],
)
def test_the_latest_morning_in_new_york(now: str, expected: str) -> None:
    moment = dt.datetime.fromisoformat(now)
    assert latest_morning(moment) == dt.datetime.fromisoformat(expected)


def test_lines_wait_for_the_morning_and_leave_as_one_message(
    world: World, deliver_mail: Callable[[], list[Mail]]
) -> None:
    note(world.ana, "Story 1", EVENING_BEFORE)
    note(world.ana, "Story 2", EVENING_BEFORE)
    note(world.ben, "Story 3", EVENING_BEFORE)
    assert write_digests(now=MORNING - dt.timedelta(seconds=1)) == 0
    assert write_digests(now=MORNING) == 2
    assert {mail.to: mail.subject for mail in deliver_mail()} == {
        "ana@example.org": "2 things to look at since your last digest",
        "ben@example.org": "1 thing to look at since your last digest",
    }
    assert DigestLine.objects.count() == 0


def test_a_digest_links_every_line_from_the_mail_program(
    world: World, deliver_mail: Callable[[], list[Mail]]
) -> None:
    note(world.ana, "Mia's story & others 1", EVENING_BEFORE)
    write_digests(now=MORNING)
    [mail] = deliver_mail()
    assert mail.links == ["/review/1/", "/me/notices/"]
    assert "Mia's story & others 1" in mail.text
    assert (
        "Mia&#x27;s story &amp; others 1" in mail.html or "Mia's story &amp; others 1" in mail.html
    )


def test_one_digest_a_day(world: World) -> None:
    note(world.ana, "Story 1", EVENING_BEFORE)
    assert write_digests(now=MORNING) == 1
    note(world.ana, "Story 2", MORNING + dt.timedelta(hours=1))
    late = EVENING_BEFORE + dt.timedelta(hours=12)
    note(world.ana, "Story 3", late)  # committed after this morning's digest had left
    assert write_digests(now=MORNING + dt.timedelta(hours=2)) == 0
    assert DigestLine.objects.count() == 2
    assert write_digests(now=MORNING + dt.timedelta(days=1)) == 1
    assert [texts(message) for message in Message.objects.order_by("pk")] == [
        ["Story 1"],
        ["Story 3", "Story 2"],
    ]


def test_a_long_digest_shows_the_newest_and_counts_the_rest(world: World) -> None:
    for number in range(LINES_SHOWN + 5):
        note(world.ana, f"Story {number}", EVENING_BEFORE)
    assert write_digests(now=MORNING) == 1
    digest = Message.objects.get()
    assert texts(digest) == [f"Story {number}" for number in range(LINES_SHOWN + 4, 4, -1)]
    assert (digest.context["count"], digest.context["more"]) == (LINES_SHOWN + 5, 5)
    assert DigestLine.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_clocks_at_once_write_one_digest_each() -> None:
    people = [make_user(f"Person{number} Test") for number in range(8)]
    for person in people:
        note(person, "Story 1", EVENING_BEFORE)
    written: list[int] = []
    start = threading.Barrier(3)

    def clock() -> None:
        start.wait()
        written.append(write_digests(now=MORNING))
        connection.close()

    clocks = [threading.Thread(target=clock) for _ in range(3)]
    for each in clocks:
        each.start()
    for each in clocks:
        each.join()
    assert sum(written) == len(people)
    assert sorted(Message.objects.values_list("user", flat=True)) == [p.pk for p in people]
    assert DigestLine.objects.count() == 0
