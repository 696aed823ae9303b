"""Bring a society's roster up to date from a CSV file."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from campaigns.models import Society
from campaigns.rules.roster_columns import FIELDS, field_named
from campaigns.rules.roster_files import RosterFile, open_roster
from campaigns.rules.text_files import FileProblem
from campaigns.verbs.rosters import LINES_KEPT, Report, check_roster, import_roster
from portal.errors import Refused

WORDS = {
    "added": ("added", "would be added"),
    "changed": ("changed", "would be changed"),
    "left": ("left as they were", "would be left as they are"),
    "gone": ("left the roster", "would leave the roster"),
    "rejected": ("rejected", "rejected"),
}


class Command(BaseCommand):
    """`import_roster FILE --society SLUG`."""

    help = (
        "Import a society's roster: a CSV with a header, its columns in any order. Importing the same file "
        "again changes nothing. --dry-run tells line by line what would happen, and writes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Arguments of one import."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--society", required=True, metavar="SLUG")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
        parser.add_argument(
            "--complete",
            action="store_true",
            help="the file is the whole roster: whoever is missing from it has left",
        )
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help='which column a field is read from, e.g. --map "Email=Correo"; fields: '
            + ", ".join(FIELDS.values()),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run over the file and print the report; CommandError where something is wrong with it."""
        self.console = Console(file=cast("IO[str]", self.stdout), highlight=False, soft_wrap=True)
        society = Society.objects.filter(slug=options["society"]).first()
        if society is None:
            raise CommandError(f"There is no society with the slug {options['society']!r}.")
        header_map = _header_map(options["map"])
        try:
            with options["file"].open("rb") as file:
                self.tell_columns(open_roster(file, header_map))
                report = self.run(society, file, header_map, options)
        except OSError as problem:
            raise CommandError(f"The file cannot be opened: {problem.strerror}.") from problem
        except (FileProblem, Refused) as problem:
            raise CommandError(
                f"{problem} Lines before it may have been imported; importing them again is harmless."
            ) from problem
        self.tell(report, dry=options["dry_run"])

    def run(
        self, society: Society, file: IO[bytes], header_map: dict[str, str], options: dict[str, Any]
    ) -> Report:
        """The dry run or the import, with a bar that goes by the bytes read."""
        asked: dict[str, Any] = {
            "society": society,
            "file": file,
            "header_map": header_map,
            "complete": options["complete"],
        }
        steps: Iterator[Report] = (
            check_roster(**asked) if options["dry_run"] else import_roster(by=None, **asked)
        )
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[read]:,} lines"),
            TimeRemainingColumn(),
        )
        report = Report()
        with Progress(*columns, console=self.console, disable=not options["verbosity"]) as progress:
            size = max(options["file"].stat().st_size, 1)
            task = progress.add_task("Reading", total=size, read=0)
            for report in steps:
                progress.update(task, completed=file.tell(), read=report.read)
            progress.update(task, completed=size, read=report.read)
        return report

    def tell_columns(self, roster: RosterFile) -> None:
        """How the file was understood, before anything is done with it."""
        table, columns = roster.table, roster.columns
        mark = "tab" if table.delimiter == "\t" else table.delimiter
        self.console.print(f"Encoding {table.encoding}, columns separated by {mark}")
        for name, header in columns.chosen.items():
            self.console.print(f"  {FIELDS[name]:<18} from “{header}”", markup=False)
        if columns.unused:
            self.console.print(
                f"  Not used and not stored: {', '.join(columns.unused)}", markup=False
            )

    def tell(self, report: Report, *, dry: bool) -> None:
        """The report: lines with a reason, then the counts."""
        shown = ("rejected", "remarks", "changed", "added") if dry else ("rejected", "remarks")
        for line in report.lines:
            if line["kind"] in shown:
                words = f": {line['words']}" if line["words"] else ""
                kind = "remark" if line["kind"] == "remarks" else line["kind"]
                self.console.print(f"line {line['line']} {kind}{words}", markup=False)
        if any(report.counts[kind] > LINES_KEPT for kind in shown):
            self.console.print(f"(the first {LINES_KEPT} lines of each kind)")
        for kind, (done, would) in WORDS.items():
            self.console.print(f"{report.counts[kind]:>9,} {would if dry else done}")


def _header_map(pairs: list[str]) -> dict[str, str]:
    """The --map arguments as field -> header."""
    chosen: dict[str, str] = {}
    for pair in pairs:
        name, equals, header = pair.partition("=")
        known = field_named(name)
        if not equals or known is None:
            fields = ", ".join(FIELDS.values())
            raise CommandError(f"--map takes FIELD=COLUMN, where FIELD is one of: {fields}.")
        chosen[known] = header.strip()
    return chosen
