"""Planning phases, and opening them when their time has come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from campaigns.models import Campaign, Participation, Phase
from campaigns.rules.clocks import in_words
from campaigns.states import PHASE_MOVES, CampaignState, PhaseState
from campaigns.verbs.campaigns import held
from portal import audit, outbox
from portal.errors import Refused, TooLate
from portal.models import User
from portal.moves import move, too_late

audit.PAST_TENSE |= {
    "add_phase": "planned",
    "change_phase": "changed",
    "change_closing": "changed the closing time of",
    "open_phase": "opened",
}
audit.TIME_ZONE_AT |= {"campaigns.phase": "campaign__time_zone"}


@transaction.atomic
def add_phase(
    *,
    by: User,
    campaign: Campaign,
    name: str,
    states: Sequence[str],
    all_states: bool,
    opens_at: dt.datetime,
    closes_at: dt.datetime,
) -> Phase:
    """Plan a phase. In a running campaign one whose opening is past opens within the minute."""
    fresh = held(campaign)
    _demand_sense(opens_at, closes_at)
    if closes_at <= timezone.now():
        raise Refused("This phase would be over already. Choose a later end.", field="closes_at")
    phase = Phase.objects.create(
        campaign=fresh,
        name=name,
        states=[] if all_states else sorted(states),
        all_states=all_states,
        opens_at=opens_at,
        closes_at=closes_at,
    )
    audit.record(by, "add_phase", phase, campaign=fresh.pk)
    return phase


@transaction.atomic
def change_phase(
    *,
    by: User,
    phase: Phase,
    name: str,
    states: Sequence[str],
    all_states: bool,
    opens_at: dt.datetime,
    closes_at: dt.datetime,
) -> None:
    """Change a planned phase. Once it has opened only its end may move; TooLate for anything else."""
    held(phase.campaign)
    _demand_sense(opens_at, closes_at)
    _demand_unjoined(_locked(phase))
    changed = Phase.objects.filter(pk=phase.pk, state=PhaseState.PLANNED).update(
        name=name,
        states=[] if all_states else sorted(states),
        all_states=all_states,
        opens_at=opens_at,
        closes_at=closes_at,
    )
    if not changed:
        raise TooLate(f"{too_late(phase)} Only its closing time can be changed now.")
    audit.record(by, "change_phase", phase)


@transaction.atomic
def change_closing(*, by: User, phase: Phase, closes_at: dt.datetime) -> None:
    """Move the end of a phase that has opened."""
    held(phase.campaign)
    fresh = _locked(phase)
    _demand_sense(fresh.opens_at, closes_at)
    Phase.objects.filter(pk=phase.pk).update(closes_at=closes_at)
    audit.record(by, "change_closing", phase, closes_at=closes_at.isoformat())


def _demand_sense(opens_at: dt.datetime, closes_at: dt.datetime) -> None:
    if closes_at <= opens_at:
        raise Refused("A phase must close after it opens.", field="closes_at")


def _locked(phase: Phase) -> Phase:
    """The phase as it stands in the database, held until the transaction ends; whoever is joining in it waits.

    Raises TooLate where a lead has removed it in the meantime.
    """
    fresh = Phase.objects.select_for_update().filter(pk=phase.pk).first()
    if fresh is None:
        raise TooLate("This phase is no longer there: somebody has removed it.")
    return fresh


def _demand_unjoined(phase: Phase) -> None:
    """TooLate once somebody has joined in a locked phase: members may, before the clock gets round to it."""
    if Participation.objects.filter(phase=phase).exists():
        raise TooLate(
            "Members have joined in this phase already. Only its closing time can be changed now."
        )


@transaction.atomic
def remove_phase(*, by: User, phase: Phase) -> None:
    """Take a planned phase out; one that has opened stays, because members joined in it."""
    held(phase.campaign)
    _demand_unjoined(_locked(phase))
    audit.record(by, "remove_phase", phase, campaign=phase.campaign_id)
    gone, _ = Phase.objects.filter(pk=phase.pk, state=PhaseState.PLANNED).delete()
    if not gone:
        raise TooLate(f"{too_late(phase)} It can no longer be removed; you can close it earlier.")


@transaction.atomic
def open_phase(*, by: User | None = None, phase: Phase) -> None:
    """Open a phase whose time has come and start inviting; of several clocks exactly one does it.

    Raises TooLate where it is open already or over, Refused where it is too early.
    """
    campaign = held(phase.campaign, CampaignState.RUNNING)
    fresh = _locked(phase)
    now = timezone.now()
    if now < fresh.opens_at:
        when = in_words(fresh.opens_at, campaign.time_zone)
        raise Refused(f"The phase “{fresh.name}” opens on {when}.")
    if now >= fresh.closes_at:
        when = in_words(fresh.closes_at, campaign.time_zone)
        raise TooLate(f"The phase “{fresh.name}” closed on {when}.")
    move(fresh, PHASE_MOVES["open_phase"], opened_at=now)
    audit.record(by, "open_phase", fresh, campaign=campaign.pk)
    outbox.start("campaigns.invite", key=f"invite:{fresh.pk}", by=by, phase=fresh.pk)


def open_due_phases(*, by: User | None = None) -> list[Phase]:
    """Open every phase whose time has come; returns those that this call opened."""
    opened = []
    for phase in Phase.objects.due().select_related("campaign"):
        try:
            open_phase(by=by, phase=phase)
        except (TooLate, Refused):
            continue  # another clock, or a lead who has just moved the dates, was faster
        opened.append(phase)
    return opened
