"""Bringing a roster up to date: a dry run, an import, and one person on two rosters."""

from __future__ import annotations

import csv
import datetime as dt
import io
import resource
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from campaigns.forms.names import of_entry, of_member
from campaigns.models import Member, Participation, Place, RosterEntry, RosterImport, Society
from campaigns.verbs import rosters as roster_verbs
from campaigns.verbs.roster_imports import forget_uploads
from campaigns.verbs.rosters import Report, check_roster, import_roster
from portal.models import AuditLine, User
from portal.paging import HEAD
from portal.tallies import MOST
from tests.campaigns.test_places import make_institution
from tests.house.browser import NARROW, OpenPage, fits, no_axe_findings
from tests.house.people import World, make_member, make_user
from tests.house.post import Mail
from tests.house.queries import equal_queries

ClientOf = Callable[[User | None], Client]


def table(*rows: str) -> bytes:
    return "\n".join(rows).encode()


def run(society: Society, raw: bytes, *, complete: bool = False, dry: bool = False) -> Report:
    report = Report()
    if dry:
        steps = check_roster(society=society, file=io.BytesIO(raw), complete=complete)
    else:
        steps = import_roster(by=None, society=society, file=io.BytesIO(raw), complete=complete)
    for step in steps:
        report = step
    return report


def counted(report: Report) -> dict[str, int]:
    return {kind: count for kind, count in report.counts.items() if count}


def home_of(email: str) -> tuple[str, str, int | None, bool]:
    place = Place.objects.get(member__email=email, kind="home")
    return place.zip, place.state, place.district, place.ambiguous


def everything() -> list[object]:
    """All that an import may write, to compare before and after."""
    return [
        list(
            Member.objects.order_by("pk").values_list("email", "given_name", "family_name", "user")
        ),
        list(
            RosterEntry.objects.order_by("pk").values_list(
                "society", "email", "member", "number", "left_at"
            )
        ),
        list(
            Place.objects.order_by("pk").values_list(
                "member",
                "kind",
                "zip",
                "state",
                "district",
                "ambiguous",
                "institution",
                "institution_name",
            )
        ),
    ]


NEW = table(
    "email,first,last,member id,home zip,institution,work zip",
    "kim@example.org,Kim,Larsen,K-1,66044,University of Kansas,",
    "lou@example.org,Lou,Martin,L-2,67202,,66541",
    "max@example.org,Max,Njoroge,,99999,Some Lab,",
)


def test_a_dry_run_tells_line_by_line_and_writes_nothing(world: World) -> None:
    make_institution("University of Kansas", "KS", "66045")
    before = everything()
    raw = NEW + b"\nKIM@example.org,Kim,Again,,,,\nno address,,,,,,\n"
    report = run(world.isscr, raw, dry=True)
    assert counted(report) == {"added": 3, "rejected": 2, "remarks": 1}
    assert [row for row in report.lines if row["kind"] != "added"] == [
        {"line": 5, "kind": "rejected", "words": "has the same e-mail address as line 2"},
        {
            "line": 6,
            "kind": "rejected",
            "words": "has something in the e-mail column that is no e-mail address",
        },
        {
            "line": 4,
            "kind": "remarks",
            "words": "Home ZIP: the map knows no such ZIP code; it was left out",
        },
    ]
    assert everything() == before
    assert not AuditLine.objects.filter(verb="import_roster").exists()


def test_an_import_writes_what_the_dry_run_said_and_twice_is_once(world: World) -> None:
    kansas = make_institution("University of Kansas", "KS", "66045")
    assert counted(run(world.isscr, NEW)) == {"added": 3, "remarks": 1}
    assert home_of("kim@example.org") == ("66044", "KS", None, True)
    work = Place.objects.get(member__email="kim@example.org", kind="work")
    assert (work.zip, work.state, work.district, work.institution) == ("66045", "KS", 1, kansas)
    lou = Place.objects.get(member__email="lou@example.org", kind="work")
    assert (lou.state, lou.ambiguous) == ("", True)
    lab = Place.objects.get(member__email="max@example.org", kind="work")
    assert (lab.zip, lab.state, lab.institution_name) == ("", "", "Some Lab")
    assert not Place.objects.filter(member__email="max@example.org", kind="home").exists()
    line = AuditLine.objects.get(verb="import_roster")
    assert line.detail == {
        "added": 3, "changed": 0, "left": 0, "rejected": 0, "gone": 0, "remarks": 1,
    }  # fmt: skip
    written = everything()
    assert counted(run(world.isscr, NEW)) == {"left": 3, "remarks": 1}
    assert everything() == written


