"""Draws the diagrams of docs/states.md from the tables of legal moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import import_string

from portal.states import Move

PAGE = Path(settings.BASE_DIR) / "docs" / "states.md"

#: Heading, table of moves, and what the diagram is about.
TABLES = (
    ("Stories", "stories.states.STORY_MOVES"),
    ("Batches", "stories.states.BATCH_MOVES"),
    ("Recalls", "stories.states.RECALL_MOVES"),
    ("Campaigns", "campaigns.states.CAMPAIGN_MOVES"),
    ("Phases", "campaigns.states.PHASE_MOVES"),
    ("Requests to be added to a roster", "campaigns.states.REQUEST_MOVES"),
)


def page() -> str:
    """The whole page, as Markdown with Mermaid diagrams."""
    parts = [
        "# States and legal moves\n\n"
        "Made by `python manage.py draw_states` from the tables that the verbs use; a test fails when "
        "this page and the tables differ.\n"
    ]
    for heading, path in TABLES:
        table: dict[str, Move] = import_string(path)
        lines = [
            f"    {source} --> {move.target}: {verb}"
            for verb, move in table.items()
            for source in sorted(move.sources)
        ]
        parts.append(
            f"## {heading}\n\n```mermaid\nstateDiagram-v2\n" + "\n".join(lines) + "\n```\n"
        )
    return "\n".join(parts)


class Command(BaseCommand):
    """Write docs/states.md."""

    help = "Draws docs/states.md from the tables of legal moves."

    def add_arguments(self, parser: CommandParser) -> None:
        """One switch."""
        parser.add_argument(
            "--check", action="store_true", help="only say whether it is up to date"
        )

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        """Write the page, or fail where it is out of date."""
        if not check:
            PAGE.write_text(page())
        elif not PAGE.exists() or PAGE.read_text() != page():
            self.stderr.write("docs/states.md is out of date: run manage.py draw_states.")
            raise SystemExit(1)
