"""A roster file that a coordinator brings through the page: checked, corrected, confirmed, imported."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import IO, Any

from django.core.files import File
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from campaigns.models import RosterImport, Society
from campaigns.rules.roster_files import ColumnProblem, open_roster
from campaigns.rules.text_files import FileProblem
from campaigns.verbs.invitations import look_again
from campaigns.verbs.rosters import KINDS, Report, check_roster, import_roster
from portal import audit, outbox
from portal.errors import Refused, TooLate
from portal.links import absolute
from portal.models import Job, User
from portal.work import advance

#: A file of at most so many bytes is checked while the coordinator waits; it takes about a second.
CHECKED_AT_ONCE = 256 * 1024
#: An upload that nobody confirms is deleted after this time.
KEPT = dt.timedelta(hours=24)


def receive_roster(*, by: User, society: Society, file: IO[bytes], size: int) -> RosterImport:
    """Take a file in and check it, at once if it is small and by a job if not.

    Refused where it is no table. Columns that cannot be told apart are no reason to refuse: the
    coordinator then says which is which.
    """
    try:
        open_roster(file)
    except ColumnProblem:
        pass
    except FileProblem as problem:
        raise Refused(str(problem), field="file") from problem
    file.seek(0)
    kept = RosterImport(society=society, by=by)
    # The name that the file had on the coordinator's machine may tell of people: it is not kept.
    kept.file.save(f"{uuid.uuid4().hex}.csv", File(file), save=False)
    try:
        with transaction.atomic():
            kept.save()
            audit.record(by, "receive_roster", kept, society=society.pk, bytes=size)
            _start_check(kept, by)
    except Exception:
        kept.file.delete(save=False)
        raise
    check_now_if_small(kept)
    return kept


def correct_columns(
    *, by: User, roster_import: RosterImport, header_map: Mapping[str, str], complete: bool
) -> None:
    """Say which column is which and whether the file is the whole roster, and check again."""
    with transaction.atomic():
        won = RosterImport.objects.filter(pk=roster_import.pk, confirmed_at=None).update(
            header_map=dict(header_map),
            complete=complete,
            checked_at=None,
            problem="",
            counts={},
            report=[],
        )
        if not won:
            raise TooLate(
                "This roster was confirmed already; its columns cannot be changed any more."
            )
        roster_import.refresh_from_db()
        audit.record(by, "correct_columns", roster_import, complete=complete)
        _start_check(roster_import, by)
    check_now_if_small(roster_import)


def confirm_import(*, by: User, roster_import: RosterImport) -> None:
    """Import what the dry run has shown. TooLate where somebody has confirmed it already."""
    with transaction.atomic():
        won = (
            RosterImport.objects.filter(pk=roster_import.pk, confirmed_at=None, problem="")
            .exclude(checked_at=None)
            .update(confirmed_at=timezone.now())
        )
        if not won:
            raise TooLate("This roster was confirmed already, or it is still being checked.")
        audit.record(by, "confirm_import", roster_import)
        outbox.start(
            "campaigns.import_roster",
            by=by,
            key=f"import-roster-{roster_import.pk}",
            total=roster_import.counts.get("read"),
            roster_import=roster_import.pk,
        )


def discard_import(*, by: User, roster_import: RosterImport) -> None:
    """Forget an upload that was not confirmed, its file first."""
    with transaction.atomic():
        fresh = RosterImport.objects.select_for_update().get(pk=roster_import.pk)
        if fresh.confirmed_at is not None:
            raise TooLate("This roster was confirmed already; it can no longer be discarded.")
        audit.record(by, "discard_import", fresh, society=fresh.society_id)
        fresh.delete()
    roster_import.file.delete(save=False)


def work_of(roster_import: RosterImport) -> Job | None:
    """The background job that an import waits for: its last check, or the import itself."""
    if roster_import.confirmed_at:
        return Job.objects.filter(key=f"import-roster-{roster_import.pk}").first()
    checks = Job.objects.filter(key__startswith=f"check-roster-{roster_import.pk}-")
    return checks.order_by("-pk").first()


def check_now_if_small(roster_import: RosterImport) -> None:
    """Check a small file here; its job then finds nothing left to do."""
    if roster_import.file.size <= CHECKED_AT_ONCE:
        _check(roster_import, None)
        roster_import.refresh_from_db()


def check_job(job: Job) -> None:
    """The task of a dry run. It writes nothing but the report, so it starts afresh if it was cut off."""
    roster_import = RosterImport.objects.filter(pk=job.arguments["roster_import"]).first()
    if roster_import and not roster_import.checked_at and not roster_import.confirmed_at:
        _check(roster_import, job)


def import_job(job: Job) -> None:
    """The task of an import: goes on from the last chunk that was committed, then deletes the file."""
    roster_import = RosterImport.objects.select_related("society", "by").get(
        pk=job.arguments["roster_import"]
    )
    if roster_import.imported_at:
        _delete_file(roster_import)
        return
    report = _from_json(job.cursor)
    done = report.read

    def mark(report: Report) -> None:
        nonlocal done
        advance(job, cursor=_as_json(report), done=report.read - done)
        done = report.read

    problem = ""
    try:
        with roster_import.file.open("rb") as file:
            steps = import_roster(
                by=roster_import.by,
                society=roster_import.society,
                file=file.file,
                header_map=roster_import.header_map,
                complete=roster_import.complete,
                resume=report,
                mark=mark,
            )
            for step in steps:
                report = step
    except FileProblem as trouble:
        problem = str(trouble)
    _finish(roster_import, report, problem)
    _delete_file(roster_import)


def forget_uploads() -> int:
    """Delete files that nobody confirmed within a day; returns how many."""
    old = RosterImport.objects.filter(confirmed_at=None, created_at__lt=timezone.now() - KEPT)
    forgotten = 0
    for roster_import in old.exclude(file="").order_by("pk")[:500]:
        with transaction.atomic():
            RosterImport.objects.filter(pk=roster_import.pk).update(
                problem="Nobody confirmed this upload within a day, so its file was deleted."
            )
        _delete_file(roster_import)
        forgotten += 1
    return forgotten


def _start_check(roster_import: RosterImport, by: User) -> None:
    outbox.start(
        "campaigns.check_roster",
        by=by,
        key=f"check-roster-{roster_import.pk}-{uuid.uuid4().hex[:12]}",
        roster_import=roster_import.pk,
    )


def _check(roster_import: RosterImport, job: Job | None) -> None:
    """Run the dry run and keep its report."""
    report, problem, done = Report(), "", 0
    try:
        with roster_import.file.open("rb") as file:
            for report in check_roster(
                society=roster_import.society,
                file=file.file,
                header_map=roster_import.header_map,
                complete=roster_import.complete,
            ):
                if job is not None:
                    advance(job, cursor={}, done=report.read - done)
                    done = report.read
    except (FileProblem, Refused) as trouble:
        problem = str(trouble)
    RosterImport.objects.filter(pk=roster_import.pk, confirmed_at=None).update(
        checked_at=timezone.now(),
        problem=problem[:300],
        counts=_counts(report),
        report=report.lines,
    )


def _finish(roster_import: RosterImport, report: Report, problem: str) -> None:
    """Keep the result, tell the coordinator, and look for members who may be invited now."""
    society = roster_import.society
    with transaction.atomic():
        RosterImport.objects.filter(pk=roster_import.pk).update(
            imported_at=timezone.now(),
            problem=problem[:300],
            counts=_counts(report),
            report=report.lines,
        )
        page = reverse("campaigns:roster_import", args=[society.slug, roster_import.pk])
        context = {"society": society.name, "problem": problem, "url": absolute(page)}
        outbox.tell(
            roster_import.by,
            "roster_imported",
            context | _counts(report),
            key=f"roster_imported:{roster_import.pk}",
        )
    for campaign in society.campaigns.running():
        look_again(campaign=campaign)


def _delete_file(roster_import: RosterImport) -> None:
    if roster_import.file:
        roster_import.file.delete(save=False)
        RosterImport.objects.filter(pk=roster_import.pk).update(file="")


def _counts(report: Report) -> dict[str, int]:
    return {kind: report.counts[kind] for kind in KINDS} | {"read": report.read}


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "counts": dict(report.counts),
        "lines": report.lines,
        "line": report.line,
        "gone_after": report.gone_after,
    }


def _from_json(cursor: Mapping[str, Any]) -> Report:
    report = Report()
    report.counts.update(cursor.get("counts", {}))
    report.lines = list(cursor.get("lines", []))
    report.line = cursor.get("line", 0)
    report.gone_after = cursor.get("gone_after")
    return report
