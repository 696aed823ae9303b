"""The folder of files is away, or its disk is full: who is told what, and that nothing half is left behind."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.conf import settings as site
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from PIL import Image
from pytest_django.fixtures import Settings

from campaigns.models import RosterImport
from chaos.disk import Disk
from portal.models import User
from stories.models import Download, Draft, Item, Photo
from stories.verbs import telling
from tests.house.batches import delivered_batch, many_items, story_with_photo
from tests.house.people import World, client_of
from tests.house.stories import join
from tests.stories.test_api import program_of
from tests.stories.test_photos import upload
from tests.stories.typing import page

ROOM = 64 << 10
FILES = "The site cannot read or keep files right now."
HOOK = "It began with a freezer that nobody wanted to pay for."


def not_mounted(place: Path) -> Path:
    """The bare folder over which the files are mounted at other times."""
    bare = place.with_name("bare")
    bare.mkdir()
    return bare


def missing(place: Path) -> Path:
    """No folder at all."""
    return place.with_name("nowhere")


def unreadable(place: Path) -> Path:
    """Whatever is tried in it fails; root could read a folder that merely forbids it."""
    file = place.with_name("a-file")
    file.touch()
    return file / "files"


@pytest.mark.parametrize("trouble", [not_mounted, missing, unreadable])
def test_whoever_fetches_a_file_is_told_to_try_again(
    world: World, settings: Settings, tmp_path: Path, trouble: Callable[[Path], Path]
) -> None:
    story = story_with_photo(world)
    batch = delivered_batch(world)
    revision, item = story.approved_revision, Item.objects.get()
    assert revision is not None
    assert revision.photo is not None
    names = [fact["name"] for fact in batch.files or []] + ["photos/1.jpg"]
    files = [reverse("stories:batch_file", args=[batch.ref, name]) for name in names]
    photos = [
        (world.mia, reverse("stories:photo_file", args=[story.ref, revision.photo.pk])),
        (world.ana, reverse("stories:review_photo", args=[story.ref, revision.number])),
        (world.lee, reverse("stories:lead_photo", args=[story.ref, item.batch.partner.slug])),
        (world.paula, reverse("stories:library_photo", args=[item.pk])),
    ]
    doors = [(world.paula, file) for file in files] + photos
    for user, door in doors:
        assert client_of(user).get(door).status_code == 200, door
    program = program_of(world.paula)
    before = Download.objects.count()

    settings.MEDIA_ROOT = str(trouble(tmp_path / "files"))
    for user, door in doors:
        assert FILES in words_of(patient(user).get(door)), door
    for name in names:
        answer = program.get(f"/batches/{batch.ref}/files/{name}")
        assert (answer.status_code, answer["Retry-After"]) == (503, "30"), name
        assert answer.json() == {"error": f"{FILES} Nothing was done; try again."}
    assert Download.objects.count() == before  # nothing was taken


@pytest.fixture
def disk(settings: Settings, tmp_path: Path) -> Iterator[Disk]:
    """The folder of files on a small disk of its own, with room for a few kilobytes."""
    place = tmp_path / "disk"
    place.mkdir()
    made = Disk(place, list)
    if not made.mounted:
        pytest.skip("no disk can be mounted here")
    try:
        settings.MEDIA_ROOT = str(place / "files")
        (place / "files").mkdir()
        made.fill(room=ROOM)
        yield made
    finally:
        made.unmount()


def files_there() -> list[Path]:
    """Every file of the storage."""
    return sorted(path for path in Path(site.MEDIA_ROOT).rglob("*") if path.is_file())


def words_of(answer: Any) -> str:
    """What somebody reads on a page that says to try again, what they typed included."""
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    page = BeautifulSoup(answer.content, "html.parser")
    assert [h1.text for h1 in page.select("h1")] == ["Please try again in a minute"]
    return page.get_text(" ", strip=True)


def patient(user: User) -> Client:
    """A client that reads our failures as browsers do."""
    client = client_of(user)
    client.raise_request_exception = False
    return client


def test_a_photo_that_finds_the_disk_full_costs_no_word_and_leaves_nothing(
    world: World, disk: Disk
) -> None:
    story = telling.begin(by=world.mia, participation=join(world, world.mia_member))
    image = Image.frombytes("RGB", (600, 600), os.urandom(600 * 600 * 3))  # nothing makes it small
    noise = io.BytesIO()
    image.save(noise, "JPEG")
    send = page(world, story, hook=HOOK) | {"photo": upload(noise.getvalue())}
    said = words_of(patient(world.mia).post(f"/stories/{story.ref}/photo/", send))
    assert FILES in said
    assert HOOK in said
    assert (files_there(), Photo.objects.count()) == ([], 0)
    assert Draft.objects.get(story=story).hook == HOOK

    disk.free()
    send = page(world, story, hook=HOOK, version=1) | {"photo": upload(noise.getvalue())}
    assert patient(world.mia).post(f"/stories/{story.ref}/photo/", send).status_code == 302
    assert (len(files_there()), Photo.objects.count()) == (1, 1)


def test_a_roster_that_finds_the_disk_full_leaves_nothing(world: World, disk: Disk) -> None:
    lines = "".join(f"m{n}@example.org,Mia Chen,66160\n" for n in range(5000))
    roster = upload(f"email,name,home_zip\n{lines}".encode(), "roster.csv")
    door = reverse("campaigns:send_roster", args=[world.isscr.slug])
    assert FILES in words_of(patient(world.ana).post(door, {"file": roster}))
    assert (files_there(), RosterImport.objects.count()) == ([], 0)


def test_an_export_that_finds_the_disk_full_says_so_before_its_first_byte(
    world: World, disk: Disk
) -> None:
    many_items(world, 2)
    disk.fill()
    for suffix in ("csv", "json"):
        door = reverse("stories:library_export", args=[suffix])
        assert FILES in words_of(patient(world.paula).get(door)), suffix
    assert files_there() == []


def test_while_the_database_may_only_be_read(world: World) -> None:
    story = telling.begin(by=world.mia, participation=join(world, world.mia_member))
    mia = patient(world.mia)
    postgres = connection.vendor == "postgresql"
    send = page(world, story, hook=HOOK)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET transaction_read_only = on" if postgres else "PRAGMA query_only = on")
        try:
            said = words_of(mia.post(f"/stories/{story.ref}/save/", send))
            down = mia.get("/health/ready").json()["down"]
        finally:
            if not postgres:
                cursor.execute("PRAGMA query_only = off")
            transaction.set_rollback(True)  # PostgreSQL forgets it with this
    assert f"The site cannot {'write to' if postgres else 'reach'} its database right now." in said
    assert HOOK in said
    assert ("database" in down) is postgres