def test_a_changed_line_says_which_fields(world: World) -> None:
    run(world.isscr, NEW)
    report = run(
        world.isscr,
        table(
            "email,first,last,member id,home zip",
            "kim@example.org,Kimberly,,K-9,67202",
            "lou@example.org,,,,",
        ),
    )
    assert [row for row in report.lines if row["kind"] == "changed"] == [
        {"line": 2, "kind": "changed", "words": "Membership number, Given name, Home ZIP"}
    ]
    kim = Member.objects.get(email="kim@example.org")
    assert (kim.given_name, kim.family_name) == ("Kimberly", "Larsen")
    assert home_of("kim@example.org") == ("67202", "KS", 4, False)
    assert home_of("lou@example.org") == ("67202", "KS", 4, False)


def test_one_person_on_two_rosters_is_one_member(world: World) -> None:
    run(world.isscr, NEW)
    run(world.rivers, table("email,last", "KIM@example.org,Larsen"))
    kim = Member.objects.get(email="kim@example.org")
    assert {entry.society for entry in kim.entries.all()} == {world.isscr, world.rivers}


def test_whoever_is_missing_leaves_only_from_a_complete_file(world: World) -> None:
    run(world.isscr, NEW)
    shorter = table("email", "kim@example.org", "mia@example.org")
    assert counted(run(world.isscr, shorter)) == {"left": 2}
    assert RosterEntry.objects.filter(society=world.isscr, left_at=None).count() == 5
    assert counted(run(world.isscr, shorter, complete=True, dry=True)) == {"left": 2, "gone": 3}
    assert RosterEntry.objects.filter(society=world.isscr, left_at=None).count() == 5
    assert counted(run(world.isscr, shorter, complete=True)) == {"left": 2, "gone": 3}
    gone = RosterEntry.objects.exclude(left_at=None).values_list("email", flat=True)
    assert set(gone) == {"lou@example.org", "max@example.org", "otto@example.org"}
    assert RosterEntry.objects.get(society=world.rivers).left_at is None
    assert counted(run(world.isscr, table("email", "lou@example.org"))) == {"changed": 1}
    assert RosterEntry.objects.get(email="lou@example.org").left_at is None


def test_a_members_own_word_stands_above_the_roster(world: World) -> None:
    raw = table(
        "email,first,last,home zip,work zip",
        "mia@example.org,Maria,Tschen,78701,78701",
    )
    assert counted(run(world.isscr, raw)) == {"left": 1}
    assert home_of("mia@example.org") == ("66045", "KS", 1, False)
    assert str(Member.objects.get(email="mia@example.org")) == "Mia Chen"
    Place.objects.filter(member=world.mia_member).update(said_by_member=False)
    assert counted(run(world.isscr, raw)) == {"changed": 1}
    assert home_of("mia@example.org") == ("78701", "TX", 37, False)


def test_a_proven_address_is_that_persons_at_once_and_an_unproven_one_is_not(world: World) -> None:
    unproven: User = User.objects.create_user("ulla@example.org")
    run(world.isscr, table("email", "sam@example.org", "ulla@example.org"))
    assert Member.objects.get(email="sam@example.org").user == world.sam
    assert Member.objects.get(email="ulla@example.org").user is None
    assert not Member.objects.filter(user=unproven).exists()


