"""The files of a batch: the author's words, only what consent allows, the same bytes every time."""

from __future__ import annotations

import csv
import datetime as dt
import errno
import hashlib
import io
import json
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal import signing
from portal.models import Job, Message
from stories.models import Batch, NameShown, Photo, Story
from stories.rules.formats import csv_format, json_format
from stories.rules.texts import Answer
from stories.states import BatchState
from stories.verbs import batch_files, building, telling
from stories.verbs.building import Building
from tests.house.batches import (
    correct,
    delivered_batch,
    fetched_batch,
    sealed_batch,
    story_with_photo,
)
from tests.house.people import World
from tests.house.post import run_jobs
from tests.house.stories import approved_story, permission, today

WORDS = 'Grüße, "quoted" 😀 \u2028 first line\nsecond\tline \\ <b>&amp;</b> 研究 trailing  '


def files_of(batch: Batch) -> dict[str, bytes]:
    """All files of a batch by their names inside it."""
    folder = batch_files.place_of(batch)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def stories_in(batch: Batch) -> list[dict[str, Any]]:
    return list(json.loads(files_of(batch)["stories.json"])["stories"])


def rows_in(batch: Batch) -> list[dict[str, str]]:
    text = files_of(batch)["stories.csv"].decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_json_has_the_authors_words_byte_for_byte(world: World) -> None:
    story = approved_story(world, hook="  =Spaced „hook“ ", words=WORDS)
    batch = delivered_batch(world)
    line = stories_in(batch)[0]
    assert (line["hook"], line["answers"][0]["value"]) == ("  =Spaced „hook“ ", WORDS)
    assert story.approved_revision is not None
    assert line["revision_sha256"] == story.approved_revision.acceptance.sha256
    assert WORDS.encode() in files_of(batch)["stories.json"].replace(b"\\n", b"\n").replace(
        b"\\t", b"\t"
    ).replace(b'\\"', b'"').replace(b"\\\\", b"\\")


def test_a_batch_holds_these_files_and_no_name_of_a_person(world: World) -> None:
    story_with_photo(world)
    approved_story(world)
    batch = delivered_batch(world)
    names = set(files_of(batch))
    archive = "storybank-research-saves-research-america-0001.zip"
    assert names == {
        "SHA256SUMS",
        "manifest.json",
        "manifest.json.sig",
        "photos/1.jpg",
        "stories.csv",
        "stories.json",
        archive,
    }
    assert set(zipfile.ZipFile(batch_files.place_of(batch, archive)).namelist()) == names - {
        archive
    }
    assert [fact["name"] for fact in batch.files or []] == [
        archive,
        "stories.csv",
        "stories.json",
        "manifest.json",
        "manifest.json.sig",
        "SHA256SUMS",
    ]


def test_nothing_of_an_anonymous_author_leaves_in_any_file(world: World) -> None:
    story = story_with_photo(world, NameShown.NONE)
    batch = delivered_batch(world)
    given = b"\n".join(files_of(batch).values()) + "\n".join(files_of(batch)).encode()
    revision = story.approved_revision
    assert revision is not None
    assert revision.photo is not None
    traces = ["Mia", "Chen", "mia@example.org", revision.photo.sha256, "A lab bench at night"]
    traces += [revision.sha256, str(revision.photo.file.name), world.mia_member.token.hex]
    assert [trace for trace in traces if trace.encode() in given] == []
    line = stories_in(batch)[0]
    assert (line["name"], line["photo"], line["state"]) == ("", None, "KS")
    assert not batch_files.place_of(batch, "photos").exists()


def test_the_name_is_the_one_that_was_permitted_letter_by_letter(world: World) -> None:
    approved_story(
        world,
        permissions=[permission(world.research_america, NameShown.FIRST, name="Mia, Kansas")],
    )
    batch = delivered_batch(world)
    given = b"\n".join(files_of(batch).values())
    assert (rows_in(batch)[0]["name"], b"Chen" in given) == ("Mia, Kansas", False)


def test_a_photo_travels_with_a_name_and_is_the_accepted_one(world: World) -> None:
    story = story_with_photo(world)
    batch = delivered_batch(world)
    line = stories_in(batch)[0]
    revision = story.approved_revision
    assert revision is not None
    assert revision.photo is not None
    content = files_of(batch)["photos/1.jpg"]
    assert hashlib.sha256(content).hexdigest() == revision.photo.sha256 == line["photo"]["sha256"]
    assert line["photo"]["file"] == "photos/1.jpg"
    assert line["photo"]["description"] == "A lab bench at night"


