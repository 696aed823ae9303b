"""The clock: Celery's beat, which leaves its own heartbeat.

The workers' heartbeats are tasks that the clock rings. A clock that stood still would look like dead
workers, so it writes its own beat straight into the database.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from celery.beat import PersistentScheduler
from django.db import Error, close_old_connections

from portal.post import beats

log = logging.getLogger(__name__)

SECONDS = 15.0


class Clock(PersistentScheduler):
    """Rings `settings.CELERY_BEAT_SCHEDULE` and says that it lives."""

    _beaten = -SECONDS

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """One look at the schedule; returns the seconds until the next."""
        if time.monotonic() - self._beaten >= SECONDS:
            self._beaten = time.monotonic()
            self._beat()
        return float(super().tick(*args, **kwargs))

    def _beat(self) -> None:
        """Leave the heartbeat; a database that is away must not stop the clock."""
        try:
            close_old_connections()
            beats.beat(beats.CLOCK)
        except Error as problem:
            log.warning("the clock could not leave its heartbeat: %s", type(problem).__name__)