def test_an_import_that_was_cut_off_goes_on_where_it_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster_verbs, "CHUNK", 2)
    raw = table("email", *(f"n{number}@example.org" for number in range(7)), "n0@example.org")
    marks: list[tuple[int, int]] = []

    def mark(report: Report) -> None:
        if len(marks) == 2:
            raise RuntimeError("the worker dies here")
        marks.append((report.line, report.read))

    steps = import_roster(by=None, society=world.isscr, file=io.BytesIO(raw), mark=mark)
    with pytest.raises(RuntimeError):
        list(steps)
    assert marks == [(3, 2), (5, 4)]
    assert (
        RosterEntry.objects.filter(email__startswith="n").exclude(email="nils@example.org").count()
        == 4
    )
    resume = Report(line=5)
    resume.counts.update(added=4)
    *_, report = import_roster(by=None, society=world.isscr, file=io.BytesIO(raw), resume=resume)
    assert counted(report) == {"added": 7, "rejected": 1}
    assert RosterEntry.objects.filter(society=world.isscr).count() == 2 + 7


def test_the_statements_of_a_chunk_do_not_grow_with_its_lines(world: World) -> None:
    def statements(count: int, letter: str) -> int:
        rows = [f"{letter}{number}@example.org,{number},66044,66160" for number in range(count)]
        with CaptureQueriesContext(connection) as queries:
            run(world.isscr, table("email,number,home zip,work zip", *rows))
        return len(queries)

    assert statements(1, "a") == statements(40, "b")


