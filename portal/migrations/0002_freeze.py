"""The audit log stays as written: the database refuses to change a line."""

from __future__ import annotations

from django.db import migrations

from portal.frozen import freeze


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_initial")]

    operations = [
        freeze(
            "portal_auditline",
            "at",
            "actor_id",
            "verb",
            "object_type",
            "object_id",
            "detail",
            "request_id",
        ),
        freeze("portal_publishedkey", "pem"),
    ]
