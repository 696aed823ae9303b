"""Give a campaign another lead: for one whose only lead has left."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns.models import Campaign
from campaigns.verbs.taking_part import add_lead
from portal.errors import Refused, TooLate
from portal.models import User


class Command(BaseCommand):
    """`manage.py add_lead --campaign SLUG --person ADDRESS`: the person is told by e-mail."""

    help = (
        "Let a coordinator of a society that takes part lead a campaign, too. Leads add others on the "
        "campaign's pages; this is for a campaign whose only lead has left."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The campaign's name in addresses, and the person's e-mail address."""
        parser.add_argument("--campaign", required=True, help="as in its address: /lead/SLUG/")
        parser.add_argument("--person", required=True, help="the coordinator's e-mail address")

    def handle(self, *args: Any, **options: Any) -> None:
        """Find both, and call the verb."""
        campaign = Campaign.objects.filter(slug=options["campaign"]).first()
        if campaign is None:
            raise CommandError(f"There is no campaign “{options['campaign']}”.")
        person = User.objects.filter(email__iexact=options["person"]).first()
        if person is None:
            raise CommandError("Nobody has an account under this address.")
        try:
            add_lead(by=None, campaign=campaign, person=person)
        except (Refused, TooLate) as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{person} leads “{campaign}” now, and is told by e-mail.")
