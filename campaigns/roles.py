"""The ties of this package, as roles of the permission table."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from campaigns.models import Campaign, Coordinator, Member, PartnerUser
from portal.access import Role
from portal.models import User

_MINE = OuterRef("pk")

#: Each tie as a question about a person, asked along with the person of every request: settings.TIES.
TIES: dict[str, Exists] = {
    "tie_member": Exists(Member.objects.filter(user=_MINE)),
    "tie_coordinator": Exists(Coordinator.objects.filter(user=_MINE)),
    "tie_leads": Exists(Campaign.objects.filter(leads=_MINE)),
    "tie_creator": Exists(Coordinator.objects.filter(user=_MINE, may_create_campaigns=True)),
    "tie_partner_user": Exists(PartnerUser.objects.filter(user=_MINE)),
}


@dataclass(frozen=True)
class Ties:
    """Which ties a person has. `lead`: leads a campaign, or may create one."""

    member: bool = False
    coordinator: bool = False
    lead: bool = False
    creator: bool = False
    partner_user: bool = False


def ties(user: User) -> Ties:
    """A person's ties: as they were read with the person of this request, else in one query."""
    known = [getattr(user, name, None) for name in TIES]
    if None in known:
        found = User.objects.filter(pk=user.pk).annotate(**TIES).values_list(*TIES).first()
        known = list(found or [False] * len(TIES))
    member, coordinator, leads, creator, partner_user = map(bool, known)
    return Ties(member, coordinator, leads or creator, creator, partner_user)


#: On a roster, or once was, or has asked to be: whoever has a member's record.
MEMBER = Role("member", lambda user: ties(user).member)
COORDINATOR = Role("coordinator", lambda user: ties(user).coordinator, trusted=True)
PARTNER_USER = Role("partner user", lambda user: ties(user).partner_user, trusted=True)
LEAD = Role("campaign lead", lambda user: ties(user).lead, trusted=True)
CREATOR = Role(
    "coordinator who may create campaigns", lambda user: ties(user).creator, trusted=True
)
LEAD_OR_COORDINATOR = Role(
    "campaign lead or coordinator",
    lambda user: ties(user).lead or ties(user).coordinator,
    trusted=True,
)
