"""The coordinator's roster: its list, and bringing it up to date from a file."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from campaigns.forms.names import Names
from campaigns.forms.rosters import ColumnsForm, RosterFilter, UploadForm
from campaigns.models import Place, PlaceKind, RosterEntry, RosterImport, Society, places_of
from campaigns.rules.roster_columns import FIELDS, guess_columns
from campaigns.rules.text_files import FileProblem, open_table
from campaigns.verbs.roster_imports import (
    confirm_import,
    correct_columns,
    discard_import,
    receive_roster,
    work_of,
)
from campaigns.verbs.rosters import KINDS, LINES_KEPT
from portal.access import fetch, person, rows
from portal.errors import Refused, TooLate
from portal.paging import page
from portal.tallies import tally_of

SHOWN = 20
#: A roster's members are counted up to here: few have more, and a society knows its own number.
MOST_COUNTED = 10_000


@require_safe
def rosters(request: HttpRequest) -> HttpResponse:
    """The rosters of a coordinator's societies; with one society, straight to it."""
    own = list(rows(request, Society).order_by("name")[:50])
    if len(own) == 1:
        return redirect("campaigns:roster", own[0].slug)
    return render(request, "campaigns/rosters/rosters.html", {"societies": own})


@require_safe
def roster(request: HttpRequest, slug: str) -> HttpResponse:
    """Who is on a society's roster."""
    society = fetch(request, Society, slug=slug)
    form = RosterFilter(request.GET)
    asked = form.asked
    entries = RosterEntry.objects.filter(society=society).standing(asked["show"])
    if asked["state"]:
        entries = entries.in_state(asked["state"])
    names = Names(asked["q"], society)
    shown = page(request, entries.for_list(), ("-id",), search=names if names else None)
    context = {
        "society": society,
        "form": RosterFilter(initial=asked),
        "page": shown,
        "lines": [_line(entry) for entry in shown.rows],
        "narrowed": bool(asked["q"] or asked["state"] or asked["show"] != "here"),
        "members": tally_of(RosterEntry.objects.filter(society=society).here(), MOST_COUNTED).of(
            "member"
        ),
        "last_import": RosterImport.objects.filter(society=society)
        .exclude(imported_at=None)
        .order_by("-imported_at")
        .first(),
    }
    return render(request, "campaigns/rosters/roster.html", context)


@require_safe
def upload(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose a file."""
    society = fetch(request, Society, slug=slug)
    return _upload_page(request, society, UploadForm())


@require_POST
def send_roster(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the file in; the dry run's page comes next."""
    society = fetch(request, Society, slug=slug)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _upload_page(request, society, form, status=400)
    file = form.cleaned_data["file"]
    try:
        kept = receive_roster(by=person(request), society=society, file=file.file, size=file.size)
    except Refused as refusal:
        form.add_error(refusal.field, str(refusal))
        return _upload_page(request, society, form, status=400)
    return redirect("campaigns:roster_import", society.slug, kept.pk)


@require_safe
def roster_import(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One upload: being checked, the dry run's report, being imported, or done."""
    kept = fetch(request, RosterImport, pk=pk, society__slug=slug)
    job = work_of(kept) if _waits(kept) else None
    if request.htmx and job is not None and not job.failed_at:  # type: ignore[attr-defined]
        return render(request, "campaigns/rosters/waiting.html", {"kept": kept, "job": job})
    answer = _import_page(request, kept, job=job)
    if request.htmx:  # type: ignore[attr-defined]
        # What was waited for is there: the whole page, not a part of it.
        answer = HttpResponse(status=204)
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
def set_columns(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Say which column is which, and check again."""
    kept = fetch(request, RosterImport, pk=pk, society__slug=slug)
    if kept.confirmed_at:
        raise TooLate("This roster was confirmed already; its columns cannot be changed any more.")
    form = _columns_form(kept, request.POST)
    if form is None or not form.is_valid():
        return _import_page(request, kept, form=form, status=400)
    correct_columns(
        by=person(request),
        roster_import=kept,
        header_map=form.header_map,
        complete=form.cleaned_data["complete"],
    )
    messages.success(request, "Checked again with these columns. Nothing has been imported yet.")
    return redirect("campaigns:roster_import", slug, pk)


@require_POST
def confirm_roster(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Import what the dry run has shown."""
    kept = fetch(request, RosterImport, pk=pk, society__slug=slug)
    confirm_import(by=person(request), roster_import=kept)
    messages.success(request, "The import has begun. You will get an e-mail when it is done.")
    return redirect("campaigns:roster_import", slug, pk)


@require_POST
def discard_roster(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Forget the upload."""
    kept = fetch(request, RosterImport, pk=pk, society__slug=slug)
    discard_import(by=person(request), roster_import=kept)
    messages.success(request, "The file is deleted, and the roster is as it was.")
    return redirect("campaigns:roster", slug)


@require_safe
def roster_lines(request: HttpRequest, slug: str, pk: int, kind: str) -> HttpResponse:
    """The first lines of one kind, as CSV. They hold line numbers and reasons, no member's data."""
    kept = fetch(request, RosterImport, pk=pk, society__slug=slug)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["line", "what", "why"])
    writer.writerows([row["line"], row["kind"], row["words"]] for row in _lines(kept, kind))
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="roster-{pk}-{kind}.csv"'
    return response


def _line(entry: RosterEntry) -> tuple[RosterEntry, Place | None, Place | None]:
    """An entry with the member's home and workplace."""
    places = places_of(entry.member)
    return entry, places.get(PlaceKind.HOME), places.get(PlaceKind.WORK)


def _lines(kept: RosterImport, kind: str) -> list[dict[str, Any]]:
    return [row for row in kept.report if row["kind"] == kind]


def _waits(kept: RosterImport) -> bool:
    return not kept.checked_at or bool(kept.confirmed_at and not kept.imported_at)


def _upload_page(
    request: HttpRequest, society: Society, form: UploadForm, status: int = 200
) -> HttpResponse:
    context = {"society": society, "form": form, "fields": FIELDS.values()}
    return render(request, "campaigns/rosters/upload.html", context, status=status)


def _columns_form(kept: RosterImport, data: Any = None) -> ColumnsForm | None:
    """The columns of the stored file to choose from; None where the file is gone or unreadable."""
    if not kept.file or kept.confirmed_at:
        return None
    try:
        with kept.file.open("rb") as file:
            headers = open_table(file.file)[0].header
    except (FileProblem, OSError):
        return None
    chosen = guess_columns(headers, kept.header_map)
    return ColumnsForm(data, headers=headers, chosen=chosen, complete=kept.complete)


def _import_page(
    request: HttpRequest,
    kept: RosterImport,
    *,
    job: Any = None,
    form: ColumnsForm | None = None,
    status: int = 200,
) -> HttpResponse:
    kinds = [
        {
            "kind": kind,
            "count": kept.counts.get(kind, 0),
            "lines": _lines(kept, kind)[:SHOWN],
            "more": kept.counts.get(kind, 0) > SHOWN,
            "downloadable": bool(_lines(kept, kind)),
        }
        for kind in KINDS
    ]
    context = {
        "kept": kept,
        "society": kept.society,
        "job": job,
        "form": form or _columns_form(kept),
        "kinds": {kind["kind"]: kind for kind in kinds},
        "changes": any(kept.counts.get(kind) for kind in ("added", "changed", "gone")),
        "lines_kept": LINES_KEPT,
    }
    return render(request, "campaigns/rosters/import.html", context, status=status)
