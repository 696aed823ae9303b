"""Moments as people in a campaign's time zone write and read them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as format_moment

#: The zones of the United States by their names in daily use.
US_ZONES: dict[str, str] = {
    "America/New_York": "Eastern time (New York)",
    "America/Chicago": "Central time (Chicago)",
    "America/Denver": "Mountain time (Denver)",
    "America/Phoenix": "Arizona (Phoenix)",
    "America/Los_Angeles": "Pacific time (Los Angeles)",
    "America/Anchorage": "Alaska (Anchorage)",
    "Pacific/Honolulu": "Hawaii (Honolulu)",
    "America/Puerto_Rico": "Puerto Rico (San Juan)",
    "Pacific/Guam": "Guam",
    "Pacific/Pago_Pago": "American Samoa (Pago Pago)",
}


class NoSingleMoment(ValueError):
    """A local time that clocks there skip, or show twice; the message says which, in words."""


def moment_of(local: dt.datetime, time_zone: str) -> dt.datetime:
    """The moment, in UTC, that a wall clock in `time_zone` shows as the naive `local`.

    Raises NoSingleMoment in the hour that is skipped in spring or runs twice in fall: a campaign
    must not open at a moment that its lead did not mean.
    """
    zone = ZoneInfo(time_zone)
    first = local.replace(tzinfo=zone, fold=0)
    second = local.replace(tzinfo=zone, fold=1)
    moment = first.astimezone(dt.UTC)
    clock = format_moment(local, "P")
    day = format_moment(local, "F j, Y")
    if moment.astimezone(zone).replace(tzinfo=None) != local:
        raise NoSingleMoment(
            f"On {day} the clocks go forward and skip {clock.rstrip('.')}. Choose a time an hour later."
        )
    if first.utcoffset() != second.utcoffset():
        raise NoSingleMoment(
            f"On {day} the clocks go back and show {clock} twice. Choose a time an hour earlier or later."
        )
    return moment


def local_of(moment: dt.datetime, time_zone: str) -> dt.datetime:
    """What a wall clock in `time_zone` shows at a moment, as a naive datetime."""
    return moment.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)


def in_words(moment: dt.datetime, time_zone: str) -> str:
    """A moment with its zone's name: "September 1, 2026, 9 a.m. EDT"."""
    return format_moment(moment.astimezone(ZoneInfo(time_zone)), "F j, Y, P T")


def day_in_words(moment: dt.datetime, time_zone: str) -> str:
    """A moment's day in `time_zone`: "September 1, 2026"."""
    return format_moment(moment.astimezone(ZoneInfo(time_zone)), "F j, Y")


def zone_in_words(time_zone: str) -> str:
    """A time zone as people say it: "Eastern time (New York)", "Europe/Berlin"."""
    return US_ZONES.get(time_zone, time_zone.replace("_", " "))
