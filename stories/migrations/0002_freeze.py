"""Revisions, acceptances, consents, sealed batches and their items stay as written."""

from __future__ import annotations

from django.db import migrations

from portal.frozen import freeze


class Migration(migrations.Migration):
    dependencies = [("stories", "0001_initial")]

    operations = [
        freeze(
            "stories_revision",
            "story_id",
            "number",
            "kind",
            "hook",
            "answers",
            "photo_id",
            "sha256",
            "by_id",
            "remark",
        ),
        freeze("stories_acceptance", "sha256", "by_id", "at"),
        freeze("stories_decision", "story_id", "revision_id", "kind", "reason", "by_id", "at"),
        freeze(
            "stories_consent",
            "story_id",
            "partner_id",
            "text_id",
            "lawmakers",
            "publication",
            "press",
            "name_shown",
            "name",
            "until",
            "given_by_id",
            "given_at",
        ),
        freeze("stories_consent", "ended_at", "ended_why", once=True),
        freeze(
            "stories_item",
            "batch_id",
            "position",
            "partner_id",
            "story_id",
            "accepted_id",
            "consent_id",
            "replaces_id",
        ),
        freeze("stories_item", "ended_at", "ended_why", once=True),
        freeze("stories_batch", "campaign_id", "partner_id", "number"),
        freeze(
            "stories_batch",
            "sealed_at",
            "sealed_by_id",
            "built_at",
            "manifest",
            "signature",
            "key_id",
            "files",
            "closed_at",
            once=True,
        ),
        freeze("stories_receipt", "batch_id", "by_id", "name", "manifest_sha256", "at"),
    ]
