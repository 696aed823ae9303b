"""Who takes part in a campaign: partners, societies, and the people who lead it."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse

from campaigns.models import Campaign, CampaignPartner, Coordinator, Partner, Society
from campaigns.states import CampaignState
from campaigns.verbs.campaigns import held, keep_whole
from campaigns.verbs.notices import tell_coordinators
from portal import audit, outbox
from portal.errors import Refused, TooLate
from portal.links import absolute
from portal.models import User

audit.PAST_TENSE |= {
    "add_society": "added a society to",
    "remove_society": "removed a society from",
    "add_lead": "added a lead to",
    "remove_lead": "removed a lead from",
}


@transaction.atomic
def add_partner(*, by: User, campaign: Campaign, partner: Partner) -> CampaignPartner:
    """Let a partner receive batches from now on; the first one leads until another is chosen."""
    fresh = held(campaign)
    if fresh.partnerships.filter(partner=partner).exists():
        raise Refused(f"{partner.name} is a partner of this campaign already.", field="partner")
    leads = not fresh.partnerships.filter(leads=True).exists()
    partnership = CampaignPartner.objects.create(campaign=fresh, partner=partner, leads=leads)
    audit.record(by, "add_partner", partnership, campaign=fresh.pk, partner=partner.pk)
    return partnership


@transaction.atomic
def set_leading_partner(*, by: User, partnership: CampaignPartner) -> None:
    """Say which partner leads; exactly one does. TooLate where a lead has removed it in the meantime."""
    fresh = held(partnership.campaign)
    if not fresh.partnerships.filter(pk=partnership.pk).exists():
        raise TooLate(_gone(partnership.partner))
    fresh.partnerships.exclude(pk=partnership.pk).update(leads=False)
    fresh.partnerships.filter(pk=partnership.pk).update(leads=True)
    audit.record(by, "set_leading_partner", partnership, campaign=fresh.pk)


@transaction.atomic
def remove_partner(*, by: User, partnership: CampaignPartner) -> None:
    """Take a partner out while the campaign is being set up; TooLate once it may hold stories."""
    fresh = held(partnership.campaign, CampaignState.DRAFT)
    audit.record(by, "remove_partner", partnership, campaign=fresh.pk)
    gone, _ = fresh.partnerships.filter(pk=partnership.pk).delete()
    if not gone:
        raise TooLate(_gone(partnership.partner))


def _gone(organization: Partner | Society) -> str:
    return f"{organization.name} takes no part in this campaign any more: somebody has removed it."


@transaction.atomic
def add_society(*, by: User, campaign: Campaign, society: Society) -> None:
    """Ask a society's members, too; its coordinators are told."""
    fresh = held(campaign)
    if fresh.societies.filter(pk=society.pk).exists():
        raise Refused(f"{society.name} takes part already.", field="society")
    fresh.societies.add(society)
    audit.record(by, "add_society", fresh, society=society.pk)
    tell_coordinators(
        society,
        template="society_takes_part",
        context={"campaign": fresh.name, "summary": fresh.summary, "lead": str(by)},
        line=f"{society.short_name} now takes part in the campaign “{fresh.name}”.",
        path=reverse("campaigns:campaign", args=[fresh.slug]),
        besides=by,
    )


@transaction.atomic
def remove_society(*, by: User, campaign: Campaign, society: Society) -> None:
    """Ask a society's members no more; those who joined stay joined. TooLate where that is so already."""
    fresh = held(campaign)
    if not fresh.societies.filter(pk=society.pk).exists():
        raise TooLate(_gone(society))
    fresh.societies.remove(society)
    keep_whole(fresh, "societies")
    audit.record(by, "remove_society", fresh, society=society.pk)


@transaction.atomic
def add_lead(*, by: User | None, campaign: Campaign, person: User) -> None:
    """Let another coordinator of a society that takes part lead the campaign, too; they are told.

    `by` is None for the operator's command, which helps a campaign whose only lead has left.
    """
    fresh = held(campaign)
    if fresh.leads.filter(pk=person.pk).exists():
        raise Refused(f"{person} leads this campaign already.", field="person")
    # Held, so that none of them is taken away meanwhile without the lead that comes to hang on it.
    ties = Coordinator.objects.select_for_update().filter(user=person)
    if not ties.filter(society__in=fresh.societies.all()).order_by("pk"):
        raise Refused("Only coordinators of societies that take part can lead.", field="person")
    fresh.leads.add(person)
    audit.record(by, "add_lead", fresh, person=person.pk)
    outbox.tell(
        person,
        "campaign_lead",
        {
            "campaign": fresh.name,
            "lead": str(by or "An operator of this site"),
            "url": absolute(reverse("campaigns:setup", args=[fresh.slug])),
        },
    )


@transaction.atomic
def remove_lead(*, by: User, campaign: Campaign, person: User) -> None:
    """Take a person out of the lead; somebody must remain. TooLate where the person leads no more."""
    fresh = held(campaign)
    if not fresh.leads.filter(pk=person.pk).exists():
        raise TooLate(f"{person} does not lead this campaign any more: somebody was faster.")
    if fresh.leads.exclude(pk=person.pk).count() == 0:
        raise Refused("A campaign needs somebody who leads it. Add another person first.")
    fresh.leads.remove(person)
    audit.record(by, "remove_lead", fresh, person=person.pk)


@transaction.atomic
def remove_coordinator(*, by: User, tie: Coordinator) -> None:
    """Take a coordinator's tie away. What they led because of it, they lead no more.

    Refused where nobody would be left to lead a campaign; TooLate where the tie is gone already.
    """
    if not Coordinator.objects.select_for_update().filter(pk=tie.pk):
        raise TooLate(f"{tie.user} does not coordinate {tie.society.short_name} any more.")
    for campaign in Campaign.objects.led_through(tie).order_by("pk").select_for_update():
        if not campaign.leads.exclude(pk=tie.user_id).exists():
            raise Refused(f"Only {tie.user} leads “{campaign}”. It needs another lead first.")
        campaign.leads.remove(tie.user_id)
        audit.record(by, "remove_lead", campaign, person=tie.user_id)
    audit.record(by, "remove_coordinator", tie, society=tie.society_id, user=tie.user_id)
    tie.delete()
