"""The written material of the demonstration, read from the JSON files beside this module."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent

#: Reserved names (RFC 2606): nobody can ever be written to by mistake.
DOMAINS = {
    "isscr": "isscr.example",
    "larkmoor": "larkmoor.example",
    "quillbrook": "quillbrook.example",
    "research-america": "researchamerica.example",
    "lanternfield": "lanternfield.example",
    "site": "storybank.example",
}


#: Letters that are no base letter with an accent.
LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ß": "ss", "æ": "ae", "þ": "th"})


@dataclass(frozen=True)
class Edited:
    """What a coordinator makes of a text."""

    hook: str
    story: str


@dataclass(frozen=True)
class Text:
    """One story's words, and where its author lives and works. Absent values are empty."""

    key: str
    state: str
    institution: str
    home_zip: str
    role: str
    hook: str
    story: str
    at_risk: str
    supports: Sequence[str]
    since: str
    link: str
    edit: Edited | None
    # What the coordinator writes when asking for changes or declining.
    reason: str


@dataclass(frozen=True)
class Staff:
    """One of the cast: coordinators, leads, partners' officers, the operator."""

    key: str
    name: str
    role: str
    title: str
    at: str

    @property
    def email(self) -> str:
        """An address that exists nowhere, at the organization's invented domain."""
        return f"{plain(self.name)}@{DOMAINS[self.at]}"


@cache
def texts() -> dict[str, Text]:
    """All stories by their key."""
    return {row["key"]: _text(row) for row in _read("stories.json")["stories"]}


def _text(row: dict[str, Any]) -> Text:
    wanted = {name: row[name] for name in Text.__dataclass_fields__ if name != "edit"}
    return Text(**wanted, edit=Edited(**row["edit"]) if row["edit"] else None)


@cache
def cast() -> list[Staff]:
    """Everybody who works with the campaign."""
    return [Staff(**row) for row in _read("people.json")["cast"]]


@cache
def names() -> tuple[list[str], list[str]]:
    """Given names and family names, to be combined."""
    people = _read("people.json")
    return people["given"], people["family"]


@cache
def campaign() -> dict[str, Any]:
    """The campaign's texts, societies, partners, prompts, notes and tags."""
    content: dict[str, Any] = _read("campaign.json")["campaign"]
    return content


def choices(prompt: str) -> dict[str, str]:
    """The labels of a prompt's choices by their value."""
    asked = next(row for row in campaign()["prompts"] if row["key"] == prompt)
    return {choice["value"]: choice["label"] for choice in asked["choices"]}


def plain(name: str) -> str:
    """A name as the part of an address before the @: letters without accents, joined by points."""
    decomposed = unicodedata.normalize("NFKD", name.casefold().translate(LETTERS))
    letters = "".join(c if c.isascii() and c.isalnum() else " " for c in _unaccented(decomposed))
    return ".".join(letters.split())


def _unaccented(text: str) -> str:
    return "".join(c for c in text if not unicodedata.combining(c) and c not in "'’ʻ.")


def _read(name: str) -> Any:
    return json.loads((HERE / name).read_text(encoding="utf-8"))
