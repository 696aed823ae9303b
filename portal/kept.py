"""What was typed by somebody who had been signed out meanwhile: kept in their browser's session.

A row of the permission table names in `keeps` the page that takes such words up again. They are
given back there once, to whoever may open that page, and to nobody after a day. Each page has its own:
two windows that were open keep what was typed in both.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from portal import access

SESSION_KEY = "kept_by_page"
SECONDS = 24 * 3600
#: More characters than this, of all pages together, are shown to be copied instead, see portal.refusals.
MOST_CHARACTERS = 400_000


def keep(request: HttpRequest) -> str:
    """Keep what a request sent, if its row says where it is taken up again; that page's path, or ""."""
    match = request.resolver_match
    row = access.row_named(match.view_name) if match else None
    if match is None or row is None or not row.keeps or request.method != "POST":
        return ""
    sent = {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"}
    path = reverse(row.keeps, kwargs=match.kwargs)
    now = time.time()
    kept = {page: one for page, one in all_kept(request).items() if now - one["at"] <= SECONDS}
    kept[path] = {"at": now, "sent": sent}
    if sum(map(characters, kept.values())) > MOST_CHARACTERS:
        return ""
    request.session[SESSION_KEY] = kept
    return path


def all_kept(request: HttpRequest) -> dict[str, Any]:
    """What this browser's session keeps, by the path of the page that takes it up again."""
    return dict(request.session.get(SESSION_KEY, {}))


def characters(one: Mapping[str, Any]) -> int:
    """How much was typed."""
    return sum(len(value) for values in one["sent"].values() for value in values)


def take(request: HttpRequest) -> QueryDict | None:
    """What was kept for this page, once; None where there is nothing, or nothing fresh."""
    kept = all_kept(request)
    found = kept.pop(request.path, None)
    if found is None:
        return None
    request.session[SESSION_KEY] = kept
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
