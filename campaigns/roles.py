"""The ties of this package, as roles of the permission table."""

from __future__ import annotations

from campaigns.models import Campaign, Coordinator, Member, PartnerUser
from portal.access import Role
from portal.models import User

#: On a roster, or once was, or has asked to be: whoever has a member's record.
MEMBER = Role("member", lambda user: Member.objects.filter(user=user).exists())
COORDINATOR = Role(
    "coordinator", lambda user: Coordinator.objects.filter(user=user).exists(), trusted=True
)
PARTNER_USER = Role(
    "partner user", lambda user: PartnerUser.objects.filter(user=user).exists(), trusted=True
)


def may_create(user: User) -> bool:
    """Is a coordinator whose society lets them create campaigns."""
    return Coordinator.objects.filter(user=user, may_create_campaigns=True).exists()


def leads_or_may_lead(user: User) -> bool:
    """Leads a campaign, or is a coordinator who may create one."""
    return Campaign.objects.filter(leads=user).exists() or may_create(user)


LEAD = Role("campaign lead", leads_or_may_lead, trusted=True)
CREATOR = Role("coordinator who may create campaigns", may_create, trusted=True)
