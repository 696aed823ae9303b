"""Load the map of ZIPs, states and districts, and the institutions."""

from __future__ import annotations

import csv
import gzip
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import track

from campaigns.models import BoundarySet, Place
from campaigns.rules.boundary_files import BoundaryFileProblem, read_boundaries
from campaigns.rules.usa import DATA
from campaigns.verbs.boundaries import load_boundaries, load_institutions, rematch_places
from portal.errors import Refused

SHIPPED = {
    "name": "119th Congress (2025-2027)",
    "source": "US Census Bureau, ZIP Code Tabulation Areas by congressional district; "
    "PO-box, unique and military ZIPs and cities: zipcodes package with GeoNames data",
    "licence": "US Government work; BSD; GeoNames CC BY 4.0",
}
SHIPPED_FILE = DATA / "boundaries_119th_congress.csv.gz"
INSTITUTIONS_FILE = DATA / "institutions.csv.gz"


class Command(BaseCommand):
    """`load_places`: the shipped edition where none is loaded, or a new one from a file."""

    help = (
        "Load the shipped boundary set and institutions where they are not loaded yet; with "
        "--boundaries, load a new edition of the map and match members' places to it. May be run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Arguments of a replacement edition."""
        parser.add_argument(
            "--boundaries", type=Path, help="CSV (or .csv.gz): zip,state,district and perhaps city"
        )
        parser.add_argument("--name", help='the edition, e.g. "120th Congress (2027-2029)"')
        parser.add_argument("--source", help="who published it, and where")
        parser.add_argument("--licence", help="what allows you to use it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load what is missing, then match what was matched with an older map."""
        self.console = Console(file=cast("IO[str]", self.stdout), highlight=False, soft_wrap=True)
        self.quiet = options["verbosity"] == 0
        try:
            if options["boundaries"]:
                self.load_edition(options)
            elif not BoundarySet.objects.exists():
                self.load(SHIPPED_FILE, **SHIPPED)
            self.load_institutions()
            self.rematch()
        except (BoundaryFileProblem, Refused, OSError, UnicodeDecodeError) as problem:
            raise CommandError(f"{problem} Nothing was changed.") from problem

    def load_edition(self, options: dict[str, Any]) -> None:
        """Load the edition that the arguments describe."""
        if missing := [name for name in SHIPPED if not options[name]]:
            raise CommandError("Say also: " + ", ".join(f"--{name}" for name in missing) + ".")
        self.load(options["boundaries"], **{name: options[name] for name in SHIPPED})

    def load(self, file: Path, *, name: str, source: str, licence: str) -> None:
        """Load one file; its rows are counted with a progress bar where somebody looks on."""
        rows = track(
            read_boundaries(_lines(file)),
            description="Reading ZIPs",
            console=self.console,
            total=None,
            disable=self.quiet,
        )
        load_boundaries(by=None, name=name, source=source, licence=licence, rows=rows)
        self.say(f"Loaded the boundary set “{name}”; it is the current one.")

    def load_institutions(self) -> None:
        """Bring the institutions up to date."""
        if written := load_institutions(by=None, rows=csv.DictReader(_lines(INSTITUTIONS_FILE))):
            self.say(f"Loaded {written:,} institutions.")

    def rematch(self) -> None:
        """Match places that an older map had matched."""
        waiting = Place.objects.exclude(zip="").exclude(boundaries__is_current=True).count()
        if not waiting:
            return
        places = opened = 0
        for done, newly_open in track(
            rematch_places(by=None),
            description="Matching members' places",
            console=self.console,
            total=-(-waiting // 2000),
            disable=self.quiet,
        ):
            places += done
            opened += newly_open
        self.say(
            f"Matched {places:,} places anew; for {opened:,} of them the member must choose again."
        )

    def say(self, words: str) -> None:
        """One line of the report."""
        if not self.quiet:
            self.console.print(words)


def _lines(file: Path) -> Iterator[str]:
    """The lines of a CSV in UTF-8, compressed or not."""
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rt", encoding="utf-8-sig", newline="") as lines:
        yield from lines
