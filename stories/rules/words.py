"""What people type: line breaks, characters that no text holds, the counting of words, and quoting them."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Unicode's control characters (category Cc: C0, DEL, C1) but for the two that belong to ordinary text.
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def unix_newlines(text: str) -> str:
    """The text with every line break as one line feed; browsers send two characters for each."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def control_characters(text: str) -> list[str]:
    """The control characters of a text, each once, as "U+0007"; line breaks and tabs are none."""
    return [f"U+{ord(character):04X}" for character in sorted(set(CONTROLS.findall(text)))]


def count_words(text: str) -> int:
    """How many words a text has: runs of anything between white space, as word processors count."""
    return len(text.split())


def quoted(words: Iterable[str]) -> str:
    """Words one after the other in quotation marks; nothing for none."""
    return ", ".join(f"“{word}”" for word in words)
