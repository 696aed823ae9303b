"""Digests: once a day, each person's collected lines become one message."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from portal import outbox
from portal.links import absolute
from portal.models import DigestLine, Message, User

#: A person's lines may come from several campaigns, so a digest follows no campaign's clock.
ZONE = ZoneInfo("America/New_York")
MORNING = dt.time(7)
#: A digest shows so many lines, newest first; the rest is told as a number.
LINES_SHOWN = 50
CHUNK = 500


def write_digests(*, now: dt.datetime) -> int:
    """Write the digests that are due; returns how many.

    A digest tells the lines from before the latest 7 a.m. in New York. One a day and person: the
    lines go in the transaction that writes the message, and two clocks write it once.
    """
    morning = latest_morning(now)
    written = 0
    last_seen = 0
    while people := _people_with_lines(morning, last_seen):
        written += sum(_write_digest(person, morning) for person in people)
        last_seen = people[-1]
    return written


def latest_morning(now: dt.datetime) -> dt.datetime:
    """The latest 7 a.m. in New York that is not after `now`."""
    local = now.astimezone(ZONE)
    day = local.date() if local.time() >= MORNING else local.date() - dt.timedelta(days=1)
    return dt.datetime.combine(day, MORNING, tzinfo=ZONE)


def _people_with_lines(morning: dt.datetime, after: int) -> list[int]:
    """The keys of the next people, behind `after`, who have lines for this morning's digest."""
    return list(
        DigestLine.objects.filter(created_at__lt=morning, user__gt=after)
        .order_by("user")
        .values_list("user", flat=True)
        .distinct()[:CHUNK]
    )


@transaction.atomic
def _write_digest(person: int, morning: dt.datetime) -> bool:
    """Turn one person's lines into a message; False where another clock was faster."""
    key = f"digest:{person}:{morning:%Y-%m-%d}"
    lines = list(
        DigestLine.objects.select_for_update()
        .filter(user=person, created_at__lt=morning)
        .order_by("-pk")
    )
    # A line that was committed after this morning's digest had left waits for tomorrow's.
    if not lines or Message.objects.filter(key=key).exists():
        return False
    outbox.tell(
        User.objects.get(pk=person),
        "digest",
        {
            "day": f"{morning:%A, %B} {morning.day}",
            "lines": [{"text": line.text, "url": _link(line.url)} for line in lines[:LINES_SHOWN]],
            "count": len(lines),
            "more": max(0, len(lines) - LINES_SHOWN),
            "choice_url": absolute(reverse(settings.DIGEST_CHOICE)),
        },
        key=key,
    )
    DigestLine.objects.filter(pk__in=[line.pk for line in lines]).delete()
    return True


def _link(url: str) -> str:
    """A link that works from a mail program."""
    return absolute(url) if url.startswith("/") else url
