"""How institutions are searched and told apart by what people type."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+(?:&[^\W_]+)?")
_WHERE = re.compile(r"\s*\(([^()]*), ([A-Z]{2})\)\s*$")
_APOSTROPHES = dict.fromkeys(map(ord, "'’ʻ`"), None)
# Words that an institution's name has or has not, by the typist's mood.
_SMALL = frozenset({"the", "of", "at", "in", "and", "for"})


def fold(text: str) -> str:
    """Lower case without accents and apostrophes."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_APOSTROPHES))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def searchable(name: str, aliases: str, city: str) -> str:
    """What suggestions are searched in, at most 800 characters.

    The words of name and aliases, each between spaces, then those of the city, each behind an "@", so
    that an institution called Kansas can stand above one in Kansas City.
    """
    named = _WORD.findall(fold(f"{name} {aliases.replace('|', ' ')}"))
    where = "".join(f"@{word} " for word in _WORD.findall(fold(city)))
    return f" {' '.join(named)[: 790 - len(where)]} {where}"


def holds(text: str, words: Iterable[str]) -> bool:
    """Whether each of the words begins one of `searchable`."""
    return all(f" {word}" in text or f"@{word}" in text for word in words)


def search_words(typed: str) -> list[str]:
    """The words to look for in `searchable`, at most eight; small words count for nothing."""
    bare = _WHERE.sub("", typed)
    return [word for word in _WORD.findall(fold(bare)) if word not in _SMALL][:8]


def search_phrase(typed: str) -> str:
    """What was typed, word for word, as it would stand in `searchable`."""
    return " ".join(_WORD.findall(fold(_WHERE.sub("", typed))))


def same_name(name: str) -> tuple[str, ...]:
    """What two spellings of one name have in common: the words, without the small ones."""
    return tuple(word for word in _WORD.findall(fold(_WHERE.sub("", name))) if word not in _SMALL)


@dataclass(frozen=True)
class Known:
    """An institution of the data, as far as matching needs it."""

    pk: int
    state: str
    zip: str


class Names:
    """Institutions by name and alias. A name that two institutions share stands for neither."""

    def __init__(self, rows: Iterable[tuple[int, str, str, str, str]]) -> None:
        """`rows` are (id, name, aliases, state, zip)."""
        self._names: dict[tuple[str, ...], list[Known]] = {}
        self._aliases: dict[tuple[str, ...], list[Known]] = {}
        for pk, name, aliases, state, zip in rows:
            known = Known(pk, state, zip)
            self._names.setdefault(same_name(name), []).append(known)
            for alias in aliases.split("|"):
                if key := same_name(alias):
                    self._aliases.setdefault(key, []).append(known)

    def find(self, typed: str, states: Sequence[str] = ()) -> Known | None:
        """The one institution that is meant; with `states`, only one that lies in one of them."""
        key = same_name(typed)
        for names in (self._names, self._aliases):
            found = {known.pk: known for known in names.get(key, ())}
            fitting = [known for known in found.values() if not states or known.state in states]
            if len(fitting) == 1:
                return fitting[0]
            if found:
                return None
        return None
