"""What people type: line breaks, characters that no text holds, and the counting of words."""

from __future__ import annotations

import unicodedata

#: Control characters that belong to ordinary text.
ALLOWED_CONTROLS = "\n\t"


def unix_newlines(text: str) -> str:
    """The text with every line break as one line feed; browsers send two characters for each."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def control_characters(text: str) -> list[str]:
    """The control characters of a text, each once, as "U+0007"; line breaks and tabs are none."""
    found = {
        character
        for character in text
        if character not in ALLOWED_CONTROLS and unicodedata.category(character) == "Cc"
    }
    return [f"U+{ord(character):04X}" for character in sorted(found)]


def count_words(text: str) -> int:
    """How many words a text has: runs of anything between white space, as word processors count."""
    return len(text.split())
