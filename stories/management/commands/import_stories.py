"""Bring the stories of a survey in; they wait for their authors."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from campaigns.models import Campaign, Prompt, Society
from campaigns.rules.text_files import FileProblem
from portal.errors import Refused
from stories.rules.survey_columns import Targets, find_targets, read_row
from stories.rules.survey_files import LAYOUTS, Survey, open_survey
from stories.verbs.importing import LINES_KEPT, Report, import_stories


class Command(BaseCommand):
    """`import_stories FILE --campaign SLUG --society SLUG`."""

    help = (
        "Import the stories of a survey (SurveyMonkey, Google Forms, Qualtrics or a plain CSV). They "
        "have no consent and wait until their authors have signed in and agreed. Importing the same file "
        "again changes nothing. --dry-run says what would happen, and writes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Arguments of one import."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--campaign", required=True, metavar="SLUG")
        parser.add_argument("--society", required=True, metavar="SLUG")
        parser.add_argument("--layout", choices=sorted(LAYOUTS), default="", help="default: seen")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="COLUMN=TARGET",
            help="what a column becomes: hook, email, zip, prompt:ID, prompt:LABEL or ignore; or the "
            "name of a JSON file that says so for several columns",
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
        parser.add_argument("--quiet", action="store_true", help="tell no author by mail")
        parser.add_argument(
            "--without-addresses",
            action="store_true",
            help="keep the rows of a file without e-mail addresses, although nobody can take them up",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run over the file and print the report; CommandError where something is wrong with it."""
        self.console = Console(file=cast("IO[str]", self.stdout), highlight=False, soft_wrap=True)
        campaign = Campaign.objects.filter(slug=options["campaign"]).first()
        society = Society.objects.filter(slug=options["society"]).first()
        if campaign is None:
            raise CommandError(f"There is no campaign with the slug {options['campaign']!r}.")
        if society is None:
            raise CommandError(f"There is no society with the slug {options['society']!r}.")
        try:
            with options["file"].open("rb") as file:
                report = self.run(file, campaign, society, options)
        except OSError as problem:
            raise CommandError(f"The file cannot be opened: {problem.strerror}.") from problem
        except (FileProblem, Refused, ValueError) as problem:
            raise CommandError(
                f"{problem} Rows before it may have been imported; importing them again is harmless."
            ) from problem
        self.tell(report, dry=options["dry_run"])
        if report.read and report.rejected == report.read:
            raise CommandError("Every row was rejected.")

    def run(
        self, file: IO[bytes], campaign: Campaign, society: Society, options: dict[str, Any]
    ) -> Report:
        """The import, or its dry run, with a bar that goes by the bytes read."""
        prompts = list(campaign.prompts.filter(retired_at=None))
        survey = open_survey(file, options["layout"])
        targets = find_targets(survey, prompts, column_map(options["map"]))
        if targets.email is None and not options["without_addresses"]:
            raise FileProblem(
                "No column holds e-mail addresses, so no author could be found. Name one with "
                '--map "COLUMN=email", or take the file with --without-addresses.'
            )
        if targets.hook is None and not targets.prompts:
            raise FileProblem("No column answers a prompt. Say which does with --map.")
        self.tell_columns(survey, targets, prompts)
        by_id = {prompt.pk: prompt for prompt in prompts}
        steps = import_stories(
            by=None,
            campaign=campaign,
            society=society,
            rows=(read_row(record, survey, targets, by_id) for record in survey.records),
            dry=options["dry_run"],
            quiet=options["quiet"],
        )
        bar = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[read]:,} rows"),
            TimeRemainingColumn(),
        )
        report = Report()
        with Progress(*bar, console=self.console, disable=not options["verbosity"]) as progress:
            size = max(options["file"].stat().st_size, 1)
            task = progress.add_task("Reading", total=size, read=0)
            for report in steps:
                progress.update(task, completed=file.tell(), read=report.read)
            progress.update(task, completed=size, read=report.read)
        return report

    def tell_columns(self, survey: Survey, targets: Targets, prompts: list[Prompt]) -> None:
        """How the file was understood, before anything is done with it."""
        self.console.print(f"{LAYOUTS[survey.layout]}, encoding {survey.encoding}", markup=False)
        named = {"email": targets.email, "hook": targets.hook, "zip": targets.zip}
        lines = [(name, column.header) for name, column in named.items() if column]
        labels = {prompt.pk: prompt.label for prompt in prompts}
        lines += [
            (f"prompt {pk} “{labels[pk]}”", column.header)
            for pk, columns in targets.prompts.items()
            for column in columns
        ]
        for target, header in lines:
            self.console.print(f"  “{header}” becomes {target}", markup=False)
        gone = [column.header for column in survey.columns if column.is_whereabouts]
        kept = [column.header for column in targets.unused if not column.is_whereabouts]
        if kept:
            self.console.print(f"  Only kept with the row: {', '.join(kept)}", markup=False)
        if gone:
            self.console.print(f"  Not stored at all: {', '.join(gone)}", markup=False)

    def tell(self, report: Report, *, dry: bool) -> None:
        """The report: rejected lines with their reasons, then the counts."""
        for line, reason in report.lines:
            self.console.print(f"line {line} rejected: {reason}", markup=False)
        if report.rejected > LINES_KEPT:
            self.console.print(f"(the first {LINES_KEPT} rejected lines)")
        counts = [
            (report.added, "would be added" if dry else "added"),
            (report.known, "known already, nothing changed"),
            (report.rejected, "rejected"),
            (report.long_hooks, "with a first line that its author is asked to shorten"),
            (report.unlisted, "with an address that is not on the society's roster"),
        ]
        if not dry:
            counts.append((report.told, "authors told by mail"))
        for count, words in counts:
            self.console.print(f"{count:>9,} {words}")


def column_map(given: list[str]) -> dict[str, str]:
    """The --map arguments as column -> target. A column's name may itself contain "="."""
    chosen: dict[str, str] = {}
    for part in given:
        if part.endswith(".json") and Path(part).is_file():
            chosen |= map_file(Path(part))
            continue
        column, equals, target = part.rpartition("=")
        if not equals:
            raise CommandError(f"--map takes COLUMN=TARGET or a JSON file, not {part!r}.")
        chosen[column.strip()] = target.strip()
    return chosen


def map_file(path: Path) -> dict[str, str]:
    """A column map from a JSON file: one object of column -> target."""
    try:
        loaded = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as problem:
        raise CommandError(f"{path.name} is no JSON: {problem}") from problem
    if not isinstance(loaded, dict) or not all(isinstance(v, str) for v in loaded.values()):
        raise CommandError(f"{path.name} must hold one object of column names and targets.")
    return loaded
