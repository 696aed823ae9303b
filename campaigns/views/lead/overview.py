"""The leads' door: the campaigns that I lead, one campaign at a glance, starting and ending it."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from campaigns.forms.campaigns import NewCampaignForm
from campaigns.models import Campaign, Member, RosterEntry
from campaigns.querysets import CampaignQuerySet
from campaigns.roles import ties
from campaigns.rules import usa
from campaigns.rules.eligibility import kinds_of
from campaigns.states import CampaignState
from campaigns.verbs import campaigns as verbs
from campaigns.verbs.invitations import eligible, newly_eligible
from campaigns.views.lead.next_steps import lacking
from campaigns.views.lead.parts import parts_of
from campaigns.views.refusing import show_refusal
from portal import access
from portal.errors import Refused
from portal.paging import page


@require_safe
def lead_home(request: HttpRequest) -> HttpResponse:
    """The campaigns that I lead, newest first."""
    campaigns = cast("CampaignQuerySet[Campaign]", access.rows(request, Campaign)).with_numbers()
    return render(
        request,
        "campaigns/lead/list.html",
        {
            "page": page(request, campaigns, ("-id",)),
            "may_create": ties(access.person(request)).creator,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Begin a campaign with its name."""
    form = NewCampaignForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            made = verbs.create_campaign(by=access.person(request), **form.cleaned_data)
        except Refused as refusal:
            status = show_refusal(form, refusal)
        else:
            messages.success(
                request,
                f"“{made.name}” is there, as a draft that only its leads and the coordinators of its "
                "societies see. This page lists what it needs before it can start.",
            )
            return redirect("campaigns:setup", made.slug)
    return render(request, "campaigns/lead/new.html", {"form": form}, status=status)


@require_safe
def setup(request: HttpRequest, slug: str) -> HttpResponse:
    """One campaign at a glance: its state, what is missing, its parts, who was told and who joined."""
    campaign = access.fetch(request, Campaign, slug=slug)
    lacks = lacking(campaign) if campaign.state == CampaignState.DRAFT else []
    return render(
        request,
        "campaigns/lead/setup.html",
        {
            "campaign": campaign,
            "missing": lacks,
            "parts": parts_of(campaign, {lack["part"] for lack in lacks}, timezone.now()),
            "invited": campaign.invitations.count(),
            "joined": campaign.participations.count(),
            "wishing": campaign.wishes.count(),
            "batches_url": batches_url(campaign),
        },
    )


def batches_url(campaign: Campaign) -> str:
    """Where batches are sealed; that door belongs to another package and is known by name only."""
    try:
        return reverse("stories:lead_batches", args=[campaign.slug])
    except NoReverseMatch:
        return ""


@require_safe
def reach(request: HttpRequest, slug: str) -> HttpResponse:
    """How many members each state has on this campaign's basis, and how many were told and joined."""
    campaign = access.fetch(request, Campaign, slug=slug)
    phases = list(campaign.phases.all())
    members = Member.objects.of_campaign(campaign.pk).by_state(kinds_of(campaign.basis))
    joined: dict[str, int] = dict(
        campaign.participations.values_list("state").annotate(Count("pk")).order_by("state")
    )
    rows = [
        {
            "state": state,
            "members": members.get(state, 0),
            "joined": joined.get(state, 0),
            "phase": next((phase for phase in phases if phase.covers(state)), None),
        }
        for state in sorted(members.keys() | joined.keys(), key=usa.state_name)
    ]
    return render(
        request,
        "campaigns/lead/reach.html",
        {
            "campaign": campaign,
            "rows": rows,
            "invited": campaign.invitations.count(),
            "joined": sum(joined.values()),
            "wishing": campaign.wishes.count(),
        },
    )


@require_GET
def start_page(request: HttpRequest, slug: str) -> HttpResponse:
    """What starting would do, before it is done."""
    campaign = access.fetch(request, Campaign, slug=slug)
    now = timezone.now()
    effects = []
    for phase in campaign.phases.filter(closes_at__gt=now):
        phase.campaign = campaign
        at_once = phase.opens_at <= now
        count = (newly_eligible(phase) if at_once else eligible(phase)).count()
        effects.append({"phase": phase, "at_once": at_once, "count": count})
    return render(
        request,
        "campaigns/lead/start.html",
        {
            "campaign": campaign,
            "missing": lacking(campaign),
            "effects": effects,
            "societies": campaign.societies.order_by("name"),
            "without_members": campaign.societies.exclude(
                pk__in=RosterEntry.objects.filter(left_at=None).values("society")
            ).order_by("name"),
        },
    )


@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Let it run."""
    campaign = access.fetch(request, Campaign, slug=slug)
    verbs.start_campaign(by=access.person(request), campaign=campaign)
    messages.success(
        request,
        f"“{campaign.name}” is running. Each phase opens by itself at its time; members are told "
        "once, within minutes of the opening.",
    )
    return redirect("campaigns:setup", slug)


@require_GET
def end_page(request: HttpRequest, slug: str) -> HttpResponse:
    """What ending would do, before it is done."""
    campaign = access.fetch(request, Campaign, slug=slug)
    return render(
        request,
        "campaigns/lead/end.html",
        {"campaign": campaign, "joined": campaign.participations.count()},
    )


@require_POST
def end(request: HttpRequest, slug: str) -> HttpResponse:
    """End it for good."""
    campaign = access.fetch(request, Campaign, slug=slug)
    verbs.end_campaign(by=access.person(request), campaign=campaign)
    messages.success(
        request, f"“{campaign.name}” has ended. Stories that were told stay where they are."
    )
    return redirect("campaigns:setup", slug)
