"""The parts of a campaign's set-up as its overview lists them: what each holds, in a line or two."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.urls import reverse

from campaigns.models import Campaign, Phase
from campaigns.rules.clocks import in_words, zone_in_words
from campaigns.rules.rhythm import next_moment
from campaigns.rules.usa import names_in_words
from campaigns.states import CampaignState


@dataclass(frozen=True)
class Part:
    """One part: its page's address, what it holds in a few lines, and whether something is missing."""

    title: str
    url: str
    lines: list[str]
    lacks: bool


def parts_of(campaign: Campaign, lacking: Collection[str], now: dt.datetime) -> list[Part]:
    """Every part in the order in which a lead would fill them; six queries.

    `lacking` names the parts that are not complete, as campaigns.rules.completeness does.
    """
    lines = {
        "basics": ("Basics", _basics(campaign)),
        "societies": (
            "Societies",
            list(campaign.societies.order_by("name").values_list("name", flat=True)),
        ),
        "partners": ("Partners", _partners(campaign)),
        "phases": ("Phases", [_phase(campaign, phase) for phase in campaign.phases.all()]),
        "prompts": ("Prompts", _prompts(campaign)),
        "consent": ("Consent text", _consent(campaign)),
        "rhythm": ("Batch rhythm", [_rhythm(campaign, now)]),
        "leads": ("People who lead", [str(p) for p in campaign.leads.order_by("name", "email")]),
    }
    return [
        Part(title, reverse(f"campaigns:{name}", args=[campaign.slug]), found, name in lacking)
        for name, (title, found) in lines.items()
    ]


def _basics(campaign: Campaign) -> list[str]:
    about = [campaign.summary] if campaign.summary else []
    return [
        *about,
        f"What counts is {campaign.get_basis_display()}. Times are in {zone_in_words(campaign.time_zone)}.",
    ]


def _partners(campaign: Campaign) -> list[str]:
    return [
        f"{partnership.partner.name}{', who leads' if partnership.leads else ''}"
        for partnership in campaign.partnerships.select_related("partner").order_by("pk")
    ]


def _phase(campaign: Campaign, phase: Phase) -> str:
    states = "all states" if phase.all_states else names_in_words(phase.states)
    opens = in_words(phase.opens_at, campaign.time_zone)
    closes = in_words(phase.closes_at, campaign.time_zone)
    return f"{phase.name}: {states}, {opens} to {closes}"


def _prompts(campaign: Campaign) -> list[str]:
    labels = list(campaign.prompts.filter(retired_at=None).values_list("label", flat=True))
    return [" · ".join(labels)] if labels else []


def _consent(campaign: Campaign) -> list[str]:
    latest = campaign.consent_texts.first()
    if latest is None:
        return []
    since = in_words(latest.created_at, campaign.time_zone)
    return [f"Version {latest.version}, in force since {since}"]


def _rhythm(campaign: Campaign, now: dt.datetime) -> str:
    if campaign.state == CampaignState.ENDED:
        return "The campaign has ended: batches are sealed only when a lead seals them."
    at = next_moment(
        campaign.rhythm,
        campaign.rhythm_weekday,
        campaign.rhythm_hour,
        campaign.time_zone,
        now,
    )
    if at is None:
        return "Batches are sealed only when a lead seals them."
    return f"Sealed {campaign.get_rhythm_display()}, next on {in_words(at, campaign.time_zone)}"
