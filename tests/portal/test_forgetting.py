"""Personal text leaves the outbox on a schedule; what was told once is still told once."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from portal import outbox
from portal.models import Message
from portal.post.forgetting import GIVEN_UP, forget

NOW = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)


def write(key: str, **columns: object) -> Message:
    """A message with words and an address."""
    with transaction.atomic():
        outbox.tell(f"{key}@example.org", "account", {"body": "Words"}, key=key)
    Message.objects.filter(key=key).update(**columns)
    return Message.objects.get(key=key)


def kept() -> set[str | None]:
    """The keys of messages whose words are still there."""
    return set(Message.objects.exclude(context={}).values_list("key", flat=True))


def test_words_are_kept_for_the_set_days_after_sending(db: None, settings: Settings) -> None:
    settings.MESSAGE_BODIES_KEPT_DAYS = 30
    day = dt.timedelta(days=1)
    old = write("old", finished_at=NOW - 31 * day, unsubscribe_url="/stop/1/")
    write("recent", finished_at=NOW - 29 * day)
    write("waiting", created_at=NOW - 90 * day)
    assert forget(now=NOW) == 1
    assert kept() == {"recent", "waiting"}
    old.refresh_from_db()
    assert (old.address, old.unsubscribe_url, old.forgotten_at) == ("", "", NOW)
    assert forget(now=NOW) == 0


def test_what_was_given_up_is_forgotten_too_and_leaves_the_operators_list(
    db: None, settings: Settings
) -> None:
    settings.MESSAGE_BODIES_KEPT_DAYS = 30
    lost = write("lost", failed_at=NOW - dt.timedelta(days=31), last_error="refused")
    write("fresh", failed_at=NOW - dt.timedelta(days=1))
    assert forget(now=NOW) == 1
    assert list(Message.objects.given_up().values_list("key", flat=True)) == ["fresh"]
    lost.refresh_from_db()
    assert (lost.context, lost.address, lost.last_error) == ({}, "", GIVEN_UP)
    assert Message.objects.retry() == 1


def test_many_are_forgotten_in_chunks(db: None) -> None:
    for number in range(7):
        write(str(number), finished_at=NOW - dt.timedelta(days=400))
    assert forget(now=NOW, chunk=3) == 7
    assert kept() == set()


def test_a_forgotten_message_is_not_told_again(db: None) -> None:
    write("once", finished_at=timezone.now() - dt.timedelta(days=400))
    forget(now=timezone.now())
    with transaction.atomic():
        outbox.tell("once@example.org", "account", {"body": "Words"}, key="once")
    assert Message.objects.count() == 1
    assert Message.objects.takeable().count() == 0
