"""Counting: how the post and the background work are doing, for the operators' page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone

from portal.models import Job, Message, Urgency
from portal.post import beats
from portal.querysets import PAUSES
from portal.reasons import in_words

#: A list of reasons that is longer tells an operator no more.
MOST_REASONS = 30
#: After so many attempts a row is given up.
MOST_ATTEMPTS = len(PAUSES)


@dataclass(frozen=True)
class Pile:
    """Rows of one kind that are not finished."""

    name: str
    due: int
    later: int  # put back after a failure, or for another day
    in_hand: int
    given_up: int
    oldest_due_at: dt.datetime | None  # of what is due; what somebody has in hand does not wait


@dataclass(frozen=True)
class Beat:
    """One heartbeat; `at` None where there never was one, `lives` None where silence says nothing."""

    name: str
    at: dt.datetime | None
    lives: bool | None


@dataclass(frozen=True)
class Retry:
    """Rows of one kind that failed for one reason and are tried again."""

    name: str
    count: int
    why: str
    attempts: int  # of the one that was tried most often
    next_at: dt.datetime  # when the first of them is tried next


def post_now() -> list[Pile]:
    """Unfinished messages by urgency, the most urgent first; an empty pile shows as zeros."""
    found = {row["urgency"]: row for row in _piled(Message.objects.all(), "urgency")}
    return [_pile(str(urgency.label), found.get(urgency.value, {})) for urgency in Urgency]


def work_now() -> list[Pile]:
    """Unfinished jobs by kind, in the order of their names."""
    return [_pile(row["kind"], row) for row in _piled(Job.objects.all(), "kind")]


def messages_put_back() -> list[Retry]:
    """Messages that failed and wait for their next attempt, by what they tell and why."""
    return _put_back(Message.objects.waiting(), "template")


def jobs_put_back() -> list[Retry]:
    """Jobs that failed and wait for their next attempt, by kind and why."""
    return _put_back(Job.objects.waiting(), "kind")


def beats_now(queues: Iterable[str]) -> list[Beat]:
    """The clock, each queue's worker, and when the mail server last let us in and took a message.

    The mail server is called only when there is post, so its silence alone says nothing.
    """
    last = beats.last_beats()
    names = [beats.CLOCK, *(beats.worker_of(queue) for queue in queues)]
    living = [Beat(name, last.get(name), beats.living(last, name)) for name in names]
    post = [Beat(name, last.get(name), None) for name in (beats.MAIL_SERVER, beats.MAIL_LEFT)]
    return [*living, *post]


def counted(count: int, noun: str) -> str:
    """A number with its noun: "1 message", "2 messages"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _piled(rows: QuerySet[Any], by: str) -> list[dict[str, Any]]:
    """One line for each value of `by`, over what is not finished."""
    now = timezone.now()
    waiting = Q(failed_at=None)
    in_hand = waiting & Q(leased_until__gte=now)
    due = waiting & Q(due_at__lte=now) & ~in_hand
    return list(
        rows.filter(finished_at=None)
        .values(by)
        .annotate(
            due=Count("pk", filter=due),
            later=Count("pk", filter=waiting & Q(due_at__gt=now)),
            in_hand=Count("pk", filter=in_hand),
            given_up=Count("pk", filter=Q(failed_at__isnull=False)),
            oldest_due_at=Min("due_at", filter=due),
        )
        .order_by(by)
    )


def _put_back(rows: QuerySet[Any], by: str) -> list[Retry]:
    """Who is tried next stands first. Under a lease it is being tried in this moment."""
    failed = rows.filter(attempts__gt=0).exclude(last_error="")
    found = (
        failed.values(by, "last_error")
        .annotate(count=Count("pk"), most=Max("attempts"), next_at=Min("due_at"))
        .order_by("next_at", by, "last_error")[:MOST_REASONS]
    )
    return [
        Retry(row[by], row["count"], in_words(row["last_error"]), row["most"], row["next_at"])
        for row in found
    ]


def _pile(name: str, row: Mapping[str, Any]) -> Pile:
    return Pile(
        name=name,
        due=row.get("due", 0),
        later=row.get("later", 0),
        in_hand=row.get("in_hand", 0),
        given_up=row.get("given_up", 0),
        oldest_due_at=row.get("oldest_due_at"),
    )
