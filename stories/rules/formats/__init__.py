"""The formats that stories leave in. A new one is a module beside these and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from stories.rules.formats.csv_format import CsvExport
from stories.rules.formats.json_format import JsonExport
from stories.rules.formats.lines import Line


class Export(Protocol):
    """A file in the making: every line is added once, in order, and then the file is read off."""

    def add(self, lines: Sequence[Line]) -> None:
        """Take in the next lines."""

    def pieces(self) -> Iterator[bytes]:
        """The file's bytes, piece by piece."""


@dataclass(frozen=True)
class Format:
    """One format: the file's ending, what browsers call it, and how an export in it begins.

    An export keeps what it was given in the file that it begins with, so that its memory is flat.
    """

    suffix: str
    content_type: str
    begin: Callable[[BinaryIO], Export]


FORMATS: dict[str, Format] = {
    "csv": Format("csv", "text/csv; charset=utf-8", CsvExport),
    "json": Format("json", "application/json", JsonExport),
}
