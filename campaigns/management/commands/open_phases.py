"""Open the phases whose time has come, as the clock does; for cron, or for when the clock stands still."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from campaigns.rules.clocks import in_words
from campaigns.verbs.invitations import look_again
from campaigns.verbs.phases import open_due_phases


class Command(BaseCommand):
    """`manage.py open_phases`: the members are told by the worker."""

    help = (
        "Open every phase whose time has come and start inviting its members. Safe to run at any "
        "time and twice at once: a phase opens once, and each member is told once."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Open, and say what was opened."""
        opened = open_due_phases()
        for phase in opened:
            until = in_words(phase.closes_at, phase.campaign.time_zone)
            self.stdout.write(f"Opened “{phase.name}” of “{phase.campaign.name}”, until {until}.")
        if not opened:
            self.stdout.write("No phase is due.")
        look_again()
