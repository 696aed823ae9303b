"""What an edit changed, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from stories.rules.texts import Answer

#: A word with its punctuation, or a run of white space: joined, they are the text again.
PIECES = re.compile(r"\S+|\s+")


@dataclass(frozen=True)
class Change:
    """A run of text that stayed, went, or came."""

    kind: Literal["same", "deleted", "inserted"]
    text: str


@dataclass(frozen=True)
class Passage:
    """One question's changes, under its label."""

    label: str
    changes: Sequence[Change]

    @property
    def differs(self) -> bool:
        """Whether anything in it changed."""
        return any(change.kind != "same" for change in self.changes)


def word_changes(old: str, new: str) -> list[Change]:
    """The changes from `old` to `new`: what is not inserted joins to `old`, what is not deleted to `new`."""
    before, after = PIECES.findall(old), PIECES.findall(new)
    changes = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            changes.append(Change("same", "".join(before[a:b])))
            continue
        if a < b:
            changes.append(Change("deleted", "".join(before[a:b])))
        if c < d:
            changes.append(Change("inserted", "".join(after[c:d])))
    return changes


def passages(
    old_hook: str, old: Sequence[Answer], new_hook: str, new: Sequence[Answer]
) -> Iterator[Passage]:
    """The changes of a whole revision, the hook first and then the questions in the new one's order."""
    yield Passage("In one line", word_changes(old_hook, new_hook))
    former = {answer["prompt"]: answer for answer in old}
    for answer in new:
        before = former.pop(answer["prompt"], None)
        yield Passage(
            answer["label"], word_changes(as_text(before) if before else "", as_text(answer))
        )
    for answer in former.values():
        yield Passage(answer["label"], word_changes(as_text(answer), ""))


def as_text(answer: Answer) -> str:
    """An answer as running text."""
    value = answer["value"]
    return value if isinstance(value, str) else ", ".join(value)
