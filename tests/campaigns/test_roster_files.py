"""Roster files, however a society's spreadsheet wrote them."""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaigns.rules.roster_columns import field_named, find_columns
from campaigns.rules.roster_files import Rejected, RosterRow, open_roster
from campaigns.rules.text_files import LONGEST_LINE, FileProblem

NAMES = (
    Path(os.environ.get("SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
    / "nasty"
    / "faker_names_by_locale.csv"
)


def read(raw: bytes, **header_map: str) -> list[RosterRow | Rejected]:
    return list(open_roster(io.BytesIO(raw), header_map).rows)


def good(raw: bytes, **header_map: str) -> list[RosterRow]:
    return [row for row in read(raw, **header_map) if isinstance(row, RosterRow)]


def bad(raw: bytes) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in read(raw) if isinstance(row, Rejected)]


@pytest.mark.parametrize(
    "encoded",
    [
        "email,first,last\nzoe@example.org,Zoë,Nuñez\n".encode(),
        codecs.BOM_UTF8 + "email,first,last\r\nzoe@example.org,Zoë,Nuñez\r\n".encode(),
        "email,first,last\nzoe@example.org,Zoë,Nuñez\n".encode("latin-1"),
        "email;first;last\rzoe@example.org;Zoë;Nuñez\r".encode("cp1252"),
        "email\tfirst\tlast\nzoe@example.org\tZoë\tNuñez\n".encode("utf-16"),
        "sep=;\nemail;first;last\nzoe@example.org;Zoë;Nuñez\n".encode(),
        "email|first|last\nzoe@example.org|Zoë|Nuñez".encode(),
    ],
)
def test_every_spreadsheets_way_of_writing_is_read(encoded: bytes) -> None:
    (row,) = good(encoded)
    assert (row.email, row.given_name, row.family_name) == ("zoe@example.org", "Zoë", "Nuñez")


def test_smart_quotes_of_windows_are_read_as_windows_wrote_them() -> None:
    (row,) = good("email,last\na@example.org,O’Brien\n".encode("cp1252"))
    assert row.family_name == "O’Brien"


def test_columns_may_stand_in_any_order_under_any_usual_name() -> None:
    raw = (
        b"Postal Code,Street,Surname,E-mail Address,Affiliation,Given Name,Member ID,Office Zip\n"
        b"66044-1234,12 Main St,Ruiz,Ana@Example.ORG,University of Kansas,Ana,0042,02139\n"
    )
    assert good(raw) == [
        RosterRow(
            2, "ana@example.org", "Ana", "Ruiz", "0042", "66044", "02139", "University of Kansas"
        )
    ]


def test_the_better_named_of_two_columns_is_taken_and_the_rest_is_unused() -> None:
    columns = find_columns(["Work E-mail", "Email", "Zip", "Home ZIP", "Phone", ""], {})
    assert columns.chosen == {"email": "Email", "home_zip": "Home ZIP"}
    assert columns.unused == ["Work E-mail", "Zip", "Phone", ""]


def test_a_header_map_overrides_the_names() -> None:
    raw = b"Kontakt,Email,PLZ\nana@example.org,old@example.org,66044\n"
    (row,) = good(raw, email="Kontakt", home_zip="plz")
    assert (row.email, row.home_zip) == ("ana@example.org", "66044")
    (unmapped,) = good(raw, home_zip="")
    assert (unmapped.email, unmapped.home_zip) == ("old@example.org", "")
    (chinese,) = good(
        "電子郵件,郵遞區號\nzhou@example.org,66044\n".encode(),
        email="電子郵件",
        home_zip="郵遞區號",
    )
    assert (chinese.email, chinese.home_zip) == ("zhou@example.org", "66044")
    assert field_named("Home ZIP") == field_named("home_zip") == "home_zip"
    assert field_named("Shoe size") is None


def test_a_map_that_names_no_column_says_which_there_are() -> None:
    with pytest.raises(FileProblem, match=r"no column “Correo”\. The file has: Mail, Zip"):
        read(b"Mail,Zip\n", email="Correo")
    with pytest.raises(
        FileProblem, match=r"No column holds e-mail addresses\. The file has: Phone"
    ):
        read(b"Phone\n1\n")


def test_bad_lines_are_rejected_with_their_line_and_reason() -> None:
    raw = (
        b"email,first,last\n"
        b'ana@example.org,"Ana\nMaria",Ruiz\n'
        b",Ben,Okafor\n"
        b"\n"
        b"not an address,Cy,Young\n"
        b"dee@example.org,Dee,Long,surplus\n"
        b"eve@example.org," + b"E" * 101 + b",X\n"
        b"fay@example.org\n"
    )
    assert bad(raw) == [
        (4, "has no e-mail address"),
        (6, "has something in the e-mail column that is no e-mail address"),
        (7, "has more cells than the header: is a comma not in quotation marks?"),
        (8, "Given name is longer than 100 characters"),
    ]
    first, last = good(raw)
    assert (first.line, first.given_name) == (2, "Ana Maria")
    assert (last.line, last.email, last.given_name) == (9, "fay@example.org", "")


def test_zips_that_a_spreadsheet_spoiled_are_mended_or_left_out_and_said_so() -> None:
    raw = b"email,home zip,work zip\na@example.org,2139,K1A 0B1\nb@example.org,601,\n"
    first, second = good(raw)
    assert (first.home_zip, first.work_zip) == ("02139", "")
    assert first.remarks == (
        "Home ZIP: the zero at its beginning, which spreadsheets drop, was put back",
        "Work ZIP is no US ZIP code and was left out",
    )
    assert second.home_zip == "00601"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"\n\n \n", "empty"),
        (b"email,first\na@example.org,\x00\n", "This is no text file"),
        ("email,first\n".encode("utf-16-le"), "This is no text file"),
        (b"PK\x03\x04rest of a workbook", "Excel workbook"),
        (b"%PDF-1.7", "a PDF"),
        (b"\xd0\xcf\x11\xe0", "old Excel"),
        (b"email," * 100_000 + b"\n", "100,001 columns; at most 500"),
        (b"email\n" + b"," * 100_000 + b"\n", "Line 2 has 100,001 columns"),
        (
            b'email,first\na@example.org,"never closed\n' + b"x,y\n" * 50_000,
            "Line 2 cannot be read",
        ),
        (b"email\n" + b"x" * (LONGEST_LINE + 5), "Line 2 is longer than 1,000,000"),
        ("email\na".encode("utf-16")[:-1], "cut off in the middle of a character"),
    ],
)
def test_what_is_no_roster_is_refused_in_words(raw: bytes, words: str) -> None:
    with pytest.raises(FileProblem, match=words):
        read(raw)


def all_names() -> Iterator[str]:
    with NAMES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["name"]


@pytest.mark.skipif(not NAMES.exists(), reason="the shared names are not on this machine")
def test_names_of_every_locale_are_kept_as_typed() -> None:
    names = [name for name in all_names() if len(name) <= 100]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["email", "last name"])
    writer.writerows((f"n{number}@example.org", name) for number, name in enumerate(names))
    kept = [row.family_name for row in good(text.getvalue().encode())]
    assert len(names) > 17_000
    assert kept == [name.strip() for name in names]
