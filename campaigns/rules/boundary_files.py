"""Reading the file of a boundary set: columns zip, state, district and, if given, city."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from campaigns.rules.usa import STATE_NAMES, state_name

_FIVE_DIGITS = re.compile(r"[0-9]{5}")
_NEEDED = ("zip", "state", "district")
MOST_DISTRICTS = 99


class BoundaryFileProblem(ValueError):
    """The file cannot be a boundary set; the message says where and why."""


@dataclass(frozen=True)
class BoundaryRow:
    """One part of one ZIP, as the file says it."""

    zip: str
    state: str
    district: int | None
    city: str


def read_boundaries(lines: Iterable[str]) -> Iterator[BoundaryRow]:
    """Every row of the file, in its order. Raises BoundaryFileProblem at the first that is wrong."""
    reader = csv.DictReader(lines)
    header = [name.strip().lower() for name in reader.fieldnames or []]
    if missing := [name for name in _NEEDED if name not in header]:
        raise BoundaryFileProblem(f"The first line names no column {', '.join(missing)}.")
    reader.fieldnames = header
    seen: set[tuple[str, str, int | None]] = set()
    try:
        for cells in reader:
            row = _row(cells, reader.line_num)
            key = (row.zip, row.state, row.district)
            if key in seen:
                raise BoundaryFileProblem(f"Line {reader.line_num} repeats an earlier line.")
            seen.add(key)
            yield row
    except csv.Error as problem:
        raise BoundaryFileProblem(f"Line {reader.line_num} is no CSV: {problem}.") from problem


def check_coverage(before: Collection[str], now: Collection[str]) -> None:
    """Refuse a set that lost a state which the current one has: a file cut short looks like that."""
    if not now:
        raise BoundaryFileProblem("The file holds no ZIP.")
    if lost := sorted(set(before) - set(now)):
        names = ", ".join(state_name(code) for code in lost)
        raise BoundaryFileProblem(f"The file holds no ZIP of: {names}. Is it complete?")


def _row(cells: dict[str, str | None], line: int) -> BoundaryRow:
    """Check one line."""
    zip, state, district, city = (
        (cells.get(name) or "").strip() for name in ("zip", "state", "district", "city")
    )
    if not _FIVE_DIGITS.fullmatch(zip):
        raise BoundaryFileProblem(f"Line {line}: a ZIP has five digits, leading zeros included.")
    if state not in STATE_NAMES:
        raise BoundaryFileProblem(f"Line {line}: no state has the postal code {state[:10]!r}.")
    whole = district.isascii() and district.isdigit() and int(district) <= MOST_DISTRICTS
    if district and not whole:
        raise BoundaryFileProblem(f"Line {line}: {district[:10]!r} is no district.")
    if len(city) > 60:
        raise BoundaryFileProblem(f"Line {line}: the city's name is longer than 60 characters.")
    return BoundaryRow(zip, state, int(district) if district else None, city)
