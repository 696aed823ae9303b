"""What surrounds a story while its author writes and hands it in, read in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import QuerySet
from django.utils import timezone

from campaigns.models import (
    CampaignPartner,
    ConsentText,
    Coordinator,
    Phase,
    Prompt,
    RosterEntry,
)
from campaigns.states import CampaignState
from portal.gathering import Gathered, Gathering
from stories.models import Consent, Draft, Story

#: What a story's pages and verbs say of it besides itself.
NAMED = ("campaign", "society", "member__user")


@dataclass(frozen=True)
class Surroundings:
    """The author's draft, if there is one, and what the campaign and the society have decided.

    `story` is as it was read just before. Where that was under its lock, everything here that a verb
    of this story changes stays as it is until the transaction ends.
    """

    story: Story
    draft: Draft | None
    prompts: list[Prompt]
    text: ConsentText | None
    partnerships: list[CampaignPartner]
    phases: list[Phase]
    consents: list[Consent]
    coordinators: list[Coordinator]
    author_addresses: list[str]

    @property
    def phase_is_open(self) -> bool:
        """Whether an open phase of the campaign covers the state that the member joined for."""
        return any(phase.covers(self.story.us_state) for phase in self.phases)


def surroundings_of(story: Story) -> Surroundings:
    """Read them: prompts in the form's order, the leading partner first, the latest wording."""
    found = around(campaign=story.campaign_id, story=story.pk, society=story.society_id)
    now = timezone.now()
    return Surroundings(
        story=story,
        draft=next(iter(found.of(Draft)), None),
        prompts=sorted(found.of(Prompt), key=lambda prompt: prompt.position),
        text=next(iter(found.of(ConsentText)), None),
        partnerships=sorted(
            found.of(CampaignPartner), key=lambda tie: (not tie.leads, tie.joined_at, tie.pk)
        ),
        phases=[phase for phase in found.of(Phase) if phase.window_holds(now)],
        consents=found.of(Consent),
        coordinators=found.of(Coordinator),
        author_addresses=author_addresses(found, story),
    )


@Gathering
def around(*, campaign: int, story: int, society: int) -> tuple[QuerySet[Any], ...]:
    """The rows of everything that surrounds a story."""
    texts = ConsentText.objects.filter(campaign=campaign)
    return (
        Draft.objects.filter(story=story),
        Prompt.objects.filter(campaign=campaign),
        texts.filter(version=texts.order_by("-version").values("version")[:1]),
        CampaignPartner.objects.filter(campaign=campaign).select_related("partner"),
        Phase.objects.filter(campaign=campaign, campaign__state=CampaignState.RUNNING),
        Consent.objects.live().filter(story=story).select_related("partner"),
        Coordinator.objects.filter(society=society, user__is_active=True).select_related("user"),
        *author_address_rows(story),
    )


def author_address_rows(story: int) -> tuple[QuerySet[Any], ...]:
    """Where an author's e-mail addresses stand: with their societies and at their account."""
    return (
        RosterEntry.objects.filter(member__stories=story),
        EmailAddress.objects.filter(user__member__stories=story),
    )


def author_addresses(found: Gathered, story: Story) -> list[str]:
    """The addresses in those rows, behind the member's and the account's first one, each once."""
    member = story.member
    own = [member.email, *([member.user.email] if member.user else [])]
    rows = [*found.of(RosterEntry), *found.of(EmailAddress)]
    return list(dict.fromkeys([*own, *(row.email for row in rows)]))
