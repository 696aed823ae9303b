"""Which addresses a roster file has shown so far, kept on disk so that memory stays flat."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable


class Addresses:
    """A set of addresses, as 63-bit hashes with the line that each was first seen on.

    Two addresses of a million would share a hash once in twenty million such files.
    """

    def __init__(self) -> None:
        # An empty name is SQLite's private temporary database, which it deletes by itself.
        self._base = sqlite3.connect("", isolation_level=None)
        self._base.execute("CREATE TABLE seen (hash INTEGER PRIMARY KEY, line INTEGER NOT NULL)")
        self._base.execute("BEGIN")

    def add(self, email: str, line: int) -> int | None:
        """Remember an address; the line that showed it before, or None where it is new."""
        key = _hash(email)
        fresh = self._base.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (key, line))
        if fresh.rowcount:
            return None
        return self.line_of(email)

    def __bool__(self) -> bool:
        """Whether any address was seen."""
        return self._base.execute("SELECT 1 FROM seen LIMIT 1").fetchone() is not None

    def line_of(self, email: str) -> int | None:
        """The line that an address was first seen on; None where it was not seen so far."""
        found = self._base.execute("SELECT line FROM seen WHERE hash = ?", (_hash(email),))
        line: tuple[int] | None = found.fetchone()
        return line[0] if line else None

    def missing(self, emails: Iterable[str]) -> list[str]:
        """Those of some addresses that were not seen."""
        ask = "SELECT 1 FROM seen WHERE hash = ?"
        return [
            email for email in emails if not self._base.execute(ask, (_hash(email),)).fetchone()
        ]


def _hash(email: str) -> int:
    digest = hashlib.blake2b(email.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
