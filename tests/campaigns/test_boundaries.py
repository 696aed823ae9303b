"""The shipped map against its source, and its replacement by a newer one."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from campaigns.management.commands.load_places import INSTITUTIONS_FILE, SHIPPED, SHIPPED_FILE
from campaigns.models import BoundarySet, Institution, Participation, Place, ZipArea
from campaigns.rules.boundary_files import BoundaryFileProblem, BoundaryRow, read_boundaries
from campaigns.rules.places import Area, match_zip
from campaigns.verbs.places import look_up, suggest
from tests.house.people import World, make_member, make_user

SOURCE = (
    Path(os.environ.get("SHARED_DATA", Path(__file__).parents[3] / "shared" / "data")) / "us_geo"
)
with_source = pytest.mark.skipif(not SOURCE.exists(), reason="the sources are not on this machine")


def packed(file: Path) -> Iterator[str]:
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        yield from lines


def load(*arguments: str) -> str:
    out = io.StringIO()
    call_command("load_places", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module")
def shipped() -> dict[str, list[Area]]:
    """The shipped map: the parts of each ZIP."""
    parts: dict[str, list[Area]] = defaultdict(list)
    for row in read_boundaries(packed(SHIPPED_FILE)):
        parts[row.zip].append(Area(row.state, row.district))
    return parts


def source(name: str) -> Iterator[dict[str, str]]:
    with (SOURCE / name).open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


@with_source
def test_every_row_of_the_census_file_is_matched_as_it_says(shipped: dict[str, list[Area]]) -> None:
    said: dict[str, set[Area]] = defaultdict(set)
    for row in source("zcta_cd119.csv"):
        said[row["zcta"]].add(Area(row["state_abbr"], int(row["cd"])))
    for row in source("zcta_state_patch.csv"):
        district = int(row["missing_cd"]) if row["missing_cd"] else None
        said[row["zcta"]].add(Area(row["missing_state"], district))
    assert len(said) == 33_774
    for zip, areas in said.items():
        assert set(shipped[zip]) == areas
        match = match_zip(zip, shipped[zip])
        states = {area.state for area in areas}
        assert match.ambiguous == (len(areas) > 1)
        assert match.state == (states.pop() if len(states) == 1 else "")
        assert {
            (choice.state, choice.district) for choice in match.choices if not choice.district_open
        } == ({(area.state, area.district) for area in areas} if len(areas) > 1 else set())


@with_source
def test_every_other_zip_has_its_state_and_no_district(shipped: dict[str, list[Area]]) -> None:
    drawn = {row["zcta"] for row in source("zcta_cd119.csv")}
    others = [row for row in source("zip_city_state_npm.csv") if row["zip"] not in drawn]
    assert len(others) == 8_786
    assert all(shipped[row["zip"]] == [Area(row["state"], None)] for row in others)


def test_the_shipped_map_loads_quickly_and_once(db: None) -> None:
    assert "Loaded the boundary set" in load()
    current = BoundarySet.objects.get(is_current=True)
    assert (current.name, current.source) == (SHIPPED["name"], SHIPPED["source"])
    assert ZipArea.objects.count() == 50_831
    assert Institution.objects.count() == 6_989
    assert load() == ""

    def found(zip: str, **more: str) -> tuple[str, int | None, bool, int]:
        match = look_up(zip, **more)
        return match.state, match.district, match.ambiguous, len(match.choices)

    assert found("66045") == ("KS", 1, False, 0)
    assert found("66044") == ("KS", None, True, 2)
    assert found("57255") == ("", None, True, 2)  # ND, and SD, which the source had lost
    assert found("57255", choice="SD-0") == ("SD", 0, False, 2)
    assert found("81120", choice="CO-") == ("CO", None, False, 2)
    assert found("09001") == ("AE", None, False, 0)
    assert found("67201") == ("KS", None, False, 0)
    assert found("00801") == ("VI", None, False, 0)
    assert found("96941") == ("FM", None, False, 0)
    assert found("20001") == ("DC", 0, False, 0)
    unknown = look_up("66099")
    assert (unknown.known, unknown.state, unknown.ambiguous) == (False, "", True)
    assert [choice.value for choice in unknown.choices] == ["KS-"]
    assert look_up("00000").choices == ()
    names = [(one.name, one.state) for one in suggest("univ of kansas")]
    assert names[0] == ("University of Kansas", "KS")
    assert suggest("MIT")[0].name == "Massachusetts Institute of Technology"
    assert suggest("kans")[0].name.startswith("Kansas")
    assert {one.name.split("-")[0] for one in suggest("university of california")} == {
        "University of California"
    }
    assert suggest("Mary's College of Cal")[0].name == "Saint Mary's College of California"
    # A changed name of an institution is mended; nothing is written where all is as it should be.
    Institution.objects.filter(source_id="ipeds:155317").update(name="Jayhawk U")
    assert "Loaded 1 institutions" in load()


def test_the_institutions_of_the_file_have_states_that_exist() -> None:
    rows = list(csv.DictReader(packed(INSTITUTIONS_FILE)))
    assert len({row["source_id"] for row in rows}) == len(rows) == 6_989
    assert all(len(row["zip"]) in {0, 5} for row in rows)
    assert any(row["zip"].startswith("0") for row in rows)


# --- A new map ---------------------------------------------------------------------------------


def newer(tmp_path: Path, rows: Iterable[str]) -> list[str]:
    file = tmp_path / "new.csv"
    file.write_text("\n".join(["zip,state,district,city", *rows]) + "\n")
    return [
        "--boundaries",
        str(file),
        "--name",
        "120th Congress",
        "--source",
        "Census",
        "--licence",
        "PD",
    ]


def as_rows(*, besides: Iterable[str] = ()) -> list[str]:
    """The small map of these tests, as a file, without some ZIPs."""
    left_out = set(besides)
    return [
        f"{area.zip},{area.state},{'' if area.district is None else area.district},{area.city}"
        for area in ZipArea.objects.order_by("pk")
        if area.zip not in left_out
    ]


@pytest.fixture
def living(world: World) -> Callable[[str, str, str, int | None], Place]:
    def make(name: str, zip: str, state: str, district: int | None) -> Place:
        member = make_member(make_user(name), world.isscr, home=(zip, state, district))
        return member.places.get()

    return make


def place_now(place: Place) -> tuple[str, int | None, bool]:
    place.refresh_from_db()
    return place.state, place.district, place.ambiguous


def test_a_new_map_keeps_choices_that_still_stand_and_opens_the_rest(
    world: World, living: Callable[[str, str, str, int | None], Place], tmp_path: Path
) -> None:
    same = living("Same Choice", "66044", "KS", 2)
    whole = living("Was Whole", "66045", "KS", 1)
    renumbered = living("Renumbered", "67202", "KS", 4)
    crossing = living("Two States", "66541", "KS", 1)
    gone = living("Zip Gone", "66506", "KS", 1)
    joined = Participation.objects.create(
        campaign=world.campaign, member=whole.member, society=world.isscr, phase=world.phase_one,
        basis="either", counted="home", zip="66045", state="KS", district=1, boundaries=world.boundaries,
    )  # fmt: skip
    rows = as_rows(besides=["66045", "67202", "66541", "66506"])
    rows += ["66045,KS,1,", "66045,KS,2,", "67202,KS,5,", "66541,KS,2,", "66541,NE,3,"]
    said = load(*newer(tmp_path, rows))
    assert "Loaded the boundary set “120th Congress”" in said
    assert "for 2 of them the member must choose again" in said
    current = BoundarySet.objects.get(is_current=True)
    assert current.name == "120th Congress"
    assert place_now(same) == ("KS", 2, False)
    assert place_now(whole) == ("KS", None, True)
    assert place_now(renumbered) == ("KS", 5, False)
    assert place_now(crossing) == ("KS", 2, False)  # the state was chosen, and it has one part now
    assert place_now(gone) == ("KS", None, False)  # the map knows its state from the ZIPs around
    assert set(Place.objects.exclude(zip="").values_list("boundaries", flat=True)) == {current.pk}
    joined.refresh_from_db()
    assert (joined.district, joined.boundaries) == (1, world.boundaries)
    assert "boundary set" not in load()
    assert BoundarySet.objects.get(is_current=True) == current


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["6604,KS,1,"], "Line 2: a ZIP has five digits"),
        (["66044,KX,1,"], "no state has the postal code 'KX'"),
        (["66044,KS,first,"], "'first' is no district"),
        (["66044,KS,1,", "66044,KS,1,"], "Line 3 repeats an earlier line"),
        (["66044,KS,1,"], "no ZIP of: Armed Forces Europe, Alaska"),
        ([], "holds no ZIP"),
    ],
)
def test_a_map_that_is_wrong_changes_nothing(
    world: World, tmp_path: Path, rows: list[str], words: str
) -> None:
    before = list(ZipArea.objects.order_by("pk").values_list())
    with pytest.raises(CommandError, match=words):
        load(*newer(tmp_path, rows))
    assert list(ZipArea.objects.order_by("pk").values_list()) == before
    assert BoundarySet.objects.get() == world.boundaries


def test_the_command_wants_to_know_what_it_loads(world: World, tmp_path: Path) -> None:
    complete = newer(tmp_path, as_rows())
    with pytest.raises(CommandError, match="Say also: --source, --licence"):
        load(*complete[:4])
    load(*complete)
    with pytest.raises(CommandError, match="is loaded already"):
        load(*complete)
    (tmp_path / "new.csv").unlink()
    complete[3] = "121st Congress"
    with pytest.raises(CommandError, match="No such file"):
        load(*complete)


def test_a_header_without_the_columns_is_refused() -> None:
    with pytest.raises(BoundaryFileProblem, match="names no column state, district"):
        list(read_boundaries(["zip,place\n"]))
    (row,) = read_boundaries(["City,District,State,ZIP\n", "Lawrence,1,KS,66045\n"])
    assert row == BoundaryRow("66045", "KS", 1, "Lawrence")
