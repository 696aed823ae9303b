"""Up to which moment everything that was written is there to be read."""

from __future__ import annotations

import datetime as dt

from django.db import connection
from django.utils import timezone

#: The clocks of the machines that write may differ by so much.
SLACK = dt.timedelta(seconds=10)

#: When the oldest transaction began that has written something and not committed it. PostgreSQL tells this
#: of one's own role alone, so every process of the site has the same role in DATABASE_URL.
OLDEST_WRITER = """
    SELECT min(xact_start) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()
"""


def settled_until() -> dt.datetime:
    """A moment before which no row will appear any more; ask for it before the rows.

    A row bears the time at which it was written and appears when its transaction commits, which may have
    to wait for others. Whoever reads on from the last row would step over one that appears behind it.
    On SQLite one writes at a time, and only the clocks' slack is left.
    """
    now = timezone.now()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(OLDEST_WRITER)
            began = cursor.fetchone()[0]
        now = min(now, began or now)
    return now - SLACK
