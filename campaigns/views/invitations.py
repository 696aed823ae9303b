"""What links in an invitation open, without signing in: the campaign's page, and the way out."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.models import Campaign, Member
from campaigns.states import CampaignState
from campaigns.verbs import invitations
from portal.models import User


@require_safe
def invitation(request: HttpRequest, token: UUID, slug: str) -> HttpResponse:
    """A campaign for somebody who holds the link of an invitation. Tells nothing about the member.

    Their address is handed on to the forms of sign-up and sign-in, where they would have to type it otherwise.
    """
    member = _of_token(token)
    campaign = (
        Campaign.objects.exclude(state=CampaignState.DRAFT)
        .filter(invitations__member=member, slug=slug)
        .prefetch_related("phases", "partnerships__partner")
        .first()
    )
    if campaign is None:
        raise Http404
    onward = reverse("campaigns:campaign", args=[slug])
    now = timezone.now()
    return render(
        request,
        "campaigns/invitation.html",
        {
            "campaign": campaign,
            "is_open": campaign.state == CampaignState.RUNNING,
            "phases": [phase for phase in campaign.phases.all() if phase.closes_at > now],
            "partners": ", ".join(
                partnership.partner.name for partnership in campaign.partnerships.all()
            ),
            "signed_in_as_self": _is_self(request, member),
            "onward": onward,
            "signup_url": _with(reverse("account_signup"), email=member.email, next=onward),
            "login_url": _with(reverse("account_login"), email=member.email, next=onward),
            "unsubscribe_url": reverse("campaigns:unsubscribe", args=[token]),
        },
    )


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: UUID) -> HttpResponse:
    """The way out of invitations: a page with a button, and the one-click POST of RFC 8058.

    Mail programs post here without cookies, and the secret in the address is what allows it; that is
    why there is no CSRF token to ask for. They must not be redirected.
    """
    member = _of_token(token)
    if request.method == "POST":
        invitations.unsubscribe(by=_self_or_none(request, member), member=member)
        if "List-Unsubscribe" in request.POST:
            return HttpResponse("You will get no more invitations.", content_type="text/plain")
        messages.success(request, "Done. You will get no more invitations to campaigns.")
        return redirect("campaigns:unsubscribe", token)
    return render(request, "campaigns/unsubscribe.html", {"member": member, "token": token})


@require_POST
def resubscribe(request: HttpRequest, token: UUID) -> HttpResponse:
    """Undo it."""
    member = _of_token(token)
    invitations.resubscribe(by=_self_or_none(request, member), member=member)
    messages.success(request, "Welcome back. You will be told once when a campaign opens for you.")
    return redirect("campaigns:unsubscribe", token)


def _of_token(token: UUID) -> Member:
    member = Member.objects.by_token(token)
    if member is None:
        raise Http404
    return member


def _is_self(request: HttpRequest, member: Member) -> bool:
    return isinstance(request.user, User) and member.user_id == request.user.pk


def _self_or_none(request: HttpRequest, member: Member) -> User | None:
    """Who acts, for the audit log: the member where they are signed in, else whoever holds the link."""
    user = request.user
    return user if isinstance(user, User) and member.user_id == user.pk else None


def _with(path: str, **query: str) -> str:
    return f"{path}?{urlencode(query)}"
