"""What people were told, and what they tried without hearing an answer: the run's own memory."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Act(StrEnum):
    """What somebody did that the site answers with "done"."""

    JOIN = "joined"
    SAVE = "saved"
    SUBMIT = "submitted"
    WITHDRAW = "withdrawn"
    SIGN_OFF = "signed off"
    APPROVE = "approved"
    DECLINE = "declined"
    ASK_CHANGES = "changes asked"
    EDIT = "edited"
    SEAL = "sealed"
    ACKNOWLEDGE = "acknowledged"
    ANSWER = "recall answered"
    DOWNLOAD = "downloaded"


@dataclass
class Line:
    """One act: about what, with which words, and whether "done" came back."""

    act: Act
    who: str
    about: str
    words: str = ""
    told: bool = False
    at: float = field(default_factory=time.time)


class Told:
    """All lines, in the order in which people acted."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._lock = threading.Lock()

    def tries(self, act: Act, who: str, about: str, words: str = "") -> Line:
        """Note before the request leaves: whatever happens now, this may have come about."""
        line = Line(act, who, about, words)
        with self._lock:
            self._lines.append(line)
        return line

    def lines(self, *acts: Act, about: str | None = None) -> list[Line]:
        """The lines of these acts, about one thing or all."""
        with self._lock:
            return [
                line
                for line in self._lines
                if line.act in acts and (about is None or line.about == about)
            ]

    def done(self, *acts: Act) -> Iterator[Line]:
        """The lines to which the site said yes."""
        return (line for line in self.lines(*acts) if line.told)

    def count(self) -> Counter[Act]:
        """How many were told what."""
        with self._lock:
            return Counter(line.act for line in self._lines if line.told)


def possible(lines: list[Line]) -> set[str]:
    """The words that may stand now: the last of which "done" was told, or whatever was tried after it."""
    found: set[str] = set()
    for line in lines:
        if line.told:
            found = set()
        found.add(line.words)
    return found


def kept(lines: list[Line]) -> bool:
    """Whether any of them was told."""
    return any(line.told for line in lines)
