"""Make the demonstration, and say who to sign in as."""

from __future__ import annotations

from itertools import chain
from typing import IO, Any, cast

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from campaigns.models import BoundarySet, Campaign, Institution, Member, Partner, Society
from portal.links import absolute
from portal.models import User
from stories.demo import material, stage
from stories.demo.setting_up import PASSWORD
from stories.demo.signins import SignIn, sign_ins, write_cast
from stories.models import Story


class Command(BaseCommand):
    """`demo`: fills an empty database, once."""

    help = (
        "Fill an empty database with the demonstration: a campaign after some months, with members, "
        "stories in every state, batches and recalls. Works only where DEMO is on. Running it again "
        "changes nothing and prints the sign-ins again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it where it is not there yet; then say who is who."""
        if not settings.DEMO:
            raise CommandError(
                "DEMO is off, so nothing was done. The demonstration signs anyone in and shows "
                "everybody's mail; to try it on this machine: DEMO=1 python manage.py demo, or make run."
            )
        self.console = Console(
            file=cast("IO[str]", self.stdout), highlight=False, quiet=options["verbosity"] == 0
        )
        campaign = Campaign.objects.filter(name=material.campaign()["name"]).first()
        if campaign is None:
            refuse_foreign_ground()
            self.load_places()
            self.make()
            campaign = Campaign.objects.get(name=material.campaign()["name"])
        else:
            self.console.print("The demonstration is here already; nothing was changed.")
        people = sign_ins(campaign)
        write_cast(people)
        self.tell(campaign, people)

    def load_places(self) -> None:
        """Load the map and the institutions where they are missing."""
        if not (
            BoundarySet.objects.filter(is_current=True).exists() and Institution.objects.exists()
        ):
            call_command("load_places", stdout=self.stdout, verbosity=0)

    def make(self) -> None:
        """Play all scenes, with a progress bar."""
        steps = stage.perform(timezone.now())
        left = next(steps)
        columns = (
            TextColumn("Making the demonstration"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.console, transient=True) as progress:
            bar = progress.add_task("", total=left + 1)
            for remaining in chain([left], steps):
                progress.update(bar, completed=left + 1 - remaining)

    def tell(self, campaign: Campaign, people: list[SignIn]) -> None:
        """Print one sign-in a role, and where the rest is."""
        stories = Story.objects.filter(campaign=campaign).count()
        members = Member.objects.exclude(entries=None).distinct().count()
        self.console.print(
            f"\n“{campaign.name}”: {members} members, {stories} stories. All fiction.",
            soft_wrap=True,
        )
        for person in people:
            if person.printed:
                self.console.print(f"\n{person.email}", style="bold", soft_wrap=True)
                self.console.print(
                    f"  {person.name}, {person.role}. {person.tries}", soft_wrap=True
                )
        self.console.print(f"\nEverybody's password: {PASSWORD}")
        self.console.print(
            f"All {len(people)} people at one click, and everybody's mail: "
            f"{absolute(reverse('demo'))}",
            soft_wrap=True,
        )


def refuse_foreign_ground() -> None:
    """CommandError where somebody's own data is in the database."""
    if any(model.objects.exists() for model in (User, Society, Partner, Member, Campaign)):
        raise CommandError(
            "This database holds people or campaigns that are not the demonstration's, so nothing was "
            "done. The demonstration needs an empty database: set VAR_DIR to an empty folder."
        )
