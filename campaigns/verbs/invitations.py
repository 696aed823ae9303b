"""Telling members, once each, that a campaign has opened for them; and not telling them any more."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign, Invitation, Member, Phase, Place
from campaigns.querysets import MemberQuerySet
from campaigns.rules.clocks import in_words
from campaigns.rules.eligibility import kinds_of
from campaigns.rules.usa import state_name
from portal import audit, bulk, outbox
from portal.links import absolute
from portal.models import Job, Urgency, User
from portal.work import advance

#: Members looked at in one transaction. Memory stays flat, a killed worker repeats at most this much.
CHUNK = 1000


class Invited(NamedTuple):
    """What an invitation needs of a member, by the names of the columns; sorted by `pk` where there are many."""

    pk: int
    email: str
    user_id: int | None
    given_name: str
    token: uuid.UUID
    first_society: int


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
    members = [
        Invited(*row)
        for row in newly_eligible(phase)
        .filter(pk__gt=after, pk__lte=looked_at[-1])
        .order_by("pk")
        .values_list(*Invited._fields)
    ]
    write_invitations(phase, members)
    advance(job, cursor={"after": looked_at[-1]}, done=len(members))
    return True


def write_invitations(phase: Phase, members: Sequence[Invited]) -> None:
    """Write invitations and their messages. Who was invited meanwhile is held by both keys."""
    bulk.insert(
        Invitation,
        ("campaign_id", "member_id", "phase_id", "society_id"),
        [(phase.campaign_id, member.pk, phase.pk, member.first_society) for member in members],
        ignore_conflicts=True,
    )
    outbox.post(_messages(phase, members))


def _messages(phase: Phase, members: Sequence[Invited]) -> list[outbox.Composed]:
    """The one opening notice of a campaign to each; what is the same for all of them is made once."""
    campaign = phase.campaign
    societies = dict(campaign.societies.values_list("pk", "name"))
    states = _covered_states(phase, members)
    same = {
        "campaign": campaign.name,
        "summary": campaign.summary,
        "closes": in_words(phase.closes_at, campaign.time_zone),
    }
    url, unsubscribe = _link("invitation", campaign.slug), _link("unsubscribe")
    return [
        outbox.compose(
            member.user_id or member.email,
            "invitation",
            {
                **same,
                "given_name": member.given_name,
                "society": societies[member.first_society],
                "state": states.get(member.pk, ""),
                "url": url.replace(_SOMEBODY, str(member.token)),
                "unsubscribe_url": (way_out := unsubscribe.replace(_SOMEBODY, str(member.token))),
            },
            urgency=Urgency.BULK,
            key=_key(campaign.pk, member.token),
            unsubscribe_url=way_out,
        )
        for member in members
    ]


def _link(name: str, *more: str) -> str:
    """A link of a member's mail, for somebody: of a million of them only the handle differs."""
    return absolute(reverse(f"campaigns:{name}", args=[_SOMEBODY, *more]))


def _covered_states(phase: Phase, members: Sequence[Invited]) -> dict[int, str]:
    """The name of the state of the place that counts, home before work, by the members' ids."""
    if not members:
        return {}
    kinds = kinds_of(phase.campaign.basis)
    places = Place.objects.filter(
        member__gte=members[0].pk, member__lte=members[-1].pk, kind__in=kinds
    )
    by_kind = {
        (member, kind): state
        for member, kind, state in places.values_list("member", "kind", "state")
    }
    return {
        member.pk: state_name(state)
        for member in members
        for kind in reversed(kinds)
        if phase.covers(state := by_kind.get((member.pk, kind), ""))
    }


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
    """Send a member no more invitations, those that wait to be sent included. Twice is once; the first stands."""
    changed = Member.objects.filter(pk=member.pk, no_invitations_since=None).update(
        no_invitations_since=timezone.now()
    )
    if changed:
        dropped = drop_waiting(member)
        audit.record(by, "unsubscribe", member, dropped=dropped)


def drop_waiting(member: Member) -> int:
    """Forget invitations that nobody has tried to send: the member may be invited once they want it again.

    Those that were written to another record of theirs, too.
    """
    campaigns = list(member.invitations.values_list("campaign", flat=True))
    tokens = [member.token, *member.former_tokens.values_list("token", flat=True)]
    keys = {_key(campaign, token): campaign for campaign in campaigns for token in tokens}
    dropped = [keys[key] for key in outbox.drop_untried(list(keys))]
    member.invitations.filter(campaign__in=dropped).delete()
    return len(dropped)


def drop_second_notices(theirs: Member, mine: Member) -> None:
    """Of two records that become one, let one invitation to a campaign leave: the other's is taken back."""
    invited = mine.invitations.values("campaign")
    doubles = theirs.invitations.filter(campaign__in=invited)
    campaigns = doubles.values_list("campaign", flat=True)
    outbox.drop_untried([_key(campaign, theirs.token) for campaign in campaigns])
    doubles.delete()


def _key(campaign: int, token: uuid.UUID) -> str:
    """Of the message that says that a campaign has opened for the member with this handle."""
    return f"opening:{campaign}:{token}"


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
