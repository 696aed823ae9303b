"""Files are being built while the disk is full: the lead waits until something is due, and seals then."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event

import psycopg

from chaos.environment import DATABASE_URL
from chaos.watch import Watch

#: Whether an approved and permitted story is with its partner not yet.
DUE = """
    SELECT EXISTS (
        SELECT 1 FROM stories_consent consent
        JOIN stories_story story ON story.id = consent.story_id AND story.state = 'approved'
        WHERE consent.ended_at IS NULL AND consent.partner_id IS NOT NULL
          AND NOT EXISTS (
            SELECT 1 FROM stories_item item
            WHERE item.story_id = story.id AND item.partner_id = consent.partner_id
              AND item.ended_at IS NULL))
"""


@dataclass
class Builds:
    """What the saboteur knows of the batches that are built meanwhile."""

    watch: Watch
    #: The lead seals nothing while the first is set, and seals at once while the second is.
    held: Event
    hastened: Event

    def are_due(self) -> bool:
        """Whether sealing would have files built now."""
        try:
            with psycopg.connect(DATABASE_URL, connect_timeout=2) as connection:
                row = connection.execute(DUE).fetchone()
        except psycopg.Error:
            return False
        return bool(row and row[0])

    def met(self, since: float) -> int:
        """How many attempts at building files failed for want of room since then."""
        return sum(at >= since for at in self.watch.without_room.copy().values())
