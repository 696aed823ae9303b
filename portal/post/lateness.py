"""Whether mail is leaving: for the banner that tells coordinators when it is not."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from portal.models import Heartbeat, Message, Urgency
from portal.post import beats

CACHE_KEY = "mail-late-minutes"
#: Pages ask this often; the database is asked once in so many seconds.
CACHE_SECONDS = 30


def minutes_late() -> int:
    """For how many minutes mail has been held up; 0 while it leaves as it should."""
    known = cache.get(CACHE_KEY)
    if known is None:
        known = _minutes_late()
        cache.set(CACHE_KEY, known, CACHE_SECONDS)
    return int(known)


def _minutes_late() -> int:
    """Ask the database. What was put back to be tried later is not due; it counts where nothing else leaves either.

    A million invitations take their time: they are late only if the mail server lets nobody in either.
    """
    now = timezone.now()
    limit = dt.timedelta(minutes=settings.LATE_MAIL_MINUTES)
    put_off = put_off_since()
    if put_off is not None and now - put_off >= limit:
        return _minutes(now - put_off)
    since = Message.objects.due_since()
    due = min(filter(None, (since[Urgency.AT_ONCE], since[Urgency.NORMAL])), default=None)
    if due is None or now - due < limit:
        bulk = since[Urgency.BULK]
        if bulk is None or now - bulk < limit:
            return 0
        heard = Heartbeat.objects.filter(name=beats.MAIL_SERVER, at__gt=now - limit)
        if heard.exists():
            return 0
        due = bulk
    return _minutes(now - due)


def put_off_since() -> dt.datetime | None:
    """Since when the mail server has let us in and put off whatever came; None while something leaves.

    Of all that was written since the last message left, the oldest that it put off.
    """
    left = Heartbeat.objects.filter(name=beats.MAIL_LEFT).values_list("at", flat=True).first()
    return Message.objects.put_off_since(left)


def _minutes(span: dt.timedelta) -> int:
    return int(span.total_seconds() // 60)
