"""Reading tables that spreadsheets and survey tools wrote: encoding, delimiter, quotes; streaming.

Pure: works on an open binary file, holds one record at a time, and says in words what it cannot read.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

LONGEST_LINE = 1_000_000
MOST_COLUMNS = 500
DELIMITERS = (",", ";", "\t", "|")
_PIECE = 1 << 20
_NO_TABLE = {
    b"PK\x03\x04": "an Excel workbook or another zipped file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a compressed file",
}


class FileProblem(ValueError):
    """The file cannot be read; the message says why and what to do."""


@dataclass(frozen=True)
class Record:
    """One record and the line of the file that it begins on, counted from 1."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Table:
    """How a file is written, and its header."""

    encoding: str
    delimiter: str
    header: list[str]


def detect_encoding(file: IO[bytes]) -> str:
    """The encoding of a whole file: by its byte-order mark, as UTF-8, else as Western European.

    Leaves the file at its beginning. Raises FileProblem for what is no text.
    """
    file.seek(0)
    start = file.read(4)
    for mark, what in _NO_TABLE.items():
        if start.startswith(mark):
            raise FileProblem(f"This is {what}, not a CSV. In Excel, save it as “CSV UTF-8”.")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    else:
        encoding = _eight_bit(file)
    file.seek(0)
    return encoding


def _eight_bit(file: IO[bytes]) -> str:
    """UTF-8 where every byte fits; else Windows' or, with bytes that it lacks, ISO's Latin 1."""
    file.seek(0)
    decoders = {
        name: codecs.getincrementaldecoder(name)() for name in ("utf-8-sig", "cp1252", "latin-1")
    }
    while piece := file.read(_PIECE):
        if b"\x00" in piece:
            raise FileProblem(
                "This is no text file, so it is no CSV. Save it again as “CSV UTF-8”."
            )
        decoders = {name: decoder for name, decoder in decoders.items() if _fits(decoder, piece)}
    if "utf-8-sig" in decoders and not _fits(decoders["utf-8-sig"], b"", final=True):
        del decoders["utf-8-sig"]
    return next(iter(decoders))


def _fits(decoder: codecs.IncrementalDecoder, piece: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(piece, final)
    except UnicodeDecodeError:
        return False
    return True


def open_table(file: IO[bytes]) -> tuple[Table, Iterator[Record]]:
    """The header, and every record under it that is not blank."""
    encoding = detect_encoding(file)
    delimiter = _delimiter(_text(file, encoding))
    file.seek(0)
    every = _records(_text(file, encoding), delimiter)
    first = next(every, None)
    if first is not None and len(first.cells) <= 2 and first.cells[0].lower().startswith("sep="):
        first = next(every, None)
    if first is None:
        raise FileProblem("The file is empty.")
    return Table(encoding, delimiter, [cell.strip() for cell in first.cells]), every


def _text(file: IO[bytes], encoding: str) -> io.TextIOWrapper:
    """The file as text, its line ends as they are. The binary file stays open."""
    return _Lasting(file, encoding=encoding, newline="")


class _Lasting(io.TextIOWrapper):
    """Text over a file that is not ours to close."""

    def __del__(self) -> None:
        """Let go of the file instead of closing it."""
        if not self.closed:
            self.detach()


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Lines with their ends; a line that is far too long is refused before it fills the memory."""
    number = 0
    while True:
        try:
            line = text.readline(LONGEST_LINE)
        except UnicodeError as problem:
            raise FileProblem("The file is cut off in the middle of a character.") from problem
        if not line:
            return
        number += 1
        if len(line) >= LONGEST_LINE:
            raise FileProblem(f"Line {number} is longer than {LONGEST_LINE:,} characters.")
        yield line


def _records(text: io.TextIOWrapper, delimiter: str) -> Iterator[Record]:
    """Every record that is not blank."""
    reader = csv.reader(_lines(text), delimiter=delimiter)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            raise FileProblem(
                f"Line {line} cannot be read: a quotation mark there may never be closed."
            ) from problem
        if len(cells) > MOST_COLUMNS:
            raise FileProblem(
                f"Line {line} has {len(cells):,} columns; at most {MOST_COLUMNS} can be read."
            )
        if any(cell.strip() for cell in cells):
            yield Record(line, cells)


def _delimiter(text: io.TextIOWrapper) -> str:
    """What separates the cells: what the file says itself ("sep=;"), else what splits its header most."""
    first = next((line for line in _lines(text) if line.strip()), "")
    if first.lower().startswith("sep=") and len(first.strip()) <= 5:
        return first.strip()[4:] or "\t"
    # One cell must stay under the limit of Python's reader, whatever the delimiter.
    first = first[:100_000]
    counts = {mark: len(next(csv.reader([first], delimiter=mark), [])) for mark in DELIMITERS}
    return max(counts, key=lambda mark: counts[mark])
