"""The pages of refusals: forbidden, not found, stale form, our own failure, a database or files that are away."""

from __future__ import annotations

import sys

from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.template import loader

from portal import access
from portal.guards import weight_of
from portal.kept import keep, same_origin
from portal.refusals import back_url, long_texts

#: What a connection raises that the database is not there for, or that it could not serve just now.
DATABASE_AWAY = (OperationalError, InterfaceError)
#: What PostgreSQL says while it may only be read, as after a change of machines: no OperationalError.
READ_ONLY = "25006"
#: When browsers, proxies and programs may ask again.
RETRY_SECONDS = 30


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What came is no request that a page here makes. Rendered bare: nothing of it is trusted."""
    return HttpResponse(loader.render_to_string("400.html"), status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Seen, but not allowed."""
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Absent, or not for this person's eyes: the page does not tell which. Programs read it as JSON."""
    if request.path.startswith("/api/"):
        return JsonResponse({"error": "There is no such address here."}, status=404)
    return render(request, "404.html", status=404)


def our_failure(request: HttpRequest) -> HttpResponse:
    """Something broke on our side. Rendered without context: whatever broke may break it too."""
    # Django calls us while it handles the exception.
    if trouble := trouble_of(sys.exc_info()[1]):
        return try_again(request, trouble)
    return HttpResponse(loader.render_to_string("500.html"), status=500)


def trouble_of(problem: BaseException | None) -> str:
    """What the site cannot do for now, where the fault lies with its database or its files; else empty."""
    if isinstance(problem, DATABASE_AWAY):
        return "cannot reach its database"
    if isinstance(problem, DatabaseError):
        refused = getattr(problem.__cause__, "sqlstate", None) == READ_ONLY
        return "cannot write to its database" if refused else ""
    # Not mounted, unreadable or full. Lines to other servers and broken pictures are no trouble with files.
    files = isinstance(problem, OSError) and problem.errno is not None
    if files and not isinstance(problem, ConnectionError | TimeoutError):
        return "cannot read or keep files"
    return ""


def try_again(request: HttpRequest, trouble: str) -> HttpResponse:
    """The database or the files are away: try again soon. What was typed is given back to be copied."""
    page = loader.render_to_string("503.html", {"trouble": trouble, "typed": typed_in(request)})
    headers = {"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store"}
    return HttpResponse(page, status=503, headers=headers)


def typed_in(request: HttpRequest) -> list[str]:
    """The long texts of a request that may be unreadable, too large, or no form at all."""
    if weight_of(request) > access.FORM_BYTES:
        return []
    try:
        return long_texts(request)
    except (OSError, SuspiciousOperation, MultiPartParserError):
        return []


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from before the person signed in or out elsewhere; long texts are given back to copy.

    A page of our own may take its words up again, and may have a fresh token for its next save in the
    background: no other site can read this answer.
    """
    if same_origin(request):
        if getattr(request, "htmx", None):
            return HttpResponse(status=403, headers={"X-Fresh-Token": get_token(request)})
        if path := keep(request):
            return redirect(path)
    context = {"typed": long_texts(request), "back_url": back_url(request)}
    return render(request, "portal/csrf_failed.html", context, status=403)
