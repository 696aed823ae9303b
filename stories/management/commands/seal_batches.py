"""Seal open batches: those that are due by their campaign's rhythm, or all."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import track

from campaigns.models import CampaignPartner
from portal.errors import Refused, TooLate
from stories.models import Batch
from stories.verbs.batching import open_batch, partnerships, seal, seal_if_due


class Command(BaseCommand):
    """`seal_batches`: what the clock does every minute, once and by hand."""

    help = (
        "Seal the open batches of running campaigns that are due by their rhythm; with --now, whatever "
        "the rhythm says. The worker then builds and delivers them. That nothing is due is no failure."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which campaigns and partners, and whether to wait for the rhythm."""
        parser.add_argument("--campaign", default="", help="only this campaign, by its slug")
        parser.add_argument("--partner", default="", help="only this partner, by its slug")
        parser.add_argument("--now", action="store_true", help="do not wait for the rhythm")

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal one after the other and say what was sealed."""
        ties = list(partnerships(options["campaign"], options["partner"]))
        if not ties:
            raise CommandError(
                f"No running campaign has the slug “{options['campaign']}” and such a partner."
                if options["campaign"]
                else "No running campaign has such a partner."
            )
        console = Console(file=cast("IO[str]", self.stdout), highlight=False, soft_wrap=True)
        quiet = options["verbosity"] == 0
        sealed = 0
        for tie in track(ties, "Sealing", console=console, disable=quiet or len(ties) < 2):
            batch = self.seal(tie, now=options["now"])
            if batch is None:
                continue
            sealed += 1
            if not quiet:
                self.stdout.write(f"{tie.campaign}: {batch} is sealed, stories: {batch.count}.")
        if not quiet:
            self.stdout.write(f"Sealed batches: {sealed}." if sealed else "Nothing was due.")

    def seal(self, tie: CampaignPartner, *, now: bool) -> Batch | None:
        """Seal one partner's open batch; None where nothing is due."""
        if not now:
            return seal_if_due(campaign=tie.campaign, partner=tie.partner, now=timezone.now())
        try:
            return seal(by=None, batch=open_batch(campaign=tie.campaign, partner=tie.partner))
        except (Refused, TooLate):
            return None
