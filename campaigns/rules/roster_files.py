"""The lines of a society's roster file, each read or rejected with the reason; pure and streaming."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from campaigns.rules.places import clean_zip
from campaigns.rules.roster_columns import FIELDS, Columns, find_columns
from campaigns.rules.text_files import FileProblem, Record, Table, open_table

LONGEST = {"given_name": 100, "family_name": 100, "number": 50, "institution": 150}
LONGEST_EMAIL = 254

_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Spaces of every width, and the marks without width that copying from web pages leaves behind.
_AROUND = " \u00a0\u2002\u2003\u2009\u200b\u202f\u3000\ufeff"
_LOST_ZERO = re.compile(r"\d{3,4}")


class ColumnProblem(FileProblem):
    """The file can be read, but it is not clear which of its columns is which."""


@dataclass(frozen=True)
class RosterRow:
    """One member as the file tells it. Empty cells are empty strings; they never erase anything."""

    line: int
    email: str
    given_name: str = ""
    family_name: str = ""
    number: str = ""
    home_zip: str = ""
    work_zip: str = ""
    institution: str = ""
    # What was read differently from how it was written, or left out, in words.
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rejected:
    """A line that nothing is taken from, and why. The reason repeats nothing of the line."""

    line: int
    reason: str


@dataclass(frozen=True)
class RosterFile:
    """How a roster file is written, and its lines."""

    table: Table
    columns: Columns
    rows: Iterator[RosterRow | Rejected]


def open_roster(file: IO[bytes], header_map: Mapping[str, str] | None = None) -> RosterFile:
    """Open a roster. Raises FileProblem, also while iterating, where the file cannot be read.

    `header_map` says which header a field is read from, where its name does not tell.
    """
    table, records = open_table(file)
    try:
        columns = find_columns(table.header, header_map or {})
    except ValueError as problem:
        raise ColumnProblem(str(problem)) from problem
    return RosterFile(table, columns, (read_row(record, columns) for record in records))


def read_row(record: Record, columns: Columns) -> RosterRow | Rejected:
    """One line of the file, checked."""
    width = len(columns.headers)
    if any(cell.strip() for cell in record.cells[width:]):
        return Rejected(
            record.line, "has more cells than the header: is a comma not in quotation marks?"
        )
    cells = {
        name: tidy(record.cells[place]) if place < len(record.cells) else ""
        for name, place in columns.positions.items()
    }
    email = cells.pop("email").lower()
    if reason := _no_address(email):
        return Rejected(record.line, reason)
    for name, most in LONGEST.items():
        if len(cells.get(name, "")) > most:
            return Rejected(record.line, f"{FIELDS[name]} is longer than {most} characters")
    remarks: list[str] = []
    for name in ("home_zip", "work_zip"):
        if cells.get(name):
            cells[name] = _zip(cells[name], FIELDS[name], remarks)
    return RosterRow(record.line, email, remarks=tuple(remarks), **cells)


def tidy(cell: str) -> str:
    """A cell as it was typed, without what stands around it; line breaks and controls become one space."""
    return _BREAKS.sub(" ", cell).strip(_AROUND)


def _no_address(email: str) -> str:
    """Why this is no e-mail address; empty where it is one."""
    if not email:
        return "has no e-mail address"
    if len(email) > LONGEST_EMAIL:
        return f"has an e-mail address longer than {LONGEST_EMAIL} characters"
    try:
        validate_email(email)
    except ValidationError:
        return "has something in the e-mail column that is no e-mail address"
    return ""


def _zip(typed: str, label: str, remarks: list[str]) -> str:
    """The five digits; a spreadsheet's lost zeros are put back, and what is no US ZIP is left out."""
    if _LOST_ZERO.fullmatch(typed) and typed.isascii():
        remarks.append(f"{label}: the zero at its beginning, which spreadsheets drop, was put back")
        return typed.zfill(5)
    try:
        return clean_zip(typed)
    except ValueError:
        remarks.append(f"{label} is no US ZIP code and was left out")
        return ""
