"""What a campaign still lacks before it can start, as sentences for its lead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Setup:
    """What this rule reads of a campaign.

    `closings` are the closing times of the phases that target at least one state; `empty_phases` the
    names of those that target none.
    """

    summary: str
    brief: str
    societies: int
    partners: int
    has_leading_partner: bool
    closings: Sequence[dt.datetime]
    empty_phases: Sequence[str]
    consent_texts: int
    required_long_texts: int


@dataclass(frozen=True)
class Missing:
    """One thing that is missing: the part of the set-up where it is mended, and a sentence."""

    part: str
    words: str


def missing(setup: Setup, now: dt.datetime) -> list[Missing]:
    """Everything that keeps a campaign from starting; empty where it can start."""
    return [
        *_about(setup),
        *_partners(setup),
        *_phases(setup, now),
        *_form(setup),
    ]


def _about(setup: Setup) -> list[Missing]:
    found = []
    if not setup.summary.strip():
        found.append(Missing("basics", "Sum the campaign up in a sentence or two."))
    if not setup.brief.strip():
        found.append(Missing("basics", "Write the brief: what the campaign asks for, and why now."))
    if not setup.societies:
        found.append(Missing("societies", "Add at least one society whose members are asked."))
    return found


def _partners(setup: Setup) -> list[Missing]:
    if not setup.partners:
        return [Missing("partners", "Add a partner who receives the stories.")]
    if not setup.has_leading_partner:
        return [Missing("partners", "Say which of the partners leads the campaign.")]
    return []


def _phases(setup: Setup, now: dt.datetime) -> list[Missing]:
    found = [
        Missing("phases", f"Choose the states of the phase “{name}”.")
        for name in setup.empty_phases
    ]
    if not setup.closings and not setup.empty_phases:
        found.append(
            Missing("phases", "Add a phase: when the campaign is open, and for which states.")
        )
    elif setup.closings and all(at <= now for at in setup.closings):
        found.append(
            Missing("phases", "Every phase is already over. Add one that is still to come.")
        )
    return found


def _form(setup: Setup) -> list[Missing]:
    found = []
    if not setup.required_long_texts:
        found.append(
            Missing(
                "prompts", "Add a prompt for the story itself: a long text that must be answered."
            )
        )
    if not setup.consent_texts:
        found.append(Missing("consent", "Write the consent text that authors agree to."))
    return found
