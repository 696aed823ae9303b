"""Setting a campaign up, starting it, ending it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from campaigns.models import Campaign, Coordinator, PromptKind, Society
from campaigns.rules import completeness
from campaigns.states import CAMPAIGN_MOVES, CampaignState
from campaigns.verbs.notices import tell_coordinators
from portal import audit
from portal.errors import Refused, TooLate
from portal.models import User
from portal.moves import move, too_late

#: Slugs that are addresses of the lead's own pages.
RESERVED = frozenset({"new", "batches", "stories"})

UNENDED = (CampaignState.DRAFT, CampaignState.RUNNING)

audit.PAST_TENSE |= {
    "create_campaign": "created",
    "update_campaign": "changed",
    "change_rhythm": "changed the batch rhythm of",
    "start_campaign": "started",
    "end_campaign": "ended",
}
audit.TIME_ZONE_AT |= {"campaigns.campaign": "time_zone"}


def held(campaign: Campaign, *states: str) -> Campaign:
    """The campaign as it stands in the database, locked until the transaction ends.

    Raises TooLate where it is in none of `states`; without any named, where it has ended.
    """
    fresh = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if fresh.state not in (states or UNENDED):
        raise TooLate(too_late(fresh))
    return fresh


def missing(campaign: Campaign) -> list[completeness.Missing]:
    """What keeps a campaign from starting, read from the database; five queries."""
    phases = list(campaign.phases.all())
    partners = list(campaign.partnerships.values_list("leads", flat=True))
    setup = completeness.Setup(
        summary=campaign.summary,
        brief=campaign.brief,
        societies=campaign.societies.count(),
        partners=len(partners),
        has_leading_partner=any(partners),
        closings=[phase.closes_at for phase in phases if phase.all_states or phase.states],
        empty_phases=[phase.name for phase in phases if not (phase.all_states or phase.states)],
        consent_texts=campaign.consent_texts.count(),
        required_long_texts=campaign.prompts.filter(
            kind=PromptKind.LONG_TEXT, required=True, retired_at=None
        ).count(),
    )
    return completeness.missing(setup, timezone.now())


def keep_whole(campaign: Campaign, part: str) -> None:
    """Refuse a change of a running campaign that would take away what it needs to run.

    Called after the change, inside its transaction, which the refusal rolls back.
    """
    if campaign.state != CampaignState.RUNNING:
        return
    for lack in missing(campaign):
        if lack.part == part:
            raise Refused(f"The campaign is running and cannot do without this. {lack.words}")


@transaction.atomic
def create_campaign(*, by: User, name: str) -> Campaign:
    """A new campaign in draft; whoever creates it leads it, and their own societies take part."""
    societies = Society.objects.filter(
        coordinators__in=Coordinator.objects.filter(user=by, may_create_campaigns=True)
    )
    if not societies:
        raise Refused("Only coordinators whose society lets them create campaigns can do so.")
    _demand_free(name)
    campaign = Campaign.objects.create(name=name, slug=_free_slug(name))
    campaign.leads.add(by)
    campaign.societies.add(*societies)
    audit.record(by, "create_campaign", campaign)
    return campaign


def _demand_free(name: str, besides: Campaign | None = None) -> None:
    named = Campaign.objects.filter(name__iexact=name).first()
    if named and named != besides:
        raise Refused("Another campaign has this name. Choose a different one.", field="name")


def _free_slug(name: str) -> str:
    """The campaign's part of its addresses; it stays, because mail has carried it out."""
    stem = slugify(name)[:50] or "campaign"
    taken = set(
        Campaign.objects.filter(Q(slug=stem) | Q(slug__startswith=f"{stem}-")).values_list(
            "slug", flat=True
        )
    )
    taken |= RESERVED
    slug, number = stem, 2
    while slug in taken:
        slug, number = f"{stem}-{number}", number + 1
    return slug


@transaction.atomic
def update_campaign(*, by: User, campaign: Campaign, **basics: Any) -> Campaign:
    """Write name, summary, brief, time zone, basis and consent months, whichever are given.

    Phases keep their moments when the time zone changes. What counted for those who joined stays on
    their participation.
    """
    fresh = held(campaign)
    if "name" in basics:
        _demand_free(basics["name"], besides=fresh)
    _write(fresh, basics)
    keep_whole(fresh, "basics")
    audit.record(by, "update_campaign", fresh, fields=sorted(basics))
    return fresh


@transaction.atomic
def change_rhythm(
    *, by: User, campaign: Campaign, rhythm: str, weekday: int, hour: int
) -> Campaign:
    """Say when open batches are sealed; `weekday` from Monday = 0, `hour` in the campaign's time zone."""
    fresh = held(campaign)
    _write(fresh, {"rhythm": rhythm, "rhythm_weekday": weekday, "rhythm_hour": hour})
    audit.record(by, "change_rhythm", fresh, rhythm=rhythm, weekday=weekday, hour=hour)
    return fresh


def _write(campaign: Campaign, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(campaign, name, value)
    campaign.save(update_fields=list(fields))


@transaction.atomic
def start_campaign(*, by: User, campaign: Campaign) -> None:
    """Let a campaign run: from now on the clock opens its phases. Refused with all that is missing."""
    fresh = held(campaign, CampaignState.DRAFT)
    lacks = missing(fresh)
    if lacks:
        raise Refused("This campaign cannot start yet. " + " ".join(lack.words for lack in lacks))
    move(fresh, CAMPAIGN_MOVES["start_campaign"])
    audit.record(by, "start_campaign", fresh)
    for society in fresh.societies.order_by("pk"):
        tell_coordinators(
            society,
            template="campaign_started",
            context={"campaign": fresh.name, "summary": fresh.summary},
            line=f"The campaign “{fresh.name}” has started.",
            path=reverse("campaigns:campaign", args=[fresh.slug]),
            besides=by,
        )


@transaction.atomic
def end_campaign(*, by: User, campaign: Campaign) -> None:
    """End a campaign for good: nobody joins or submits any more; what was told stays."""
    fresh = held(campaign, CampaignState.RUNNING)
    move(fresh, CAMPAIGN_MOVES["end_campaign"])
    audit.record(by, "end_campaign", fresh)
