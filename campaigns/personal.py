"""What this package keeps about one person, for that person. See portal.personal."""

from __future__ import annotations

from typing import Any

from campaigns.models import (
    Campaign,
    Coordinator,
    Invitation,
    MembershipRequest,
    Participation,
    PartnerUser,
    Place,
    RosterEntry,
    Wish,
)
from portal.models import User
from portal.personal import Part, listed


def membership(user: User) -> Part:
    """Ties, rosters, places, and the campaigns that a person was asked to or joined."""
    return "societies_and_campaigns", {
        **_as_member({"member__user": user}),
        "requests": listed(
            MembershipRequest.objects.filter(user=user),
            society="society__name",
            note="note",
            state="state",
            at="asked_at",
        ),
        "coordinator_of": listed(
            Coordinator.objects.filter(user=user), society="society__name", notices="notices"
        ),
        "officer_of": listed(
            PartnerUser.objects.filter(user=user), partner="partner__name", title="title"
        ),
        "leads": listed(Campaign.objects.filter(leads=user), campaign="name"),
    }


def _as_member(own: dict[str, User]) -> dict[str, Any]:
    return {
        "rosters": listed(
            RosterEntry.objects.filter(**own),
            society="society__name",
            address="email",
            number="number",
            given_name="member__given_name",
            family_name="member__family_name",
            since="joined_at",
            left="left_at",
        ),
        "places": listed(
            Place.objects.filter(**own),
            kind="kind",
            zip="zip",
            state="state",
            district="district",
            institution="institution_name",
            you_said_so="said_by_member",
        ),
        "invitations": listed(
            Invitation.objects.filter(**own), campaign="campaign__name", at="created_at"
        ),
        "wishes": listed(Wish.objects.filter(**own), campaign="campaign__name", at="created_at"),
        "joined": listed(
            Participation.objects.filter(**own),
            campaign="campaign__name",
            at="joined_at",
            counted="counted",
            zip="zip",
            state="state",
            district="district",
        ),
    }
