"""Local times, the rhythm of sealing, and the hours that clocks skip or show twice."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest

from campaigns.models import Rhythm
from campaigns.rules.clocks import NoSingleMoment, in_words, local_of, moment_of
from campaigns.rules.rhythm import is_due, next_moment

NEW_YORK = "America/New_York"


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def test_a_local_time_is_a_moment_and_back() -> None:
    moment = moment_of(dt.datetime(2026, 9, 1, 9), NEW_YORK)  # noqa: DTZ001 (a wall clock)

    assert moment == at("2026-09-01T13:00")
    assert local_of(moment, NEW_YORK) == dt.datetime(2026, 9, 1, 9)  # noqa: DTZ001
    assert in_words(moment, NEW_YORK) == "September 1, 2026, 9 a.m. EDT"


@pytest.mark.parametrize(
    ("local", "word"),
    [
        (dt.datetime(2026, 3, 8, 2, 30), "skip"),  # noqa: DTZ001
        (dt.datetime(2026, 11, 1, 1, 30), "twice"),  # noqa: DTZ001
    ],
)
def test_an_hour_that_is_not_one_moment_is_refused(local: dt.datetime, word: str) -> None:
    with pytest.raises(NoSingleMoment, match=word):
        moment_of(local, NEW_YORK)


@pytest.mark.parametrize(
    ("opened", "now", "due"),
    [
        ("2026-07-06T12:00", "2026-07-06T12:59", False),
        ("2026-07-06T12:00", "2026-07-06T13:00", True),
        ("2026-07-06T13:00", "2026-07-06T13:01", False),  # opened by that very sealing
        ("2026-07-06T13:00", "2026-07-20T00:00", True),  # the clock stood still for two weeks
    ],
)
def test_a_daily_batch_is_due_once_its_hour_has_come(opened: str, now: str, due: bool) -> None:
    assert is_due(Rhythm.DAILY, 0, 9, NEW_YORK, at(opened), at(now)) is due


def test_a_weekly_batch_waits_for_its_day_where_the_campaign_is() -> None:
    # Monday 9 a.m. in Honolulu is 19:00 UTC, in Auckland it is still Sunday in UTC.
    monday = ("2026-07-05T00:00", "2026-07-06T19:00")
    assert is_due(Rhythm.WEEKLY, 0, 9, "Pacific/Honolulu", at(monday[0]), at(monday[1]))
    assert not is_due(
        Rhythm.WEEKLY, 0, 9, "Pacific/Honolulu", at(monday[0]), at("2026-07-06T18:59")
    )
    assert is_due(Rhythm.WEEKLY, 0, 9, "Pacific/Auckland", at(monday[0]), at("2026-07-05T21:00"))
    assert not is_due(Rhythm.WEEKLY, 1, 9, "Pacific/Honolulu", at(monday[0]), at(monday[1]))


def test_by_hand_is_never_due() -> None:
    assert not is_due(
        Rhythm.BY_HAND, 0, 9, NEW_YORK, at("2020-01-01T00:00"), at("2026-01-01T00:00")
    )
    assert next_moment(Rhythm.BY_HAND, 0, 9, NEW_YORK, at("2026-01-01T00:00")) is None


def test_the_days_on_which_clocks_change_have_one_sealing_each() -> None:
    for night, hour in (("2026-03-08", 2), ("2026-11-01", 1)):
        start = at(f"{night}T00:00")
        minutes = [start + dt.timedelta(minutes=15 * n) for n in range(96)]
        sealings = [
            now
            for before, now in pairwise(minutes)
            if is_due(Rhythm.DAILY, 0, hour, NEW_YORK, before, now)
        ]
        assert len(sealings) == 1


def test_the_next_moment_keeps_the_local_hour_across_the_change() -> None:
    first = next_moment(Rhythm.WEEKLY, 4, 17, NEW_YORK, at("2026-10-30T20:59"))
    assert first == at("2026-10-30T21:00")
    assert next_moment(Rhythm.WEEKLY, 4, 17, NEW_YORK, first) == at("2026-11-06T22:00")
