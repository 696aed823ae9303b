"""The pages of refusals: forbidden, not found, stale form, our own failure."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that came from elsewhere, or from before the cookie was renewed."""
    return render(request, "portal/csrf_failed.html", status=403)
