"""A new SIGNING_KEY signs what comes; what was signed before still verifies, by everybody's means."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from portal.models import PublishedKey
from stories.models import Batch
from tests.house.batches import delivered_batch, fetch
from tests.house.people import World
from tests.house.stories import approved_story

SEEDS = [base64.b64encode(bytes(range(n, n + 32))).decode() for n in (0, 1)]


def saved(world: World, batch: Batch, folder: Path) -> Path:
    """The zip as Paula saves it."""
    name = str((batch.files or [{}])[0]["name"])
    folder.mkdir()
    (folder / name).write_bytes(fetch(batch, name, world.paula))
    return folder / name


def published(key_id: str, file: Path) -> Path:
    """A public key as a partner fetches it, into a file."""
    answer = Client().get(reverse("signing_key", args=[key_id]))
    assert answer.status_code == 200
    file.write_bytes(answer.content)
    return file


def test_batches_from_before_and_after_verify(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    settings.SIGNING_KEY = SEEDS[0]
    approved_story(world)
    old = delivered_batch(world)
    old_file = saved(world, old, tmp_path / "old")

    settings.SIGNING_KEY = SEEDS[1]
    approved_story(world)
    new = delivered_batch(world)
    assert old.key_id != new.key_id
    assert set(PublishedKey.objects.values_list("key_id", flat=True)) == {old.key_id, new.key_id}
    new_file = saved(world, new, tmp_path / "new")
    keys = [published(batch.key_id, tmp_path / f"{batch.key_id}.pem") for batch in (old, new)]
    for file, right, wrong in ((old_file, *keys), (new_file, *reversed(keys))):
        call_command("verify_batch", file, verbosity=0)  # by the site's own keys
        call_command("verify_batch", file, key=right, verbosity=0)
        with pytest.raises(CommandError):
            call_command("verify_batch", file, key=wrong, verbosity=0)

    # Building the old one again needs no old key: it keeps the signature that it has.
    call_command("deliver", rebuild=True, verbosity=0)
    assert saved(world, old, tmp_path / "again").read_bytes() == old_file.read_bytes()
