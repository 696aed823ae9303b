"""Joining a campaign, and asking to be told when it opens for one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from campaigns.models import Campaign, Member, Participation, Society, Wish, places_of
from campaigns.rules.eligibility import Answer, Call, Verdict, judge
from portal import audit
from portal.errors import Refused, TooLate
from portal.models import User


def verdicts(member: Member, campaigns: Sequence[Campaign], now: dt.datetime) -> dict[int, Verdict]:
    """What is true for a member in each campaign, by its id; four queries however many there are."""
    prefetch_related_objects(list(campaigns), "phases", "societies")
    places = places_of(member)
    own = set(member.entries.filter(left_at=None).values_list("society_id", flat=True))
    found = {}
    for campaign in campaigns:
        societies = list(campaign.societies.all())
        call = Call(
            state=campaign.state,
            basis=campaign.basis,
            time_zone=campaign.time_zone,
            phases=list(campaign.phases.all()),
            societies=[society.name for society in societies],
        )
        is_member = any(society.pk in own for society in societies)
        found[campaign.pk] = judge(call, places, is_member=is_member, now=now)
    return found


def societies_of(member: Member, campaign: Campaign) -> list[Society]:
    """The societies for which a member can join: on their roster, and taking part."""
    return list(
        Society.objects.filter(roster__member=member, roster__left_at=None, campaigns=campaign)
        .distinct()
        .order_by("pk")
    )


@transaction.atomic
def join(
    *, by: User, member: Member, campaign: Campaign, society: Society | None = None
) -> Participation:
    """Join a campaign; basis, place and phase are kept as they are now. Twice is once.

    `society` is for whom a member of several joins; by default the first by id. Raises Refused, with
    the member's own reason, where they may not join, and TooLate where it is over.
    """
    joined = Participation.objects.filter(campaign=campaign, member=member).first()
    if joined:
        return joined
    fresh = Campaign.objects.get(pk=campaign.pk)
    verdict = verdicts(member, [fresh], timezone.now())[fresh.pk]
    own = societies_of(member, fresh)
    if not verdict.may_join or verdict.phase is None:
        words = f"{verdict.words} {verdict.next_step}".strip()
        raise TooLate(words) if verdict.answer is Answer.OVER else Refused(words)
    if society is not None and society not in own:
        raise Refused("Choose one of your own societies.", field="society")
    place = places_of(member)[verdict.counted]
    participation, is_new = Participation.objects.get_or_create(
        campaign=fresh,
        member=member,
        defaults={
            "society": society or own[0],
            "phase": verdict.phase,
            "basis": fresh.basis,
            "counted": verdict.counted,
            "zip": place.zip,
            "state": place.state,
            "district": place.district,
            "boundaries": place.boundaries,
        },
    )
    if is_new:
        audit.record(by, "join", participation, campaign=fresh.pk, phase=verdict.phase.pk)
    return participation


@transaction.atomic
def wish(*, by: User, member: Member, campaign: Campaign) -> Wish:
    """Ask to be told when a campaign opens for a member. Twice is once."""
    verdict = verdicts(member, [campaign], timezone.now())[campaign.pk]
    if not verdict.may_wish:
        raise Refused(verdict.words)
    made, is_new = Wish.objects.get_or_create(campaign=campaign, member=member)
    if is_new:
        audit.record(by, "wish", made, campaign=campaign.pk)
    return made


@transaction.atomic
def unwish(*, by: User, member: Member, campaign: Campaign) -> None:
    """Take the wish back."""
    for made in Wish.objects.filter(campaign=campaign, member=member):
        audit.record(by, "unwish", made, campaign=campaign.pk)
        made.delete()
