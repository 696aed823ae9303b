"""The states of the United States as the postal service counts them, territories and military included."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"


def _read_states() -> list[dict[str, str]]:
    with (DATA / "states.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


_STATES = _read_states()

#: Name by two-letter code: 50 states, DC, 5 territories, 3 freely associated states, AA, AE and AP.
STATE_NAMES: dict[str, str] = {row["usps"]: row["name"] for row in _STATES}

#: What is chosen among the states and is none, by its kind in the file.
_OTHERS = {
    "territory": "Territories",
    "associated": "Freely associated states",
    "military": "Military addresses",
}


def by_name() -> list[tuple[str, str]]:
    """(code, name) of every state in the alphabetical order of names, for lists to choose from."""
    return sorted(STATE_NAMES.items(), key=lambda pair: pair[1])


def by_kind() -> list[tuple[str, list[tuple[str, str]]]]:
    """(code, name) by name under what they are: the states and DC first, then the others."""
    kinds = {row["usps"]: row["kind"] for row in _STATES}
    states = [pair for pair in by_name() if kinds[pair[0]] not in _OTHERS]
    others = [
        (label, [pair for pair in by_name() if kinds[pair[0]] == kind])
        for kind, label in _OTHERS.items()
    ]
    return [("States", states), *others]


def choices() -> list[tuple[str, str] | tuple[str, list[tuple[str, str]]]]:
    """What a list of states offers: the states and DC by name, then the others under what they are."""
    (_, states), *others = by_kind()
    return [*states, *others]


def clean_states(codes: Iterable[str]) -> list[str]:
    """The codes in capitals, sorted, each once. ValueError names those that are no state."""
    cleaned = {code.strip().upper() for code in codes if code.strip()}
    if unknown := sorted(cleaned - STATE_NAMES.keys()):
        raise ValueError(f"No state has this postal code: {', '.join(unknown)}.")
    return sorted(cleaned)


def state_name(code: str) -> str:
    """A state's name; an unknown code stands for itself."""
    return STATE_NAMES.get(code, code)


def district_name(state: str, district: int | None) -> str:
    """A district in words: "Kansas, district 2", "South Dakota, at large", "Guam"."""
    name = state_name(state)
    if district is None:
        return name
    return f"{name}, at large" if district == 0 else f"{name}, district {district}"


def names_in_words(codes: Iterable[str]) -> str:
    """Several states in one phrase, by name: "Kansas, North Carolina and Utah"."""
    names = sorted(state_name(code) for code in codes)
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
