"""Checking a batch without the database: one altered byte anywhere, and it fails."""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from portal import signing
from stories import verification
from stories.models import Batch, NameShown
from stories.rules import texts
from stories.verification import Failed, verify
from tests.house.batches import delivered_batch, fetch, story_with_photo
from tests.house.people import World
from tests.house.stories import answers, approved_story, permission


@pytest.fixture
def batch(world: World) -> Batch:
    story_with_photo(world)
    story_with_photo(world, NameShown.NONE)
    approved_story(world, permissions=[permission(world.research_america, NameShown.NONE)])
    return delivered_batch(world)


@pytest.fixture
def archive(world: World, batch: Batch, tmp_path: Path) -> Path:
    """The zip as Paula saved it."""
    assert batch.files is not None
    name = str(batch.files[0]["name"])
    path = tmp_path / name
    path.write_bytes(fetch(batch, name, world.paula))
    return path


@pytest.fixture
def folder(archive: Path, tmp_path: Path) -> Path:
    """The zip, unpacked."""
    place = tmp_path / "unpacked"
    zipfile.ZipFile(archive).extractall(place)
    return place


@pytest.fixture
def key(batch: Batch, tmp_path: Path) -> Path:
    """The public key as anybody may fetch it."""
    path = tmp_path / "key.pem"
    path.write_bytes(Client().get(reverse("signing_key", args=[batch.key_id])).content)
    return path


def test_a_good_batch_holds_as_zip_and_as_folder(archive: Path, folder: Path, key: Path) -> None:
    said: list[str] = []
    for place in (archive, folder):
        manifest = verify(place, key.read_bytes(), said.append)
        assert manifest["partner_name"] == "Research!America"
    assert len(said) == 6 + 5


def test_verifying_leaves_other_readers_of_csv_their_limit(archive: Path, key: Path) -> None:
    limit = csv.field_size_limit()
    verify(archive, key.read_bytes(), lambda words: None)
    assert csv.field_size_limit() == limit


def flipped(content: bytes, offset: int) -> bytes:
    return content[:offset] + bytes([content[offset] ^ 1]) + content[offset + 1 :]


def offsets(size: int) -> list[int]:
    """The ends, the middle and some places between."""
    return sorted({0, 1, size // 7, size // 3, size // 2, 3 * size // 4, size - 2, size - 1})


def test_one_altered_byte_in_any_file_fails(folder: Path, key: Path) -> None:
    pem = key.read_bytes()
    survivors = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        for offset in offsets(len(content)):
            path.write_bytes(flipped(content, offset))
            try:
                verify(folder, pem)
            except Failed:
                continue
            survivors.append((path.name, offset))
        path.write_bytes(content)
    assert survivors == []
    assert verify(folder, pem)["stories"] == 3


def test_one_altered_byte_in_the_zip_fails(archive: Path, key: Path) -> None:
    pem, content = key.read_bytes(), archive.read_bytes()
    survivors = []
    end = len(content)
    for offset in {*range(0, end, max(1, end // 150)), *range(end - 200, end), *range(40)}:
        archive.write_bytes(flipped(content, offset))
        try:
            verify(archive, pem)
        except (Failed, OSError):
            continue
        survivors.append(offset)
    assert survivors == []
    archive.write_bytes(content + b"x")
    with pytest.raises(Failed):
        verify(archive, pem)


@pytest.mark.parametrize("name", ["photos/1.jpg", "stories.csv", "manifest.json.sig", "SHA256SUMS"])
def test_a_missing_file_fails(folder: Path, key: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(Failed, match=r"missing|Missing"):
        verify(folder, key.read_bytes())


def test_an_added_file_fails(folder: Path, key: Path) -> None:
    (folder / "photos" / "2.jpg").write_bytes(b"x")
    with pytest.raises(Failed, match=r"Not part of the batch: photos/2\.jpg"):
        verify(folder, key.read_bytes())


def test_another_key_fails(folder: Path, settings: object, key: Path) -> None:
    settings.SIGNING_KEY = "B" * 43 + "="  # type: ignore[attr-defined]
    with pytest.raises(Failed, match="another key"):
        verify(folder, signing.public_pem().encode())
    with pytest.raises(Failed, match="no Ed25519 public key"):
        verify(folder, b"nonsense")
    assert verify(folder, signing.public_pem().encode() + key.read_bytes())


def test_a_story_swapped_for_another_fails_though_all_hashes_are_made_anew(
    folder: Path, key: Path
) -> None:
    stories = folder / "stories.json"
    stories.write_bytes(stories.read_bytes().replace(b"kitchen clock", b"kitchen block"))
    names = ("manifest.json", "manifest.json.sig", "photos/1.jpg", "stories.csv", "stories.json")
    sums = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names
    ]
    (folder / "SHA256SUMS").write_text("".join(sums))
    with pytest.raises(Failed, match=r"stories\.json was changed"):
        verify(folder, key.read_bytes())


def test_the_served_script_runs_alone(
    world: World, archive: Path, key: Path, tmp_path: Path
) -> None:
    response = Client().get("/verify_batch.py")
    script = tmp_path / "alone" / "verify_batch.py"
    script.parent.mkdir()
    script.write_bytes(b"".join(response.streaming_content))  # type: ignore[attr-defined]
    run = [sys.executable, "-I", str(script), str(archive), "--key", str(key)]
    good = subprocess.run(run, capture_output=True, text=True, check=False, cwd=script.parent)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.endswith("Batch 1 for Research!America is complete and unchanged.\n")
    archive.write_bytes(flipped(archive.read_bytes(), 500))
    bad = subprocess.run(run, capture_output=True, text=True, check=False, cwd=script.parent)
    assert (bad.returncode, bad.stderr.startswith("FAILED: ")) == (1, True)


def test_the_command_checks_too(archive: Path, folder: Path, key: Path, batch: Batch) -> None:
    call_command("verify_batch", archive, verbosity=0)
    call_command("verify_batch", folder, key=key, verbosity=0)
    (folder / "stories.csv").write_bytes(b"x")
    with pytest.raises(CommandError, match=r"stories\.csv was changed"):
        call_command("verify_batch", folder, verbosity=0)
    with pytest.raises(CommandError, match="no folder or file"):
        call_command("verify_batch", folder / "nowhere", verbosity=0)


def test_script_and_site_hash_a_text_in_the_same_way(world: World) -> None:
    told = answers(world, 'Ünïcode "x" \\ \u2028 😀\n')
    hook, photo = "Hööks", "ab" * 32
    story = {
        "hook": hook,
        "answers": [dict(answer) for answer in told],
        "photo": {"sha256": photo},
    }
    assert verification.text_hash(story) == texts.revision_sha256(hook, told, photo)
    assert verification.text_hash({**story, "photo": None}) == texts.revision_sha256(
        hook, told, None
    )
