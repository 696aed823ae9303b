"""From a ZIP to a state and a district: what is certain, what the member must choose, what is unknown.

Nothing here guesses. A ZIP that lies in several districts or states stays open until somebody who
knows has chosen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from campaigns.rules.usa import district_name, state_name

_ZIP = re.compile(r"(\d{5})(?:[\s-]*\d{4})?")
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-")


@dataclass(frozen=True, order=True)
class Area:
    """One part of a ZIP. `district` is 0 at large, and None where the source does not know it."""

    state: str
    district: int | None


@dataclass(frozen=True)
class Choice:
    """One answer that a member can give. `district_open`: the state is chosen, the district is not."""

    state: str
    district: int | None = None
    district_open: bool = False

    @property
    def value(self) -> str:
        """What a form sends for this choice: "GA-14", "CO-" or "GA-?"."""
        if self.district_open:
            return f"{self.state}-?"
        return f"{self.state}-{'' if self.district is None else self.district}"

    @property
    def label(self) -> str:
        """The choice in words."""
        if self.district_open:
            return f"{state_name(self.state)}, I don't know which district"
        if self.district is None:
            return f"{state_name(self.state)} (its district is not known)"
        return district_name(self.state, self.district)


@dataclass(frozen=True)
class Match:
    """What is known of a ZIP.

    `state` is "" while it lies in several states and none is chosen; `district` is None while it is not
    known or not chosen. `ambiguous`: a choice is open. `choices` are offered where the ZIP has several
    parts, also after one was chosen. `known`: the boundary set holds this ZIP.
    """

    zip: str
    state: str
    district: int | None
    ambiguous: bool
    choices: tuple[Choice, ...] = ()
    known: bool = True

    @property
    def chosen(self) -> Choice | None:
        """Which of the choices this match is; None where none was made."""
        for choice in self.choices:
            same = choice.state == self.state and choice.district_open == self.ambiguous
            if same and (choice.district_open or choice.district == self.district):
                return choice
        return None


def clean_zip(text: str) -> str:
    """The five digits of a ZIP or ZIP+4, leading zeros kept; "" for nothing. ValueError says what is wrong."""
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES).strip()
    if not plain:
        return ""
    found = _ZIP.fullmatch(plain)
    if not found or not plain.isascii():
        raise ValueError("A US ZIP code has five digits, such as 66044.")
    return found[1]


def match_zip(
    zip: str,
    areas: Collection[Area],
    nearby: Iterable[str] = (),
    *,
    within: str = "",
    choice: str = "",
) -> Match:
    """What a ZIP means.

    `areas` are its parts in the boundary set. Where there are none, `nearby` names the states whose
    ZIPs begin with the same three digits: they are offered, never taken. `within` limits a workplace
    to the state that its institution is in. `choice` is a `Choice.value` that the member gave; one that
    is not on offer counts as no choice.
    """
    parts = sorted(areas, key=lambda area: (area.state, area.district is None, area.district or 0))
    if within and any(area.state == within for area in parts):
        parts = [area for area in parts if area.state == within]
    known = bool(parts)
    if not known:
        parts = (
            [Area(within, None)] if within else [Area(state, None) for state in sorted(set(nearby))]
        )
        if len(parts) == 1 and not within:
            return _open(zip, tuple(Choice(area.state) for area in parts), choice, known=False)
    if len(parts) == 1:
        return Match(zip, parts[0].state, parts[0].district, ambiguous=False, known=known)
    if not parts:
        return Match(zip, "", None, ambiguous=True, known=False)
    return _open(zip, _choices(parts), choice, known=known)


def still_stands(
    state: str, district: int | None, before: Collection[Area], now: Collection[Area]
) -> bool:
    """Whether a choice made among `before` holds among `now`.

    It does where it is still offered and nothing is offered that the member had not seen: else the map
    has changed under the choice, and keeping it would be a guess.
    """
    return Area(state, district) in now and set(now) <= set(before)


def _choices(parts: list[Area]) -> tuple[Choice, ...]:
    """Every part and, where a ZIP spans states, each state of several districts with the district open."""
    choices: list[Choice] = []
    states = sorted({area.state for area in parts})
    for state in states:
        here = [Choice(area.state, area.district) for area in parts if area.state == state]
        choices += here
        if len(states) > 1 and len(here) > 1:
            choices.append(Choice(state, district_open=True))
    return tuple(choices)


def _open(zip: str, choices: tuple[Choice, ...], value: str, *, known: bool) -> Match:
    """A match with choices, the one named by `value` made."""
    for choice in choices:
        if choice.value == value:
            return Match(
                zip, choice.state, choice.district, choice.district_open, choices, known=known
            )
    states = {choice.state for choice in choices}
    sure = states.pop() if known and len(states) == 1 else ""
    return Match(zip, sure, None, ambiguous=True, choices=choices, known=known)
