"""Whether the site lives and whether it can do its work; for machines, without a word about people."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal import outbox
from portal.models import Message
from portal.post import beats, lateness

log = logging.getLogger(__name__)

UP = "up"
DOWN = "down"
UNKNOWN = "unknown"
#: A disk with fewer bytes left counts as full: a photo and a small batch still fit, the next may not.
LEAST_ROOM = 16 << 20


@require_safe
@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "live"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """What the site needs, part by part; 503 where any of it is down."""
    database = _up(_database_answers)
    parts: dict[str, str] = {
        "database": database,
        "broker": _up(outbox.broker_answers),
        "storage": _up(_storage_writable),
    }
    oldest: int | None = None
    if database == UP:
        parts |= _clock_and_workers()
        oldest = _oldest_unsent_seconds()
    down = [name for name, state in parts.items() if state == DOWN]
    return JsonResponse(
        {
            "status": DOWN if down else "ready",
            "down": down,
            "parts": parts,
            "oldest_unsent_message_seconds": oldest,
        },
        status=503 if down else 200,
    )


def _up(answers: Callable[[], bool]) -> str:
    """Ask one part; whatever it raises means down."""
    try:
        return UP if answers() else DOWN
    except Exception as problem:  # any failure is the answer; its message may hold an address
        log.warning("%s: %s", answers.__name__, type(problem).__name__)
        return DOWN


def _database_answers() -> bool:
    """Whether the database answers, and not for reading alone, as a standby does."""
    postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only" if postgres else "SELECT 'off'")
        return bool(cursor.fetchone() == ("off",))


def _storage_writable() -> bool:
    """Whether the folder of files, or the one that it will be made in, can be written and has room left."""
    place = Path(settings.MEDIA_ROOT)
    while not place.exists():
        place = place.parent
    disk = os.statvfs(place)
    room = disk.f_bavail * disk.f_frsize >= LEAST_ROOM
    return place.is_dir() and os.access(place, os.W_OK) and room


def _clock_and_workers() -> dict[str, str]:
    """The clock and each queue's worker, from their heartbeats.

    The clock rings the workers, so while it stands still a silent worker is "unknown". A worker that
    holds a lease is busy, not dead.
    """
    last = beats.last_beats()
    clock = beats.living(last, beats.CLOCK)
    busy = beats.busy_queues()
    states = {"clock": UP if clock else DOWN}
    for queue in settings.QUEUES:
        name = beats.worker_of(queue)
        heard = beats.living(last, name) or queue in busy
        states[name] = UP if heard else DOWN if clock else UNKNOWN
    return states


def _oldest_unsent_seconds() -> int:
    """For how many seconds the longest waiting message has been due, or all have been put off; 0 where nothing waits."""
    waiting = (*Message.objects.due_since().values(), lateness.put_off_since())
    since = min(filter(None, waiting), default=None)
    return max(0, int((timezone.now() - since).total_seconds())) if since else 0
