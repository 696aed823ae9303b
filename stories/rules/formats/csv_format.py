"""CSV for spreadsheets: RFC 4180, CRLF, UTF-8 with a byte order mark, every cell defused.

The mark is there because Excel reads accents wrongly without it. A cell that a spreadsheet could take
for a formula gets an apostrophe in front, so this file is for reading and sorting; the author's exact
bytes are in the JSON.
"""

from __future__ import annotations

import csv
import io
import pickle
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from stories.rules.consent import USES
from stories.rules.disclosure import district_name
from stories.rules.formats.lines import Line
from stories.rules.texts import Answer

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
#: How a formula begins in one spreadsheet or another, wide forms included, and what may hide the beginning.
COULD_BE_A_FORMULA = re.compile(r"[\t\r\n\x00]|\s*[=+\-@＝＋－＠−]").match
#: Where one may begin inside a cell: a spreadsheet that is set to semicolons or tabs cuts it there, and no
#: longer sees the quotes around a line break. The dash of a list ("- one") and a smile (";-)") stay.
COULD_BEGIN_ONE = re.compile(r"([;\t\r\n]\s*)([=+@＝＋＠]|[\-－−](?![\s)]))")

BEFORE = ("story", "campaign", "batch", "position", "hook")
AFTER = (
    "state",
    "district",
    "name",
    "name_shown",
    *USES,
    "until",
    "consent_version",
    "revision_sha256",
    "photo",
    "photo_description",
    "replaces_batch",
    "replaces_position",
)

Column = tuple[int, str]


#: A story's cells before its answers, the answers by their columns, and the cells behind them.
Kept = tuple[tuple[str, ...], dict[Column, str], tuple[str, ...]]


class CsvExport:
    """The file. Which columns it has is known only when the last story was seen, so cells are kept till then."""

    def __init__(self, spool: BinaryIO) -> None:
        self._spool = spool
        self.columns: list[Column] = []

    def add(self, lines: Sequence[Line]) -> None:
        """Take in the next lines."""
        for line in lines:
            self.see(line.story.answers)
        pickle.dump([kept(line) for line in lines], self._spool, pickle.HIGHEST_PROTOCOL)

    def see(self, answers: Iterable[Answer]) -> None:
        """Have one column for each prompt that any of the stories answers, in the order of the form.

        A story that skipped a prompt does not move it: a new prompt goes behind the one before it.
        """
        place = 0
        for answer in answers:
            column = column_of(answer)
            if column not in self.columns:
                self.columns.insert(place, column)
            place = self.columns.index(column) + 1

    def pieces(self) -> Iterator[bytes]:
        """The file's bytes, piece by piece."""
        yield BYTE_ORDER_MARK + as_csv([header(self.columns)])
        self._spool.seek(0)
        while True:
            try:
                chunk: list[Kept] = pickle.load(self._spool)  # noqa: S301 (our own file, which has no name)
            except EOFError:
                return
            yield as_csv(
                [*before, *(answers.get(column, "") for column in self.columns), *after]
                for before, answers, after in chunk
            )


def as_csv(rows: Iterable[Iterable[str]]) -> bytes:
    """Rows as they stand in the file, every cell defused."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([defused(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def defused(cell: str) -> str:
    """The cell as text that no spreadsheet will calculate: an apostrophe wherever a formula could begin."""
    inside = COULD_BEGIN_ONE.sub(r"\1'\2", cell)
    return f"'{inside}" if COULD_BE_A_FORMULA(cell) else inside


def column_of(answer: Answer) -> Column:
    """Prompt and wording: a prompt that was reworded has two columns."""
    return answer["prompt"], answer["label"]


def header(columns: Sequence[Column]) -> list[str]:
    """The names of all columns; a prompt that is worded like another column is numbered."""
    names = list(BEFORE)
    taken = {*BEFORE, *AFTER}
    for _, label in columns:
        name, number = label, 2
        while name in taken:
            name, number = f"{label} ({number})", number + 1
        taken.add(name)
        names.append(name)
    return [*names, *AFTER]


def kept(line: Line) -> Kept:
    """The cells of one line, as they are before they are defused."""
    story, replaces = line.story, line.replaces
    before = (story.story, line.campaign, str(line.batch), str(line.position), story.hook)
    answers = {column_of(answer): as_text(answer["value"]) for answer in story.answers}
    after = (
        story.state,
        district_name(story.state, story.district),
        story.name,
        story.name_shown,
        *("yes" if use in story.uses else "no" for use in USES),
        story.until.isoformat(),
        str(story.consent_version),
        story.revision,
        line.photo_file,
        story.photo_description,
        str(replaces.batch) if replaces else "",
        str(replaces.position) if replaces else "",
    )
    return before, answers, after


def as_text(value: str | list[str]) -> str:
    """One answer in one cell; several choices stand behind each other."""
    return value if isinstance(value, str) else "; ".join(value)
