"""Telling members, once each, that a campaign has opened for them; and not telling them any more."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign, Invitation, Member, Phase, Society
from campaigns.querysets import MemberQuerySet
from campaigns.rules.clocks import in_words
from campaigns.rules.eligibility import kinds_of
from campaigns.rules.usa import state_name
from portal import audit, outbox
from portal.links import absolute
from portal.models import Job, Message, Urgency, User
from portal.work import advance

#: Members looked at in one transaction. Memory stays flat, a killed worker repeats at most this much.
CHUNK = 1000

#: Stands for a member's handle in a link.
_SOMEBODY = "00000000-0000-0000-0000-000000000000"

#: So often members are looked for who became eligible while a phase was open, in seconds.
LOOK_AGAIN = 1800


def eligible(phase: Phase) -> MemberQuerySet[Member]:
    """Members for whom this phase is: of a society that takes part, with a place that it covers."""
    campaign = phase.campaign
    states = None if phase.all_states else phase.states
    return Member.objects.of_campaign(campaign.pk).placed_in(kinds_of(campaign.basis), states)


def newly_eligible(phase: Phase) -> MemberQuerySet[Member]:
    """Of these, whoever is still to be told."""
    return eligible(phase).to_invite(phase.campaign_id)


def invite(job: Job) -> None:
    """Work on an invitation job: `arguments` names the phase, `cursor` the last member looked at.

    Each chunk is one transaction: invitations, messages and cursor commit together. Stops where the
    phase or the campaign is over.
    """
    while invite_chunk(job):
        pass


@transaction.atomic
def invite_chunk(job: Job) -> bool:
    """Invite the newly eligible among the next members by id; False where none are left to look at."""
    phase = (
        Phase.objects.open().select_related("campaign").filter(pk=job.arguments["phase"]).first()
    )
    after = job.cursor.get("after", 0)
    looked_at = list(
        Member.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:CHUNK]
    )
    if phase is None or not looked_at:
        return False
    members = list(
        newly_eligible(phase)
        .filter(pk__gt=after, pk__lte=looked_at[-1])
        .select_related("user")
        .prefetch_related("places")
        .order_by("pk")
    )
    write_invitations(phase, members)
    advance(job, cursor={"after": looked_at[-1]}, done=len(members))
    return True


def write_invitations(phase: Phase, members: Sequence[Member]) -> None:
    """Write invitations and their messages. Who was invited meanwhile is held by both keys."""
    campaign = phase.campaign
    societies = {society.pk: society for society in campaign.societies.all()}
    first: dict[int, Society] = {
        member.pk: societies[getattr(member, "first_society")]  # noqa: B009 (annotated by of_campaign)
        for member in members
    }
    Invitation.objects.bulk_create(
        [
            Invitation(campaign=campaign, member=member, phase=phase, society=first[member.pk])
            for member in members
        ],
        ignore_conflicts=True,
    )
    outbox.post([_message(phase, member, first[member.pk]) for member in members])


def _message(phase: Phase, member: Member, society: Society) -> Message:
    """The one opening notice of a campaign to a member."""
    campaign = phase.campaign
    unsubscribe = _link("campaigns:unsubscribe", member)
    return outbox.compose(
        member.user or member.email,
        "invitation",
        {
            "given_name": member.given_name,
            "campaign": campaign.name,
            "summary": campaign.summary,
            "society": society.name,
            "state": _covered_state(phase, member),
            "closes": in_words(phase.closes_at, campaign.time_zone),
            "url": _link("campaigns:invitation", member, campaign.slug),
            "unsubscribe_url": unsubscribe,
        },
        urgency=Urgency.BULK,
        key=f"opening:{campaign.pk}:{member.pk}",
        unsubscribe_url=unsubscribe,
    )


def _link(name: str, member: Member, *more: str) -> str:
    """A link of a member's mail."""
    return absolute(_path(name, *more).replace(_SOMEBODY, str(member.token)))


@lru_cache(maxsize=64)
def _path(name: str, *more: str) -> str:
    """Its path, made once: of a million of them only the handle differs."""
    return reverse(name, args=[_SOMEBODY, *more])


def _covered_state(phase: Phase, member: Member) -> str:
    """The name of the state of the place that counts, home before work."""
    by_kind = {place.kind: place.state for place in member.places.all()}
    states = [by_kind.get(kind, "") for kind in kinds_of(phase.campaign.basis)]
    return next((state_name(state) for state in states if phase.covers(state)), "")


def look_again(*, campaign: Campaign | None = None) -> int:
    """Start invitation jobs for the open phases, for whoever became eligible since they opened.

    The clock calls this often; per phase and half hour one job is made. With a `campaign`, for which
    a roster has just changed, its phases are looked at straight away. Returns the number of new jobs.
    """
    now = timezone.now()
    slot = int(now.timestamp()) // LOOK_AGAIN
    phases = Phase.objects.open().filter(opened_at__isnull=False)
    keys = {phase.pk: f"invite:{phase.pk}:{slot}" for phase in phases}
    if campaign is not None:
        keys = {
            phase.pk: f"invite:{phase.pk}:{int(now.timestamp())}"
            for phase in phases.filter(campaign=campaign)
        }
    with transaction.atomic():
        known = set(Job.objects.filter(key__in=keys.values()).values_list("key", flat=True))
        fresh = {pk: key for pk, key in keys.items() if key not in known}
        for pk, key in fresh.items():
            outbox.start("campaigns.invite", key=key, phase=pk)
    return len(fresh)


@transaction.atomic
def unsubscribe(*, by: User | None, member: Member) -> None:
    """Send a member no more invitations. Twice is once; the first time stands."""
    changed = Member.objects.filter(pk=member.pk, no_invitations_since=None).update(
        no_invitations_since=timezone.now()
    )
    if changed:
        audit.record(by, "unsubscribe", member)


@transaction.atomic
def resubscribe(*, by: User | None, member: Member) -> None:
    """Undo it."""
    changed = (
        Member.objects.filter(pk=member.pk)
        .exclude(no_invitations_since=None)
        .update(no_invitations_since=None)
    )
    if changed:
        audit.record(by, "resubscribe", member)
