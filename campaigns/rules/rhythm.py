"""When a campaign's open batches are sealed by the clock: daily or weekly, at a local hour."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from campaigns.models import Rhythm


def is_due(
    rhythm: str, weekday: int, hour: int, time_zone: str, opened_at: dt.datetime, now: dt.datetime
) -> bool:
    """Whether a scheduled moment lies in (opened_at, now].

    `weekday` counts from Monday = 0 and matters only weekly; `hour` is local to `time_zone`. A moment
    that was missed, because the clock stood still, is due as soon as the clock goes again.
    """
    last = _nearest(rhythm, weekday, hour, time_zone, now, backwards=True)
    return last is not None and opened_at < last


def next_moment(
    rhythm: str, weekday: int, hour: int, time_zone: str, now: dt.datetime
) -> dt.datetime | None:
    """The first scheduled moment after `now`, in UTC; None where a batch is sealed only by hand."""
    return _nearest(rhythm, weekday, hour, time_zone, now, backwards=False)


def _nearest(
    rhythm: str, weekday: int, hour: int, time_zone: str, now: dt.datetime, *, backwards: bool
) -> dt.datetime | None:
    """The last scheduled moment at or before `now`, or the first after it."""
    if rhythm == Rhythm.BY_HAND:
        return None
    zone = ZoneInfo(time_zone)
    today = now.astimezone(zone).date()
    # Nine days reach over a week whichever side of midnight the zone is on.
    for days in range(9):
        day = today + dt.timedelta(days=-days if backwards else days)
        if rhythm == Rhythm.WEEKLY and day.weekday() != weekday:
            continue
        moment = _moment(day, hour, zone)
        if (moment <= now) if backwards else (moment > now):
            return moment
    return None


def _moment(day: dt.date, hour: int, zone: ZoneInfo) -> dt.datetime:
    """A local hour of a day, in UTC.

    Of an hour that runs twice the first is meant; one that is skipped counts as the hour after it.
    """
    return dt.datetime.combine(day, dt.time(hour), tzinfo=zone).astimezone(dt.UTC)
