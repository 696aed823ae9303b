"""A batch keeps its manifest's head and hash instead of all its text, which is made again from them and the items."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db import migrations, models

from portal.frozen import freeze, thaw


def keep_heads(apps: Any, editor: Any) -> None:
    """The first line of a manifest is its head, without the closing brace; one batch at a time, for they are large."""
    batches = apps.get_model("stories", "Batch").objects
    for key in batches.exclude(manifest="").values_list("pk", flat=True):
        manifest = batches.values_list("manifest", flat=True).get(pk=key)
        head = json.loads(manifest.partition(",\n")[0] + "}")
        head.pop("schema")
        digest = hashlib.sha256(manifest.encode()).hexdigest()
        batches.filter(pk=key).update(manifest_head=head, manifest_sha256=digest)


def frozen_once(*of_the_manifest: str) -> migrations.RunPython:
    """What the worker that builds a batch fills in, once."""
    return freeze(
        "stories_batch",
        "sealed_at",
        "sealed_by_id",
        "built_at",
        *of_the_manifest,
        "signature",
        "key_id",
        "files",
        "closed_at",
        once=True,
    )


ALWAYS = freeze("stories_batch", "campaign_id", "partner_id", "number")


class Migration(migrations.Migration):
    dependencies = [("stories", "0005_coverage")]

    operations = [
        thaw("stories_batch", ALWAYS, frozen_once("manifest")),
        migrations.AddField("batch", "manifest_head", models.JSONField(blank=True, null=True)),
        migrations.AddField(
            "batch",
            "manifest_sha256",
            models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
        migrations.RunPython(keep_heads, migrations.RunPython.noop),
        migrations.RemoveField("batch", "manifest"),
        ALWAYS,
        frozen_once("manifest_head", "manifest_sha256"),
    ]
