"""The formats that stories leave in. A new one is a module beside these and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stories.rules.formats import csv_format, json_format
from stories.rules.formats.lines import Lines


@dataclass(frozen=True)
class Format:
    """One format: the file's ending, what browsers call it, and its writer.

    The writer turns lines into the file's bytes, piece by piece, with flat memory.
    """

    suffix: str
    content_type: str
    write: Callable[[Lines], Iterator[bytes]]


FORMATS: dict[str, Format] = {
    "csv": Format("csv", "text/csv; charset=utf-8", csv_format.write),
    "json": Format("json", "application/json", json_format.write),
}
