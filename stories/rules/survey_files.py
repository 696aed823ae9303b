"""The files of survey tools, row by row; which tool wrote one is seen from its header. Pure and streaming."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import IO

from campaigns.rules.roster_columns import header_key
from campaigns.rules.text_files import FileProblem, Record, open_table

#: The layouts by the names that `--layout` takes, as people call them.
LAYOUTS = {
    "surveymonkey": "SurveyMonkey",
    "google": "Google Forms",
    "qualtrics": "Qualtrics",
    "plain": "a plain table",
}

#: Columns that say where somebody sat or lives; they are left out of what is kept.
_WHEREABOUTS = re.compile(
    r"^(ip|ipaddress|ipaddr|remoteip|locationlatitude|locationlongitude|latitude|longitude"
    r"|street.*|address|address[12]|addressline[12]|mailingaddress|homeaddress|streetaddress"
    r"|phone.*|telephone.*|mobile.*|cellphone)$"
)


@dataclass(frozen=True)
class Column:
    """One column. `header` is its unique name, `question` what people were asked, `choice` its own box."""

    place: int
    header: str
    question: str
    choice: str = ""

    @property
    def is_whereabouts(self) -> bool:
        """Whether it tells an address, a network or a telephone, which are not kept."""
        names = (self.header, self.question, self.choice)
        return any(_WHEREABOUTS.fullmatch(header_key(name)) for name in names if name)

    def is_called(self, name: str) -> bool:
        """Whether a person means this column by `name`."""
        key = header_key(name)
        return name in (self.header, self.question) or (
            bool(key) and key in (header_key(self.header), header_key(self.question))
        )


@dataclass(frozen=True)
class Survey:
    """How a file is written, its columns, and its answers under them."""

    layout: str
    encoding: str
    columns: Sequence[Column]
    records: Iterator[Record]


def open_survey(file: IO[bytes], layout: str = "") -> Survey:
    """Open a survey's CSV; `layout` is one of LAYOUTS, empty to see it from the header.

    Raises FileProblem where it cannot be read.
    """
    table, records = open_table(file)
    ahead = [record for record in (next(records, None), next(records, None)) if record is not None]
    layout = layout or seen_layout(table.header, ahead)
    needed = {"surveymonkey": 1, "qualtrics": 2}.get(layout, 0)
    if len(ahead) < needed:
        raise FileProblem(
            f"A file of {LAYOUTS[layout]} has {needed + 1} header rows; some are missing."
        )
    headers, ahead = ahead[:needed], ahead[needed:]
    if layout == "surveymonkey":
        columns = two_rows(table.header, headers[0].cells)
    elif layout == "qualtrics":
        columns = named_rows(table.header, headers[0].cells)
    else:
        columns = [Column(place, name, name) for place, name in enumerate(unique(table.header))]
    return Survey(layout, table.encoding, columns, chain(ahead, records))


def seen_layout(header: Sequence[str], ahead: Sequence[Record]) -> str:
    """Which tool wrote a file with this header and these next two records."""
    if len(ahead) > 1 and any('"ImportId"' in cell for cell in ahead[1].cells):
        return "qualtrics"
    first = header_key(header[0])
    if first in {"respondentid", "responseid"} and ahead and not ahead[0].cells[0].strip():
        return "surveymonkey"
    if first == "timestamp" or header_key(header[0]) == "zeitstempel":
        return "google"
    return "plain"


def two_rows(questions: Sequence[str], below: Sequence[str]) -> list[Column]:
    """SurveyMonkey: a question stands over its first column, and the boxes of it stand below."""
    columns, asked = [], ""
    names = []
    for place, question in enumerate(questions):
        asked = question or asked
        box = below[place].strip() if place < len(below) else ""
        # "Response" and "Open-Ended Response" only say that the answer is typed.
        plain = header_key(box) in {"", "response", "openendedresponse"}
        names.append(asked if plain else f"{asked} / {box}")
        columns.append((place, asked, "" if plain else box))
    return [
        Column(place, name, question, box)
        for (place, question, box), name in zip(columns, unique(names), strict=True)
    ]


def named_rows(names: Sequence[str], labels: Sequence[str]) -> list[Column]:
    """Qualtrics: short names, then the questions in words; boxes come as "question - box"."""
    columns = []
    for place, name in enumerate(unique(names)):
        label = labels[place].strip() if place < len(labels) else ""
        question, dash, box = label.rpartition(" - ")
        several = bool(dash) and bool(re.fullmatch(r".+_\d+", name))
        columns.append(
            Column(place, name, question if several else label or name, box if several else "")
        )
    return columns


def unique(names: Sequence[str]) -> list[str]:
    """The names, none twice and none empty: "Other", "Other (2)", "column 7"."""
    taken: dict[str, int] = {}
    found = []
    for place, name in enumerate(names, start=1):
        plain = name.strip() or f"column {place}"
        taken[plain] = taken.get(plain, 0) + 1
        found.append(plain if taken[plain] == 1 else f"{plain} ({taken[plain]})")
    return found
