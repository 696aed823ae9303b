"""A campaign's phases: when it is open, and for which states."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.forms.phases import ClosingForm, PhaseForm
from campaigns.models import Campaign, Phase
from campaigns.states import CampaignState, PhaseState
from campaigns.verbs import phases as verbs
from campaigns.views.lead.next_steps import done
from campaigns.views.refusing import show_refusal
from portal import access
from portal.errors import Refused, TooLate
from portal.moves import too_late


@require_safe
def phases(request: HttpRequest, slug: str) -> HttpResponse:
    """The phases in the order in which they open."""
    campaign = access.fetch(request, Campaign, slug=slug)
    return render(
        request,
        "campaigns/lead/phases.html",
        {"campaign": campaign, "phases": campaign.phases.all(), "now": timezone.now()},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def add_phase(request: HttpRequest, slug: str) -> HttpResponse:
    """Plan one more. That the campaign has ended is told before anything is typed."""
    campaign = access.fetch(request, Campaign, slug=slug)
    if campaign.state == CampaignState.ENDED and request.method != "POST":
        raise TooLate(too_late(campaign))
    form = PhaseForm(request.POST or None, campaign=campaign)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            verbs.add_phase(by=access.person(request), campaign=campaign, **form.plan())
        except (Refused, TooLate) as refusal:
            status = show_refusal(form, refusal)
        else:
            done(request, campaign, "The phase is planned.")
            return redirect("campaigns:phases", slug)
    context = {"campaign": campaign, "form": form}
    return render(request, "campaigns/lead/phase.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def change_phase(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Change a planned phase, or the end of one that has opened."""
    campaign = access.fetch(request, Campaign, slug=slug)
    phase = get_object_or_404(campaign.phases, pk=pk)
    form: PhaseForm | ClosingForm = (
        ClosingForm(request.POST or None, phase=phase)
        if phase.state == PhaseState.OPENED
        else PhaseForm(request.POST or None, campaign=campaign, phase=phase)
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            _save(request, phase, form)
        except (Refused, TooLate) as refusal:
            status = show_refusal(form, refusal)
        else:
            done(request, campaign, "The phase is changed.")
            return redirect("campaigns:phases", slug)
    context = {"campaign": campaign, "phase": phase, "form": form}
    return render(request, "campaigns/lead/phase.html", context, status=status)


def _save(request: HttpRequest, phase: Phase, form: PhaseForm | ClosingForm) -> None:
    by = access.person(request)
    if isinstance(form, PhaseForm):
        verbs.change_phase(by=by, phase=phase, **form.plan())
    else:
        verbs.change_closing(by=by, phase=phase, closes_at=form.cleaned_data["closes_at"])


@require_POST
def remove_phase(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take a planned phase out."""
    campaign = access.fetch(request, Campaign, slug=slug)
    phase = get_object_or_404(campaign.phases, pk=pk)
    verbs.remove_phase(by=access.person(request), phase=phase)
    done(request, campaign, f"The phase “{phase.name}” is removed.")
    return redirect("campaigns:phases", slug)
