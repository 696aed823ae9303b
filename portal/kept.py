"""What was typed by somebody who had been signed out meanwhile: kept in their browser's session.

A row of the permission table names in `keeps` the page that takes such words up again. They are
given back there once, to whoever may open that page, and to nobody after a day.
"""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from portal import access

SESSION_KEY = "kept"
SECONDS = 24 * 3600
#: More characters than this are shown to be copied instead, see portal.refusals.
MOST_CHARACTERS = 400_000


def keep(request: HttpRequest) -> str:
    """Keep what a request sent, if its row says where it is taken up again; that page's path, or ""."""
    match = request.resolver_match
    row = access.row_named(match.view_name) if match else None
    if match is None or row is None or not row.keeps or request.method != "POST":
        return ""
    sent = {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"}
    if sum(len(value) for values in sent.values() for value in values) > MOST_CHARACTERS:
        return ""
    path = reverse(row.keeps, kwargs=match.kwargs)
    request.session[SESSION_KEY] = {"path": path, "at": time.time(), "sent": sent}
    return path


def take(request: HttpRequest) -> QueryDict | None:
    """What was kept for this page, once; None where there is nothing, or nothing fresh."""
    found = request.session.get(SESSION_KEY)
    if not isinstance(found, dict) or found.get("path") != request.path:
        return None
    del request.session[SESSION_KEY]
    if time.time() - found["at"] > SECONDS:
        return None
    post = QueryDict(mutable=True)
    for name, values in found["sent"].items():
        post.setlist(name, values)
    return post


def same_origin(request: HttpRequest) -> bool:
    """Whether the browser itself says that a page of this site sent the request."""
    origin = request.headers.get("Origin", "")
    return bool(origin) and urlsplit(origin).netloc == request.get_host()
