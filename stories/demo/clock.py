"""The demonstration's calendar: what happened how many days ago, and a clock to let it happen then.

Verbs, column defaults and querysets all ask `django.utils.timezone.now`, which asks the `datetime` of
its own module. While a scene is played that one name stands for a clock that goes as fast as ours and
is so many days slow. It is moved in the process of `manage.py demo` alone, which does nothing else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils import timezone

#: Where the campaign's people look at the clock.
TIME_ZONE = "America/New_York"


@dataclass(frozen=True)
class Calendar:
    """Days counted back from the moment at which the demonstration is made."""

    now: dt.datetime

    def moment(self, days_ago: int, hour: int = 10, minute: int = 0) -> dt.datetime:
        """A local time so many days before today, in UTC; negative days are still to come."""
        return dt.datetime.combine(
            self.day(days_ago), dt.time(hour, minute), tzinfo=ZoneInfo(TIME_ZONE)
        ).astimezone(dt.UTC)

    def day(self, days_ago: int) -> dt.date:
        """The date so many days before today, as the campaign's people write it."""
        return self.now.astimezone(ZoneInfo(TIME_ZONE)).date() - dt.timedelta(days=days_ago)

    def weekday(self, days_ago: int, weekday: int) -> int:
        """So many days ago, moved to that weekday (Monday = 0) of the same week."""
        return days_ago + self.day(days_ago).weekday() - weekday


@contextmanager
def clock_at(moment: dt.datetime) -> Iterator[None]:
    """Let Django's clock show `moment` and go on from there, until the block ends."""
    slow = dt.datetime.now(dt.UTC) - moment

    class SlowClock(dt.datetime):
        """A datetime whose `now` is that long ago."""

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> SlowClock:
            """The time that this clock shows."""
            return dt.datetime.now(tz) - slow  # type: ignore[return-value]

    own = vars(timezone)["datetime"]
    vars(timezone)["datetime"] = SlowClock
    try:
        yield
    finally:
        vars(timezone)["datetime"] = own