def test_many_lines_take_little_memory(world: World) -> None:
    """A hundred thousand lines took 40 seconds and 113 MB in all on two shared cores."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["email", "first", "last", "home zip", "work zip"])
    writer.writerows(
        (f"n{n}@example.org", "Noa", f"Number {n}", "66044", "67202") for n in range(10_000)
    )
    file = io.BytesIO(text.getvalue().encode())
    peaks = [
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in import_roster(by=None, society=world.isscr, file=file)
    ]
    assert RosterEntry.objects.filter(society=world.isscr).count() == 10_002
    assert peaks[-1] - peaks[1] < 15_000  # kB


def test_the_command_reports_and_fails_in_words(world: World, tmp_path: Path) -> None:
    file = tmp_path / "roster.csv"
    file.write_bytes(b"Correo,Zip\nkim@example.org,66044\nbad,1\n")

    def told(*arguments: str, **options: object) -> str:
        out = io.StringIO()
        call_command("import_roster", str(file), *arguments, stdout=out, **options)
        return out.getvalue()

    dry = told("--society", "isscr", "--dry-run")
    assert "Home ZIP           from “Zip”" in dry
    assert "line 3 rejected: has something in the e-mail column" in dry
    assert "1 would be added" in dry
    assert not RosterEntry.objects.filter(email="kim@example.org").exists()
    assert "1 added" in told("--society", "isscr", "--map", "Email=Correo")
    with pytest.raises(CommandError, match="no society with the slug 'nobody'"):
        told("--society", "nobody")
    with pytest.raises(CommandError, match="no column “Shoe”"):
        told("--society", "isscr", "--map", "Email=Shoe")
    with pytest.raises(CommandError, match="--map takes FIELD=COLUMN"):
        told("--society", "isscr", "--map", "Shoe=Correo")
    file.unlink()
    with pytest.raises(CommandError, match="cannot be opened"):
        told("--society", "isscr")


# --- The pages ---------------------------------------------------------------------------------


def send(client: Client, slug: str, raw: bytes, name: str = "roster.csv") -> RosterImport:
    file = io.BytesIO(raw)
    file.name = name
    answer = client.post(reverse("campaigns:send_roster", args=[slug]), {"file": file})
    assert answer.status_code == 302, answer.content.decode()
    return RosterImport.objects.latest("pk")


def page_of(client: Client, kept: RosterImport) -> str:
    url = reverse("campaigns:roster_import", args=[kept.society.slug, kept.pk])
    return client.get(url).content.decode()


def act(client: Client, kept: RosterImport, verb: str, **typed: str) -> int:
    url = reverse(f"campaigns:{verb}", args=[kept.society.slug, kept.pk])
    return client.post(url, typed).status_code


@pytest.mark.parametrize("chunk", [1, 1000])
def test_two_lines_about_one_person_change_nothing_to_and_fro(
    chunk: int,
    world: World,
    client_of: ClientOf,
    run_jobs: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(roster_verbs, "CHUNK", chunk)
    kim = Member.objects.create(email="kim@example.org")
    for email in ("kim@example.org", "kim@lab.example"):
        RosterEntry.objects.create(society=world.isscr, member=kim, email=email)
    raw = table(
        "email,first,last,number,home zip,work zip",
        "kim@example.org,Kim,Larsen,1,66045,",
        "lou@example.org,Lou,Martin,2,66045,",
        "KIM@lab.example,Kimberly,Larsen,3,67202,66541",
    )
    client = client_of(world.ana)

    def bring() -> dict[str, int]:
        kept = send(client, "isscr", raw)
        told = counted(Report(Counter(kept.counts)))
        assert act(client, kept, "confirm_roster") == 302
        run_jobs()
        kept.refresh_from_db()
        assert counted(Report(Counter(kept.counts))) == told
        assert [row for row in kept.report if row["kind"] == "remarks"] == [
            {
                "line": 4,
                "kind": "remarks",
                "words": "is about the same person as line 2; its name and places were taken only "
                "where none were known",
            }
        ]
        assert "is about the same person as line 2" in page_of(client, kept)
        return told

    assert bring() == {"read": 3, "added": 1, "changed": 2, "remarks": 1}
    kim.refresh_from_db()
    assert str(kim) == "Kim Larsen"
    assert home_of(kim.email)[0] == "66045"
    assert Place.objects.get(member=kim, kind="work").zip == "66541"
    numbers = RosterEntry.objects.filter(member=kim).order_by("pk")
    assert list(numbers.values_list("number", flat=True)) == ["1", "3"]
    before = everything()
    assert bring() == {"read": 3, "left": 3, "remarks": 1}
    assert everything() == before


def test_a_coordinator_uploads_looks_corrects_and_confirms(
    world: World,
    client_of: ClientOf,
    run_jobs: Callable[[], int],
    deliver_mail: Callable[[], list[Mail]],
) -> None:
    client = client_of(world.ana)
    kept = send(client, "isscr", table("Kontakt,Zip", "kim@example.org,66044", "nobody,1"))
    assert "No column holds e-mail addresses" in page_of(client, kept)
    assert act(client, kept, "confirm_roster") == 409
    assert act(client, kept, "set_columns", email="Kontakt", home_zip="Zip") == 302
    page = page_of(client, kept)
    assert "What this file would do" in page
    assert "Import it" in page
    assert "no e-mail address" in page
    assert not RosterEntry.objects.filter(email="kim@example.org").exists()
    stored = Path(kept.file.path)
    assert stored.exists()
    assert act(client, kept, "confirm_roster") == 302
    assert act(client, kept, "confirm_roster") == 409
    assert act(client, kept, "discard_roster") == 409
    assert "Importing the roster" in page_of(client, kept)
    run_jobs()
    assert RosterEntry.objects.filter(society=world.isscr, email="kim@example.org").exists()
    assert not stored.exists()
    page = page_of(client, kept)
    assert "Roster imported" in page
    assert "kim@example.org" not in page
    lines = client.get(reverse("campaigns:roster_lines", args=["isscr", kept.pk, "rejected"]))
    assert lines.content.decode().splitlines() == [
        "line,what,why",
        "3,rejected,has something in the e-mail column that is no e-mail address",
    ]
    (mail,) = [mail for mail in deliver_mail() if "roster" in mail.subject]
    assert mail.to == "ana@example.org"
    assert "Added: 1" in mail.text


def test_columns_that_are_not_read_are_named_before_anything_is_imported(
    world: World, client_of: ClientOf
) -> None:
    client = client_of(world.ana)
    kept = send(client, "isscr", table("E-mail,Hogar,Fax", "kim@example.org,66044,1"))
    page = page_of(client, kept)
    assert "<strong>Not read: Hogar, Fax.</strong> If one of these" in page
    assert 'id="columns" open' in page
    assert act(client, kept, "set_columns", email="E-mail", home_zip="Hogar") == 302
    assert "<strong>Not read: Fax.</strong>" in page_of(client, kept)
    whole = send(client, "isscr", NEW)
    page = page_of(client, whole)
    assert "Not read" not in page
    assert 'id="columns" open' not in page


def test_a_large_file_is_checked_by_a_job(
    world: World,
    client_of: ClientOf,
    run_jobs: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1  # uploads land in a file, as large ones do
    monkeypatch.setattr("campaigns.verbs.roster_imports.CHECKED_AT_ONCE", 10)
    client = client_of(world.ana)
    kept = send(client, "isscr", table("email", "kim@example.org"))
    url = reverse("campaigns:roster_import", args=["isscr", kept.pk])
    assert "Checking the file" in client.get(url).content.decode()
    part = client.get(url, headers={"HX-Request": "true"})
    assert "Checking the file" in part.content.decode()
    assert "<html" not in part.content.decode()
    run_jobs()
    assert client.get(url, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert "Import it" in page_of(client, kept)


def test_an_upload_can_be_discarded_and_is_forgotten_after_a_day(
    world: World, client_of: ClientOf
) -> None:
    client = client_of(world.ana)
    kept = send(client, "isscr", table("email", "kim@example.org"))
    stored = Path(kept.file.path)
    assert act(client, kept, "discard_roster") == 302
    assert not stored.exists()
    kept = send(client, "isscr", table("email", "kim@example.org"))
    stored = Path(kept.file.path)
    assert forget_uploads() == 0
    RosterImport.objects.update(created_at=timezone.now() - dt.timedelta(hours=25))
    assert forget_uploads() == 1
    assert not stored.exists()
    assert "Nobody confirmed this upload" in page_of(client, kept)
    assert act(client, kept, "confirm_roster") == 409


def test_what_is_no_roster_is_refused_on_the_page(world: World, client_of: ClientOf) -> None:
    client = client_of(world.ana)
    url = reverse("campaigns:send_roster", args=["isscr"])

    def refused(raw: bytes) -> str:
        file = io.BytesIO(raw)
        file.name = "roster.xlsx"
        answer = client.post(url, {"file": file})
        assert answer.status_code == 400
        return answer.content.decode()

    assert "Excel workbook" in refused(b"PK\x03\x04 ...")
    assert "The file is empty" in refused(b"")
    assert "This is no text file" in refused(b"email\na\x00")
    assert client.post(url).status_code == 400
    assert not RosterImport.objects.exists()


def test_a_file_without_a_line_and_one_without_a_good_line_say_so(
    world: World, client_of: ClientOf
) -> None:
    run(world.isscr, NEW)
    staying = RosterEntry.objects.filter(society=world.isscr, left_at=None)
    client = client_of(world.ana)
    empty = send(client, "isscr", table("email,first"))
    assert act(client, empty, "set_columns", email="email", complete="on") == 302
    page = page_of(client, empty)
    assert "There is no line below the names of the columns" in page
    assert "Discard the file" in page
    assert act(client, empty, "confirm_roster") == 409
    bad = page_of(client, send(client, "isscr", table("email", "nobody")))
    assert "No line of this file can be imported" in bad
    assert "the roster is as it says" not in bad
    same = page_of(client, send(client, "isscr", NEW))
    assert "the roster is as it says" in same
    whole = send(client, "isscr", table("email", "nobody"))
    assert act(client, whole, "set_columns", email="email", complete="on") == 302
    page = page_of(client, whole)
    assert "Nobody is taken off" in page
    assert "is no e-mail address" in page
    assert "Import it" not in page
    assert staying.count() == 5


@pytest.mark.parametrize("rows", [["email"], ["email", "nobody", "nobody else"]])
def test_a_file_without_a_good_line_takes_nobody_off_the_roster(
    world: World, tmp_path: Path, rows: list[str]
) -> None:
    run(world.isscr, NEW)
    file = tmp_path / "roster.csv"
    file.write_bytes(table(*rows))
    with pytest.raises(CommandError, match=r"no line below|Nobody is taken off"):
        call_command("import_roster", str(file), "--society", "isscr", "--complete", verbosity=0)
    assert RosterEntry.objects.filter(society=world.isscr, left_at=None).count() == 5


def test_rosters_are_for_the_societys_own_coordinators(world: World, client_of: ClientOf) -> None:
    kept = send(client_of(world.ana), "isscr", table("email", "kim@example.org"))
    pages = [
        reverse("campaigns:roster", args=["isscr"]),
        reverse("campaigns:upload_roster", args=["isscr"]),
        reverse("campaigns:roster_import", args=["isscr", kept.pk]),
        reverse("campaigns:roster_lines", args=["isscr", kept.pk, "added"]),
    ]
    allowed, others = (
        client_of(world.ben),
        [world.rita, world.mia, world.sam, world.paula, world.olga],
    )
    for url in pages:
        assert allowed.get(url).status_code == 200
        assert [client_of(other).get(url).status_code for other in others] == [404] * len(others)
        assert client_of(None).get(url).status_code == 302
    for verb in ("set_columns", "confirm_roster", "discard_roster"):
        assert act(client_of(world.rita), kept, verb) == 404
    # An import is not opened through another society's address.
    wrong = reverse("campaigns:roster_import", args=["river-biology", kept.pk])
    assert allowed.get(wrong).status_code == 404
    assert client_of(world.rita).get(wrong).status_code == 404


def test_the_roster_is_found_filtered_and_paged(world: World, client_of: ClientOf) -> None:
    run(world.isscr, NEW)
    RosterEntry.objects.filter(email="lou@example.org").update(left_at=timezone.now())
    Participation.objects.create(
        campaign=world.campaign, member=world.mia_member, society=world.isscr,
        phase=world.phase_one, basis="either", counted="home", state="KS", boundaries=world.boundaries,
    )  # fmt: skip
    client = client_of(world.ana)
    url = reverse("campaigns:roster", args=["isscr"])

    def shown(**asked: str) -> list[str]:
        return [entry.email.split("@")[0] for entry in client.get(url, asked).context["page"].rows]

    assert shown() == ["max", "kim", "otto", "mia"]
    assert shown(show="all") == ["max", "lou", "kim", "otto", "mia"]
    assert shown(show="left") == ["lou"]
    assert shown(show="signed_in") == ["otto", "mia"]
    assert shown(show="not_signed_in") == ["max", "kim"]
    assert shown(show="takes_part") == ["mia"]
    assert shown(state="KS") == ["kim", "mia"]
    assert shown(q="kim lar") == ["kim"]
    assert shown(q="K-1") == ["kim"]
    assert shown(q="nils") == []
    assert shown(state="XX", show="nonsense") == ["max", "kim", "otto", "mia"]


def test_a_name_far_down_a_long_roster_is_found_as_one_at_its_top(
    world: World, client_of: ClientOf
) -> None:
    asked = [
        "VON LIN",
        "von linné",
        "lin%",
        "carl@old",
        "l-7",
        "L-",
        "carl ng",
        "ng",
        "ng-",
        "nobody",
        "li",
        "ol",
        "nn",
        "rg",
        "né",
        "李",
    ]
    client = client_of(world.ana)
    url = reverse("campaigns:roster", args=["isscr"])
    rita_too = Member.objects.create(
        email="carl@example.com", given_name="Carl", family_name="Linné"
    )
    RosterEntry.objects.create(society=world.rivers, member=rita_too, email=rita_too.email)
    carl = Member.objects.create(
        email="carl@example.org", given_name="Carl Ng-Otieno 小李", family_name="von Linné"
    )
    RosterEntry.objects.create(society=world.isscr, member=carl, email="carl@old.org", number="L-7")

    def found() -> dict[str, list[str]]:
        pages = {words: client.get(url, {"q": words}).context["page"] for words in asked}
        return {words: [entry.email for entry in page.rows] for words, page in pages.items()}

    at_the_top = found()
    assert [words for words, emails in at_the_top.items() if emails != ["carl@old.org"]] == [
        "lin%", "L-", "nobody", "ol", "nn", "rg", "né",
    ]  # fmt: skip
    others = Member.objects.bulk_create(
        Member(email=f"m{n}@example.org", given_name="Uma", family_name="Ude") for n in range(HEAD)
    )
    RosterEntry.objects.bulk_create(
        RosterEntry(society=world.isscr, member=member, email=member.email) for member in others
    )
    assert found() == at_the_top
    many = client.get(url, {"q": "uma example"}).context["page"]
    assert len(many.rows) == 30
    # Few of them are left where the first page's way of reading ends, so an index is asked.
    assert len(client.get(f"{url}?q=ude&{many.next_query}").context["page"].rows) == 30


def test_a_name_of_more_people_than_are_named_one_by_one_is_found_too(
    world: World, client_of: ClientOf
) -> None:
    for letter, count in (("o", MOST + 1), ("y", HEAD)):
        members = Member.objects.bulk_create(
            Member(email=f"{letter}{n}@example.org", given_name=f"G{n}", family_name=letter * 3)
            for n in range(count)
        )
        RosterEntry.objects.bulk_create(
            RosterEntry(society=world.isscr, member=member, email=member.email)
            for member in members
        )
    client = client_of(world.ana)
    url = reverse("campaigns:roster", args=["isscr"])

    def shown(words: str) -> list[str]:
        return [entry.email for entry in client.get(url, {"q": words}).context["page"].rows]

    assert shown("ooo") == [f"o{n}@example.org" for n in range(MOST, MOST - 30, -1)]
    assert shown("g7 ooo")[:2] == ["o799@example.org", "o798@example.org"]


@pytest.mark.django_db
def test_the_roster_is_searched_by_the_expressions_that_have_an_index() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no index over three letters")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
        plans = [
            (
                Member.objects.filter(of_member(word)).explain(),
                RosterEntry.objects.filter(of_entry(word)).explain(),
            )
            for word in ("carl", "ng")
        ]
    # Each table has two columns to look in; a short word begins them, or what follows one of three signs.
    for (members, entries), times in zip(plans, (1, 4), strict=True):
        assert members.count("member_names") == 2 * times
        assert entries.count("roster_words") == times + 1


def test_thirty_found_members_cost_the_queries_of_one(world: World, client_of: ClientOf) -> None:
    client = client_of(world.ana)
    url = reverse("campaigns:roster", args=["isscr"])
    made = iter(range(100))

    def make(count: int) -> None:
        for _ in range(count):
            make_member(make_user(f"N{next(made)} Ng"), world.isscr, home=("66045", "KS", 1))

    equal_queries(make, lambda: client.get(url, {"q": "ng example"}))


def test_thirty_members_cost_the_queries_of_one(world: World, client_of: ClientOf) -> None:
    client = client_of(world.ana)
    url = reverse("campaigns:roster", args=["isscr"])

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    queries()  # The first page of a minute also looks whether mail is late.
    few = queries()
    for number in range(30):
        make_member(make_user(f"N{number} Ng"), world.isscr, home=("66045", "KS", 1))
    assert queries() == few
    first = client.get(url).context["page"]
    assert len(first.rows) == 30
    second = client.get(f"{url}?{first.next_query}").context["page"]
    assert [entry.email for entry in second.rows] == ["otto@example.org", "mia@example.org"]


def test_one_society_leads_straight_to_its_roster(world: World, client_of: ClientOf) -> None:
    answer = client_of(world.rita).get(reverse("campaigns:rosters"))
    assert answer["Location"] == reverse("campaigns:roster", args=["river-biology"])
    assert client_of(world.mia).get(reverse("campaigns:rosters")).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_nobody_scrolls_a_roster_sideways_on_a_phone(world: World, open_page: OpenPage) -> None:
    page = open_page(world.ana, size=NARROW)
    page.goto(reverse("campaigns:roster", args=[world.isscr.slug]))
    assert page.get_by_role("row", name="Mia Chen").get_by_text("signed in").is_visible()
    assert fits(page)
    no_axe_findings(page)
    line = page.get_by_role("row", name="Mia Chen").bounding_box()
    assert line is not None
    assert line["height"] < 150
