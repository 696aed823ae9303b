"""A consent text's version never changes, and neither does what counted when a member joined."""

from __future__ import annotations

from django.db import migrations

from portal.frozen import freeze


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0002_initial")]

    operations = [
        freeze("campaigns_consenttext", "campaign_id", "version", "text"),
        freeze(
            "campaigns_participation",
            "campaign_id",
            "basis",
            "counted",
            "zip",
            "state",
            "district",
            "joined_at",
        ),
    ]
