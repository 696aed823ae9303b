"""Ending, by the clock, every consent whose last day has passed."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from campaigns.models import Campaign
from stories.models import Consent
from stories.verbs.consenting import expire_consent

log = logging.getLogger(__name__)

CHUNK = 200


def overdue(now: dt.datetime) -> Iterator[Consent]:
    """The live consents whose last day, in their campaign's time zone, is over; by key, in chunks."""
    zones = Campaign.objects.order_by("time_zone").values_list("time_zone", flat=True).distinct()
    for zone in list(zones):
        due = Consent.objects.live().filter(
            story__campaign__time_zone=zone, until__lt=now.astimezone(ZoneInfo(zone)).date()
        )
        last = 0
        while chunk := list(
            due.filter(pk__gt=last).select_related("story", "partner").order_by("pk")[:CHUNK]
        ):
            yield from chunk
            last = chunk[-1].pk


def expire_consents(*, now: dt.datetime) -> int:
    """End what is overdue at `now`, each in its own transaction; returns how many. One failure stops no other."""
    count = 0
    for consent in overdue(now):
        try:
            expire_consent(consent=consent)
        except Exception:
            log.exception("ending consent %s failed", consent.pk)
            continue
        count += 1
    return count
