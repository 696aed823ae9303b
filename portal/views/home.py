"""The first page, and what the site says about privacy."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.models import User
from portal.navigation import start_page


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What Storybank is, for a stranger; a signed-in person is taken to their own first page."""
    if not isinstance(request.user, User):
        return render(request, "portal/home.html")
    if url := start_page(request.user):
        return redirect(url)
    ask_url = reverse(settings.ASK_TO_BE_ADDED) if settings.ASK_TO_BE_ADDED else ""
    return render(request, "portal/no_tie_yet.html", {"ask_url": ask_url})


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is stored, who sees it, how to take it back."""
    return render(request, "portal/privacy.html")
