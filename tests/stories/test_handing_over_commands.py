"""The commands of handing over: what the clock and the workers do, by hand."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from campaigns.models import Rhythm
from portal.models import Job
from stories.models import Batch
from stories.states import BatchState
from stories.verbs import batch_files
from tests.house.batches import delivered_batch, story_with_photo
from tests.house.people import World
from tests.house.stories import approved_story, permission


def said(command: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


def test_seal_batches_waits_for_the_rhythm_unless_told(world: World) -> None:
    both = [permission(world.research_america), permission(world.frontline)]
    approved_story(world, permissions=both)
    assert "Nothing was due." in said("seal_batches")
    one = said("seal_batches", "--now", "--partner", "science-frontline")
    assert "batch 1 for Science Frontline is sealed, stories: 1." in one
    assert Batch.objects.exclude(state=BatchState.OPEN).count() == 1
    assert "Sealed batches: 1." in said("seal_batches", "--now")
    assert "Nothing was due." in said("seal_batches", "--now")
    with pytest.raises(CommandError, match="No running campaign"):
        said("seal_batches", "--campaign", "nowhere")


def test_deliver_builds_and_hands_over_without_a_worker(world: World) -> None:
    approved_story(world)
    call_command("seal_batches", "--now", verbosity=0)
    assert "done." in said("deliver")
    batch = Batch.objects.get(state=BatchState.DELIVERED)
    assert Job.objects.get(key=f"build:{batch.pk}").finished_at is not None
    assert "No batch is waiting." in said("deliver")


def test_deliver_fails_where_a_batch_cannot_be_built(world: World) -> None:
    story_with_photo(world)
    call_command("seal_batches", "--now", verbosity=0)
    shutil.rmtree(Path(settings.MEDIA_ROOT) / "photos")
    with pytest.raises(CommandError, match="1 of 1 batches are not done"):
        call_command("deliver", verbosity=0)


def test_rebuild_brings_lost_files_back(world: World) -> None:
    approved_story(world)
    batch = delivered_batch(world)
    name = (batch.files or [])[0]["name"]
    before = batch_files.place_of(batch, name).read_bytes()
    batch_files.discard(batch)
    assert "done." in said("deliver", "--rebuild", "--campaign", world.campaign.slug)
    assert batch_files.place_of(batch, name).read_bytes() == before


def test_the_clock_seals_what_is_due(world: World) -> None:
    world.campaign.rhythm = Rhythm.DAILY
    world.campaign.save()
    approved_story(world)
    Batch.objects.create(
        campaign=world.campaign,
        partner=world.research_america,
        number=1,
        opened_at=world.phase_one.opens_at,
    )
    assert "batch 1 for Research!America" in said("seal_batches")
