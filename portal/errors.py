"""The refusals that a verb can raise, each with the words that a person will read."""

from __future__ import annotations


class TooLate(Exception):
    """Somebody or the clock was faster: what was asked is not possible in this state (HTTP 409)."""


class Refused(Exception):
    """What was asked breaks a rule; the message says which and what to do instead (HTTP 400)."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field
