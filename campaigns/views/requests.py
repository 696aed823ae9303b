"""Asking a society to be added, and its coordinators' answers."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from campaigns.forms.requests import RequestForm
from campaigns.models import MembershipRequest, RosterEntry, Society
from campaigns.states import RequestState
from campaigns.verbs.requests import accept_request, ask_to_be_added, refuse_request
from portal.access import fetch, person, rows
from portal.errors import Refused
from portal.models import User
from portal.paging import page


@require_safe
def societies(request: HttpRequest) -> HttpResponse:
    """The societies that a person belongs to, and asking another one."""
    return _societies_page(request, RequestForm(societies=_askable(person(request))))


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Send a request to a society's coordinators."""
    form = RequestForm(request.POST, societies=_askable(person(request)))
    if not form.is_valid():
        return _societies_page(request, form, status=400)
    society = form.cleaned_data["society"]
    try:
        ask_to_be_added(by=person(request), society=society, note=form.cleaned_data["note"])
    except Refused as refusal:
        form.add_error(refusal.field, str(refusal))
        return _societies_page(request, form, status=400)
    messages.success(
        request,
        f"{society.name}: its coordinators have your request. They decide, and you will get an e-mail.",
    )
    return redirect("campaigns:my_societies")


@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """The requests that wait for a coordinator, and those that were answered."""
    own = rows(request, MembershipRequest).select_related("society", "user", "decided_by")
    answered = request.GET.get("show") == "answered"
    if answered:
        shown = page(request, own.exclude(state=RequestState.ASKED), ("-id",))
    else:
        shown = page(request, own.filter(state=RequestState.ASKED), ("id",))
    return render(
        request, "campaigns/requests/requests.html", {"page": shown, "answered": answered}
    )


@require_POST
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Add the person to the roster."""
    asked = fetch(request, MembershipRequest, pk=pk)
    accept_request(by=person(request), request=asked)
    messages.success(
        request,
        f"{asked.user} is on the roster of {asked.society.short_name} now and is told by e-mail.",
    )
    return redirect("campaigns:requests")


@require_POST
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Say no."""
    asked = fetch(request, MembershipRequest, pk=pk)
    refuse_request(by=person(request), request=asked)
    messages.success(request, f"{asked.user} is told by e-mail and can ask again.")
    return redirect("campaigns:requests")


def _askable(user: User) -> QuerySet[Society]:
    """Societies that a person is not on the roster of."""
    own = RosterEntry.objects.here().filter(member__user=user).values("society")
    return Society.objects.exclude(pk__in=own).order_by("name")


def _societies_page(request: HttpRequest, form: RequestForm, status: int = 200) -> HttpResponse:
    user = person(request)
    context = {
        "form": form,
        "entries": RosterEntry.objects.here()
        .filter(member__user=user)
        .select_related("society")
        .order_by("society__name", "pk")[:100],
        "asked": MembershipRequest.objects.filter(user=user)
        .select_related("society")
        .order_by("-pk")[:20],
    }
    return render(request, "campaigns/requests/societies.html", context, status=status)
