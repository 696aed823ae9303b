"""Build and deliver sealed batches here and now, without waiting for a worker."""

from __future__ import annotations

import logging
from argparse import ArgumentParser
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import track

from campaigns.models import Campaign, Partner
from portal.models import Job
from portal.work import work_on
from stories.models import Batch
from stories.states import BatchState
from stories.verbs.building import Building, Spoiled, build
from stories.verbs.handing_over import deliver

log = logging.getLogger(__name__)


class Command(BaseCommand):
    """`deliver`: hand over what is sealed."""

    help = (
        "Build the files of every sealed batch that is not in its partner's inbox yet, and deliver it. "
        "With --rebuild, write the files of delivered batches again, e.g. after the storage was lost: "
        "they come out byte for byte as they were."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which batches."""
        parser.add_argument("--campaign", default="", help="only this campaign, by its slug")
        parser.add_argument("--partner", default="", help="only this partner, by its slug")
        parser.add_argument(
            "--rebuild", action="store_true", help="write the files of delivered batches again"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Work through the batches; fails if any of them could not be handed over."""
        batches = Batch.objects.to_deliver()
        if options["rebuild"]:
            batches = Batch.objects.filter(closed_at=None, built_at__isnull=False)
        self.refuse_unknown(options["campaign"], options["partner"])
        if options["campaign"]:
            batches = batches.filter(campaign__slug=options["campaign"])
        if options["partner"]:
            batches = batches.filter(partner__slug=options["partner"])
        act = self.rebuild if options["rebuild"] else self.deliver
        keys = list(batches.order_by("pk").values_list("pk", flat=True))
        console = Console(file=cast("IO[str]", self.stdout), highlight=False, soft_wrap=True)
        quiet = options["verbosity"] == 0
        doing = "Building" if options["rebuild"] else "Delivering"
        failed = 0
        for pk in track(keys, doing, console=console, disable=quiet or not keys):
            batch = Batch.objects.select_related("campaign", "partner").get(pk=pk)
            done = act(batch)
            failed += not done
            if not quiet or not done:
                self.stdout.write(f"{batch.campaign}: {batch}: {'done' if done else 'FAILED'}.")
        if failed:
            raise CommandError(f"{failed} of {len(keys)} batches are not done; the log says why.")
        if not keys and not quiet:
            self.stdout.write("No batch is waiting.")

    def refuse_unknown(self, campaign: str, partner: str) -> None:
        """A mistyped slug must not pass for "nothing to do"."""
        if campaign and not Campaign.objects.filter(slug=campaign).exists():
            raise CommandError(f"There is no campaign with the slug “{campaign}”.")
        if partner and not Partner.objects.filter(slug=partner).exists():
            raise CommandError(f"There is no partner with the slug “{partner}”.")

    def deliver(self, batch: Batch) -> bool:
        """Build the batch under its own job's lease, unless that is done, and deliver it."""
        jobs = Job.objects.filter(key=f"build:{batch.pk}")
        jobs.retry()
        if (job := jobs.filter(finished_at=None).first()) is not None:
            work_on(job.pk, build)
        deliver(by=None, batch=batch)
        batch.refresh_from_db(fields=["state", "closed_at"])
        return batch.state != BatchState.SEALED or batch.closed_at is not None

    def rebuild(self, batch: Batch) -> bool:
        """Write the files again; those that would come out otherwise than they were signed stay as they are."""
        try:
            Building(batch).build()
        except Spoiled as problem:
            log.error("not built again: %s", problem)
            return False
        return True
