"""An installation that kept whole manifests keeps their heads and hashes after its upgrade."""

from __future__ import annotations

import hashlib

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from stories.models import Batch
from stories.verbs import batch_files
from tests.house.batches import delivered_batch
from tests.house.people import World
from tests.house.stories import approved_story


@pytest.mark.django_db(transaction=True)
def test_the_upgrade_keeps_the_head_and_the_hash_and_freezes_them(world: World) -> None:
    approved_story(world)
    batch = delivered_batch(world)
    manifest = batch_files.place_of(batch, "manifest.json").read_text()
    backwards = MigrationExecutor(connection)
    backwards.migrate([("stories", "0005_coverage")])
    former = backwards.loader.project_state([("stories", "0005_coverage")]).apps
    batches = former.get_model("stories", "Batch").objects.filter(pk=batch.pk)
    batches.update(manifest=manifest)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        batches.update(manifest="another")
    forwards = MigrationExecutor(connection)
    forwards.migrate(forwards.loader.graph.leaf_nodes())
    after = Batch.objects.get(pk=batch.pk)
    assert after.manifest_head == batch.manifest_head
    assert after.manifest_sha256 == hashlib.sha256(manifest.encode()).hexdigest()
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Batch.objects.filter(pk=batch.pk).update(manifest_sha256="0" * 64)
