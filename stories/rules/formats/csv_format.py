"""CSV for spreadsheets: RFC 4180, CRLF, UTF-8 with a byte order mark, every cell defused.

The mark is there because Excel reads accents wrongly without it. A cell that a spreadsheet could take
for a formula gets an apostrophe in front, so this file is for reading and sorting; the author's exact
bytes are in the JSON.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from stories.rules.consent import USES
from stories.rules.disclosure import district_name
from stories.rules.formats.lines import Line, Lines
from stories.rules.texts import Answer

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
#: What begins a formula in one spreadsheet or another, wide forms included.
FORMULA_MARKS = frozenset("=+-@＝＋－＠−")
CONTROLS = frozenset("\t\r\n\x00")

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


def write(lines: Lines) -> Iterator[bytes]:
    """The file, piece by piece. Goes through the lines twice: first for the columns."""
    columns = answer_columns(lines)
    writer = csv.writer(_Passing(), lineterminator="\r\n")
    yield BYTE_ORDER_MARK
    yield writer.writerow([defused(cell) for cell in header(columns)])
    for line in lines():
        yield writer.writerow([defused(cell) for cell in cells(line, columns)])


class _Passing:
    """A file that hands back what is written to it, so that `writerow` returns the row's bytes."""

    def write(self, text: str) -> bytes:
        return text.encode()


def defused(cell: str) -> str:
    """The cell as text that no spreadsheet will calculate: a leading apostrophe where it could."""
    if cell[:1] in CONTROLS or cell.lstrip()[:1] in FORMULA_MARKS:
        return f"'{cell}"
    return cell


def answer_columns(lines: Lines) -> list[Column]:
    """One column for each prompt that any of the stories answers, in the order of the form.

    A story that skipped a prompt does not move it: a new prompt goes behind the one before it.
    """
    columns: list[Column] = []
    known: set[Column] = set()
    for line in lines():
        place = 0
        for answer in line.story.answers:
            column = column_of(answer)
            if column not in known:
                columns.insert(place, column)
                known.add(column)
            place = columns.index(column) + 1
    return columns


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


def cells(line: Line, columns: Sequence[Column]) -> list[str]:
    """The cells of one line, as they are before they are defused."""
    story = line.story
    answers = {column_of(answer): as_text(answer["value"]) for answer in story.answers}
    replaces = line.replaces
    return [
        story.story,
        line.campaign,
        str(line.batch),
        str(line.position),
        story.hook,
        *(answers.get(column, "") for column in columns),
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
    ]


def as_text(value: str | list[str]) -> str:
    """One answer in one cell; several choices stand behind each other."""
    return value if isinstance(value, str) else "; ".join(value)
