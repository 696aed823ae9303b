"""Bringing a society's roster up to date from a file: the dry run and the import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from campaigns.models import BoundarySet, RosterEntry, Society
from campaigns.rules.roster_files import Rejected, RosterFile, RosterRow, open_roster
from campaigns.rules.text_files import FileProblem
from campaigns.verbs.roster_addresses import Addresses
from campaigns.verbs.roster_plan import Ground, Plan, lay_ground
from portal import audit
from portal.errors import Refused
from portal.models import User

CHUNK = 1000
#: How many lines of each kind the report keeps; the counts are always complete.
LINES_KEPT = 200
KINDS = ("added", "changed", "left", "rejected", "gone", "remarks")
_TRIES = 3


@dataclass
class Report:
    """What a file does to a roster, or would do.

    `counts` by kind: "added", "changed", "left" (as they were), "rejected", "gone" (no longer in a
    complete file) and "remarks". `lines` are {"line", "kind", "words"}, at most 200 of a kind; they name
    fields and reasons, and repeat nothing that the file holds. `line` is the last line that was done,
    `gone_after` the last entry that was looked at for leaving.
    """

    counts: Counter[str] = field(default_factory=Counter)
    lines: list[dict[str, Any]] = field(default_factory=list)
    line: int = 0
    gone_after: int | None = None

    def note(self, kind: str, line: int, words: str) -> None:
        """Count one line and keep it while there is room."""
        self.counts[kind] += 1
        if self.counts[kind] <= LINES_KEPT:
            self.lines.append({"line": line, "kind": kind, "words": words})

    @property
    def read(self) -> int:
        """How many lines have been done."""
        return sum(self.counts[kind] for kind in ("added", "changed", "left", "rejected"))


Mark = Callable[[Report], None]


def check_roster(
    *,
    society: Society,
    file: IO[bytes],
    header_map: Mapping[str, str] | None = None,
    complete: bool = False,
) -> Iterator[Report]:
    """The dry run: yields the growing report after each chunk and at the end; writes nothing.

    Raises FileProblem where the file cannot be read, Refused where no map of ZIPs is loaded.
    """
    walk = _Walk(society, open_roster(file, header_map), Report())
    for rows in walk.chunks():
        walk.note(Plan(walk.ground, rows, walk.addresses))
        yield walk.report
    if complete:
        yield walk.report  # The rejected lines stay told where nobody may be taken off.
        for entries in walk.gone():
            walk.note_gone(entries)
    yield walk.report


def import_roster(
    *,
    by: User | None,
    society: Society,
    file: IO[bytes],
    header_map: Mapping[str, str] | None = None,
    complete: bool = False,
    resume: Report | None = None,
    mark: Mark | None = None,
) -> Iterator[Report]:
    """Import a roster, a thousand lines a transaction; yields the growing report after each.

    Importing a file again changes nothing. Whoever is missing from the file leaves only if it is
    `complete`. `mark` is called with the report inside each chunk's transaction; given back as
    `resume`, the import goes on from there. Raises as `check_roster` does.
    """
    walk = _Walk(society, open_roster(file, header_map), resume or Report())
    for rows in walk.chunks():
        with transaction.atomic():
            walk.note(_written(walk.ground, rows, walk.addresses))
            if mark:
                mark(walk.report)
        yield walk.report
    for entries in walk.gone() if complete else ():
        with transaction.atomic():
            left = [entry.pk for entry in entries]
            RosterEntry.objects.filter(pk__in=left).update(left_at=timezone.now())
            walk.note_gone(entries)
            if mark:
                mark(walk.report)
        yield walk.report
    with transaction.atomic():
        counts = {kind: walk.report.counts[kind] for kind in KINDS}
        audit.record(by, "import_roster", society, **counts)
    yield walk.report


def _written(ground: Ground, rows: Sequence[RosterRow], addresses: Addresses) -> Plan:
    """Plan and write one chunk; anew where another import has just made the same person."""
    for _ in range(_TRIES - 1):
        try:
            with transaction.atomic():
                return _planned_and_written(ground, rows, addresses)
        except IntegrityError:
            continue
    return _planned_and_written(ground, rows, addresses)


def _planned_and_written(ground: Ground, rows: Sequence[RosterRow], addresses: Addresses) -> Plan:
    plan = Plan(ground, rows, addresses, hold=True)
    plan.write()
    return plan


class _Walk:
    """One run over a file: its good lines in chunks, its bad ones noted, then who is missing from it."""

    def __init__(self, society: Society, file: RosterFile, report: Report) -> None:
        boundaries = BoundarySet.objects.filter(is_current=True).first()
        if boundaries is None:
            raise Refused(
                "No map of ZIP codes is loaded yet: an operator must run load_places first."
            )
        self.ground = lay_ground(society, boundaries)
        self.file = file
        self.report = report
        self.addresses = Addresses()

    def chunks(self) -> Iterator[list[RosterRow]]:
        """The lines to take, a thousand at a time; those that `report` has done already are passed over.

        FileProblem where the file has none at all.
        """
        done, empty = self.report.line, True
        rows: list[RosterRow] = []
        for row in self.file.rows:
            empty = False
            fresh = self._fresh(row)
            if row.line <= done:
                continue
            if isinstance(fresh, Rejected):
                self.report.note("rejected", fresh.line, fresh.reason)
            else:
                rows.append(fresh)
            if len(rows) == CHUNK:
                self.report.line = row.line
                yield rows
                rows = []
        if empty:
            raise FileProblem("There is no line below the names of the columns.")
        if rows:
            self.report.line = rows[-1].line
            yield rows

    def _fresh(self, row: RosterRow | Rejected) -> RosterRow | Rejected:
        """The line; rejected where an earlier one has its address."""
        if isinstance(row, Rejected):
            return row
        earlier = self.addresses.add(row.email, row.line)
        if earlier is None:
            return row
        return Rejected(row.line, f"has the same e-mail address as line {earlier}")

    def gone(self) -> Iterator[list[RosterEntry]]:
        """Entries whose address the whole file did not show, a chunk at a time.

        FileProblem where it showed none: an export that went wrong empties no roster.
        """
        if not self.addresses:
            raise FileProblem(
                "No line of this file can be imported, so it is not the complete roster. "
                "Nobody is taken off."
            )
        entries = RosterEntry.objects.filter(society=self.ground.society, left_at=None).order_by(
            "pk"
        )
        while chunk := list(entries.filter(pk__gt=self.report.gone_after or 0)[:CHUNK]):
            self.report.gone_after = chunk[-1].pk
            missing = set(self.addresses.missing([entry.email for entry in chunk]))
            if missing:
                yield [entry for entry in chunk if entry.email in missing]

    def note(self, plan: Plan) -> None:
        """Put what became of each line into the report."""
        for outcome in plan.outcomes:
            self.report.note(outcome.kind, outcome.line, ", ".join(outcome.touched))
            for remark in outcome.remarks:
                self.report.note("remarks", outcome.line, remark)

    def note_gone(self, entries: Sequence[RosterEntry]) -> None:
        """Count who leaves. No line tells of them, so that the report names nobody."""
        self.report.counts["gone"] += len(entries)
