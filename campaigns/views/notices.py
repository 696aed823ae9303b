"""How a coordinator wants to hear of what happens in their societies."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from campaigns.forms.requests import NoticesForm
from campaigns.models import Coordinator
from campaigns.verbs.notices import choose_notices
from portal.access import person, rows


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """The choice for each society."""
    return _page(request, NoticesForm(ties=_ties(request)))


@require_POST
def save_notices(request: HttpRequest) -> HttpResponse:
    """Take the choices."""
    form = NoticesForm(request.POST, ties=_ties(request))
    if not form.is_valid():
        return _page(request, form, status=400)
    choose_notices(by=person(request), choices=form.choices)
    messages.success(request, "Saved. It holds from the next story on.")
    return redirect("campaigns:notices")


def _ties(request: HttpRequest) -> list[Coordinator]:
    return list(rows(request, Coordinator).select_related("society").order_by("society__name"))


def _page(request: HttpRequest, form: NoticesForm, status: int = 200) -> HttpResponse:
    return render(request, "campaigns/notices/notices.html", {"form": form}, status=status)
