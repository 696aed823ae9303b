"""What a revision's text is, byte for byte, and its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TypedDict


class Answer(TypedDict):
    """One answered prompt as a revision keeps it. `value` is a string or, for several, a list of them."""

    prompt: int
    kind: str
    label: str
    value: str | list[str]


def canonical(hook: str, answers: Sequence[Answer], photo_sha256: str | None) -> bytes:
    """The bytes that a revision's hash is taken over: UTF-8 JSON with sorted keys and no spaces.

    Holds the text and the photo's own SHA-256, and nothing of who wrote it.
    """
    text = {
        "answers": [
            {"kind": answer["kind"], "label": answer["label"], "value": answer["value"]}
            for answer in answers
        ],
        "hook": hook,
        "photo": photo_sha256,
    }
    return json.dumps(text, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def revision_sha256(hook: str, answers: Sequence[Answer], photo_sha256: str | None) -> str:
    """The hash of a revision, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(hook, answers, photo_sha256)).hexdigest()


def searchable(hook: str, answers: Sequence[Answer]) -> str:
    """What the search box looks in: hook and text answers in lower case."""
    texts = [hook]
    for answer in answers:
        value = answer["value"]
        texts.extend([value] if isinstance(value, str) else value)
    return "\n".join(texts).casefold()


def names_given_away(texts: str, full_name: str, email: str) -> list[str]:
    """Which of an author's own marks stand in a text that is to travel without a name.

    Looks, whatever the capitals, for the full name, for every part of it of three letters or more as
    a whole word, and for the address. Returns what was found, as the author spelled it.
    """
    words = {word.strip(".,;:!?()[]\"'“”‘’").casefold() for word in texts.split()}
    words |= {word.removesuffix("'s").removesuffix("’s") for word in words}
    found = [part for part in full_name.split() if len(part) >= 3 and part.casefold() in words]
    if email and email.casefold() in texts.casefold():
        found.append(email)
    return found
