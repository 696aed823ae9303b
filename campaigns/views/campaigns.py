"""The members' door to campaigns: which there are, what they ask for, and whether I may join."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from campaigns.models import (
    Campaign,
    Coordinator,
    Member,
    MembershipRequest,
    Participation,
    Society,
    Wish,
)
from campaigns.states import CampaignState, RequestState
from campaigns.verbs import joining
from portal import access
from portal.models import User
from portal.paging import page


@require_safe
def campaign_list(request: HttpRequest) -> HttpResponse:
    """The campaigns of my societies, newest first, each with what it means for me."""
    user = access.person(request)
    member = _member(user)
    campaigns = access.rows(request, Campaign).prefetch_related("phases", "societies")
    shown = page(request, campaigns, ("-id",))
    verdicts = joining.verdicts(member, shown.rows, timezone.now()) if member else {}
    joined: set[int] = set()
    if member:
        joined.update(member.participations.values_list("campaign_id", flat=True))
    rows = [
        {
            "campaign": campaign,
            "verdict": verdicts.get(campaign.pk),
            "joined": campaign.pk in joined,
        }
        for campaign in shown.rows
    ]
    on_a_roster = (
        bool(rows)
        or (member is not None and member.entries.exists())
        or Coordinator.objects.filter(user=user).exists()
    )
    asked = MembershipRequest.objects.filter(user=user, state=RequestState.ASKED)
    context = {
        "page": shown,
        "rows": rows,
        "on_a_roster": on_a_roster,
        "waits": not on_a_roster and asked.exists(),
    }
    return render(request, "campaigns/list.html", context)


@require_safe
def campaign(request: HttpRequest, slug: str) -> HttpResponse:
    """One campaign: its brief, its phases, and in words whether I may join and what to do next."""
    found = access.fetch(request, Campaign, slug=slug)
    user = access.person(request)
    member = _member(user)
    context: dict[str, object] = {"campaign": found, "phases": _phases(found), "member": member}
    if member:
        verdict = joining.verdicts(member, [found], timezone.now())[found.pk]
        context |= {
            "verdict": verdict,
            "participation": Participation.objects.filter(campaign=found, member=member)
            .select_related("society", "phase")
            .first(),
            "wish": Wish.objects.filter(campaign=found, member=member).first(),
            "own_societies": joining.societies_of(member, found) if verdict.may_join else [],
        }
    context["as_staff"] = Coordinator.objects.filter(user=user, society__campaigns=found).exists()
    context["story_url"] = _story_url(found)
    return render(request, "campaigns/campaign.html", context)


@require_POST
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """Join, and go on to the story form: the same press of the button begins the story."""
    found = access.fetch(request, Campaign, slug=slug)
    user = access.person(request)
    member = get_object_or_404(Member, user=user)
    society = None
    if chosen := request.POST.get("society", ""):
        society = get_object_or_404(Society, slug=chosen)
    joining.join(by=user, member=member, campaign=found, society=society)
    messages.success(
        request,
        f"You have joined “{found.name}”. Write your story now or later: your draft is kept, and nobody "
        "reads it before you submit it.",
    )
    if begin := _story_url(found):
        return redirect(f"{begin}?joined", preserve_request=True)
    return redirect("campaigns:campaign", slug)


@require_POST
def wish(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask to be told when it opens for me."""
    found = access.fetch(request, Campaign, slug=slug)
    user = access.person(request)
    joining.wish(by=user, member=get_object_or_404(Member, user=user), campaign=found)
    messages.success(
        request, "We will send you one e-mail on the day on which this campaign opens for you."
    )
    return redirect("campaigns:campaign", slug)


@require_POST
def unwish(request: HttpRequest, slug: str) -> HttpResponse:
    """Take that back."""
    found = access.fetch(request, Campaign, slug=slug)
    user = access.person(request)
    joining.unwish(by=user, member=get_object_or_404(Member, user=user), campaign=found)
    messages.success(request, "We will not remind you. You can still join once it is open.")
    return redirect("campaigns:campaign", slug)


def _member(user: User) -> Member | None:
    return Member.objects.filter(user=user).first()


def _phases(campaign: Campaign) -> list[dict[str, object]]:
    """The phases with where each stands now: to come, open, over. None is open unless the campaign runs."""
    now = timezone.now()
    rows = []
    for phase in campaign.phases.all():
        if campaign.state == CampaignState.ENDED or phase.closes_at <= now:
            stage = "over"
        elif campaign.state == CampaignState.DRAFT or now < phase.opens_at:
            stage = "to come"
        else:
            stage = "open"
        rows.append({"phase": phase, "stage": stage})
    return rows


def _story_url(campaign: Campaign) -> str:
    """Where stories are written; that door belongs to another package and is known by name only."""
    try:
        return reverse("stories:begin", args=[campaign.slug])
    except NoReverseMatch:
        return ""