def test_a_spoiled_photo_stops_the_building(world: World) -> None:
    story_with_photo(world)
    Path(Photo.objects.get().file.path).write_bytes(b"another picture")
    batch = sealed_batch(world)
    run_jobs()
    batch.refresh_from_db()
    assert (batch.state, batch.built_at) == (BatchState.SEALED, None)
    assert Job.objects.get(key=f"build:{batch.pk}").last_error == "Spoiled"


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "＋1", "－1", "＠a", " =1", "\n=cmd"],
)
def test_every_cell_that_could_be_a_formula_is_defused(cell: str) -> None:
    assert csv_format.defused(cell).startswith("'")
    assert csv_format.defused("a" + cell.strip()) == "a" + cell.strip()


@pytest.mark.parametrize("words", ["Two;=1+1;mice", "Two\n=1+1\nmice", "; @SUM(A1)", "a;\t-1+2;"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_spreadsheet_finds_a_formula_wherever_it_cuts_the_cells(
    words: str, separator: str
) -> None:
    """One that is set to another separator sees quotes in the midst of a cell as letters, and cuts there."""
    text = csv_format.as_csv([["story", words, "behind"]]).decode()
    cut = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    cells = [cell.strip() for row in cut for cell in row]
    assert [cell for cell in cells if cell[:1] in {*"=+-@"}] == []


def test_lists_and_smiles_stay_as_they_are_in_a_spreadsheet() -> None:
    words = "What it gave me:\n- a freezer\n- two mice; that is all ;-)\nE=mc2, 3-4 years"
    assert csv_format.defused(words) == words


def test_formulas_are_defused_in_the_file_and_left_alone_in_the_json(world: World) -> None:
    formula = '=HYPERLINK("http://evil.example","x")'
    approved_story(
        world,
        hook=formula,
        words=formula,
        permissions=[permission(world.research_america, name="@mia")],
    )
    label = world.prompts["long_text"].label
    batch = delivered_batch(world)
    row = rows_in(batch)[0]
    assert (row["hook"], row[label], row["name"]) == (f"'{formula}", f"'{formula}", "'@mia")
    assert stories_in(batch)[0]["hook"] == formula


def test_csv_is_rfc_4180_with_a_mark_for_excel(world: World) -> None:
    approved_story(world, words='two\nlines, "quoted"')
    content = files_of(delivered_batch(world))["stories.csv"]
    assert content.startswith(b"\xef\xbb\xbfstory,campaign,batch,position,hook,")
    assert content.endswith(b"\r\n")
    assert b'"two\nlines, ""quoted"""' in content


def test_columns_stand_in_the_forms_order_though_the_first_story_skipped_one(world: World) -> None:
    one, several = world.prompts["one_choice"], world.prompts["several"]
    assert [one.label, several.label] == list(dict.fromkeys([one.label, several.label]))
    export = csv_format.CsvExport(io.BytesIO())
    for story in [(1, "a"), (3, "c")], [(1, "a"), (2, "b"), (3, "c")], [(9, "z")]:
        export.see(Answer(prompt=key, kind="x", label=label, value="") for key, label in story)
    assert export.columns == [(9, "z"), (1, "a"), (2, "b"), (3, "c")]
    assert csv_format.header([(1, "state"), (2, "a"), (3, "a")])[5:8] == ["state (2)", "a", "a (2)"]


def test_building_again_gives_the_same_bytes(world: World) -> None:
    story = story_with_photo(world)
    approved_story(world)
    fetched_batch(world)
    correct(world, story)
    batch = delivered_batch(world)
    before = files_of(batch)
    world.campaign.name, world.campaign.slug = "Renamed", "renamed"
    world.campaign.save()
    world.research_america.name = "Renamed too"
    world.research_america.save()
    batch_files.discard(batch)
    Building(Batch.objects.select_related("campaign", "partner").get(pk=batch.pk)).build()
    assert files_of(batch) == before
    assert Job.objects.filter(kind="stories.deliver_batch").count() == 2


def test_a_rotated_key_does_not_touch_what_was_signed(world: World, settings: Any) -> None:
    approved_story(world)
    batch = delivered_batch(world)
    before = files_of(batch)
    settings.SIGNING_KEY = "A" * 43 + "="
    assert signing.key_id() != batch.key_id
    call_command("deliver", "--rebuild", verbosity=0)
    assert files_of(batch) == before


def test_building_again_leaves_the_files_alone_where_it_would_alter_what_was_signed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved_story(world)
    batch = delivered_batch(world)
    before = files_of(batch)
    monkeypatch.setattr(json_format, "SCHEMA", 2)  # what a later release might do
    with pytest.raises(CommandError, match="1 of 1 batches"):
        call_command("deliver", "--rebuild")
    assert files_of(batch) == before


def test_the_database_keeps_a_sealed_batch_as_it_is(world: World) -> None:
    approved_story(world)
    batch = delivered_batch(world)
    for column, value in {
        "manifest_head": {},
        "manifest_sha256": "0" * 64,
        "signature": "x",
        "sealed_at": timezone.now(),
    }.items():
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            Batch.objects.filter(pk=batch.pk).update(**{column: value})


def test_manifest_says_what_each_item_is(world: World) -> None:
    story = approved_story(world)
    fetched_batch(world)
    correct(world, story)
    approved_story(
        world, permissions=[permission(world.research_america, NameShown.NONE, press=True)]
    )
    manifest = json.loads(files_of(delivered_batch(world))["manifest.json"])
    assert (manifest["schema"], manifest["batch"], manifest["stories"]) == (1, 2, 2)
    assert manifest["signing_key"] == signing.key_id()
    corrected, nameless = manifest["items"]
    revision = story.revisions.first()
    assert revision is not None
    assert corrected["replaces"] == {
        "batch": 1,
        "position": 1,
        "revision_sha256": revision.sha256,
    }
    until = (today() + dt.timedelta(days=300)).isoformat()
    assert {name: nameless[name] for name in ("uses", "name_shown", "name", "until")} == {
        "uses": ["lawmakers", "publication", "press"],
        "name_shown": "none",
        "name": "",
        "until": until,
    }
    assert (nameless["consent_version"], nameless["district"]) == (1, 1)


def test_sha256sum_accepts_the_sums(world: World) -> None:
    story_with_photo(world)
    batch = delivered_batch(world)
    ran = subprocess.run(
        ["sha256sum", "-c", "--strict", "SHA256SUMS"],
        cwd=batch_files.place_of(batch),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.count(": OK") == 5


def test_a_full_disk_puts_the_job_back_and_leaves_nothing_half(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved_story(world)
    batch = sealed_batch(world)
    whole = os.fsync

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    run_jobs()
    job = Job.objects.get(key=f"build:{batch.pk}")
    batch.refresh_from_db()
    assert (files_of(batch), batch.built_at, job.finished_at) == ({}, None, None)
    assert job.due_at > timezone.now()
    monkeypatch.setattr(os, "fsync", whole)
    Job.objects.update(due_at=timezone.now())
    run_jobs()
    batch.refresh_from_db()
    assert batch.state == BatchState.DELIVERED


def test_killed_at_any_file_the_next_worker_ends_with_the_same_bytes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    story_with_photo(world)
    batch = sealed_batch(world)
    put, count = batch_files.put, 0

    def die(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count % 2 == 0:
            raise KeyboardInterrupt
        return put(*arguments)

    building_again = Building(Batch.objects.select_related("campaign", "partner").get(pk=batch.pk))
    monkeypatch.setattr(batch_files, "put", die)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            building_again.build()
    monkeypatch.setattr(batch_files, "put", put)
    run_jobs()
    batch.refresh_from_db()
    once = files_of(batch)
    batch_files.discard(batch)
    Building(Batch.objects.select_related("campaign", "partner").get(pk=batch.pk)).build()
    assert files_of(batch) == once


def test_a_batch_that_is_closed_before_it_is_built_is_never_built(world: World) -> None:
    gone, stays = approved_story(world), approved_story(world)
    batch = sealed_batch(world)
    telling.withdraw(by=world.mia, story=gone)
    run_jobs()
    batch.refresh_from_db()
    assert (files_of(batch), batch.state) == ({}, BatchState.SEALED)
    assert [item.story for item in delivered_batch(world).items.all()] == [stays]


def test_delivering_twice_tells_the_officers_once(world: World) -> None:
    approved_story(world)
    batch = delivered_batch(world)
    Job.objects.filter(key=f"deliver:{batch.pk}").update(finished_at=None, lease=None)
    run_jobs()
    told = Message.objects.filter(template="batch_delivered")
    assert sorted(m.user.name for m in told if m.user) == ["Paula Grant", "Pete Novak"]
    assert batch.deliveries.count() == 1


def test_memory_and_cursor_walk_by_key(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "CHUNK", 2)
    stories: list[Story] = [approved_story(world) for _ in range(5)]
    batch = delivered_batch(world)
    assert [line["story"] for line in stories_in(batch)] == [str(s.ref) for s in stories]
    job = Job.objects.get(key=f"build:{batch.pk}")
    assert (job.done, job.total) == (5, 5)


def test_files_lie_where_the_settings_say(world: World) -> None:
    approved_story(world)
    batch = delivered_batch(world)
    assert batch_files.place_of(batch).is_relative_to(settings.MEDIA_ROOT)
