"""Random lives, of campaigns that are new: begun, set up piece by piece, started."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import rule

from campaigns.models import (
    Campaign,
    CampaignPartner,
    ConsentText,
    Partner,
    Phase,
    Prompt,
    PromptKind,
)
from campaigns.states import CampaignState, PhaseState
from campaigns.verbs import campaigns, consent_texts, phases, prompts, taking_part
from tests.house.life import NUMBER, Life

#: What a campaign cannot run without, besides a phase that is not over: each as a question.
MINE = OuterRef("pk")
WHOLE = {
    "basics": ~Q(summary="") & ~Q(brief=""),
    "societies": Exists(Campaign.societies.through.objects.filter(campaign=MINE)),
    "partners": Exists(CampaignPartner.objects.filter(campaign=MINE, leads=True)),
    "prompts": Exists(
        Prompt.objects.filter(
            campaign=MINE, kind=PromptKind.LONG_TEXT, required=True, retired_at=None
        )
    ),
    "consent": Exists(ConsentText.objects.filter(campaign=MINE)),
}


class SettingUp(Life):
    """The part of a life in which leads set campaigns up."""

    @rule(number=NUMBER)
    def a_campaign_is_begun(self, number: int) -> None:
        """By Lee while a society lets her, under a name that is free; by nobody else."""
        world, count = self.world, len(self.campaigns)
        by = world.ben if number % 8 == 0 else world.lee
        name = Campaign.objects.get(pk=world.campaign.pk).name.upper()
        taken = number % 8 == 1
        if not taken:
            name = f"Campaign {count}"
        own = {society for user, society in self.coordinators if user == by.pk == world.lee.pk}
        done = self.goes("create_campaign", lambda: campaigns.create_campaign(by=by, name=name))
        assert done == bool(own and not taken)
        if done:
            made = Campaign.objects.latest("pk")
            self.campaigns[made.pk] = str(CampaignState.DRAFT)
            self.leads.add((by.pk, made.pk))
            assert set(made.societies.values_list("pk", flat=True)) == own

    @rule(numbers=st.lists(NUMBER, min_size=1, max_size=8))
    def a_campaign_is_set_up(self, numbers: list[int]) -> None:
        """One piece after the other of what it still lacks; it starts once nothing is missing, not before."""
        for number in numbers:
            drafts = [pk for pk, state in self.campaigns.items() if state == CampaignState.DRAFT]
            if not drafts:
                self.a_campaign_is_begun(number)
                continue
            campaign = Campaign.objects.get(pk=drafts[number % len(drafts)])
            lacks = self.lacks(campaign)
            if not lacks or number % 10 == 0:
                self.a_campaign_starts(campaign, lacks)
            else:
                self.add_piece(campaign, lacks[number % len(lacks)], number)
        self.check_whole()

    def a_campaign_starts(self, campaign: Campaign, lacks: list[str]) -> None:
        """Once, and whole."""
        draft = self.campaigns[campaign.pk] == CampaignState.DRAFT
        done = self.goes(
            "start_campaign",
            lambda: campaigns.start_campaign(by=self.world.lee, campaign=campaign),
        )
        assert done == (draft and not lacks)
        if done:
            self.campaigns[campaign.pk] = str(CampaignState.RUNNING)

    @rule(which=NUMBER)
    def a_campaign_is_started_at_once(self, which: int) -> None:
        """Whatever it lacks, and also where it runs or has ended."""
        campaign = self.campaign(which)
        self.a_campaign_starts(campaign, self.lacks(campaign))

    def lacks(self, campaign: Campaign) -> list[str]:
        """What is missing, asked in other words than the verbs do."""
        asked = Campaign.objects.filter(pk=campaign.pk)
        found = [part for part, whole in WHOLE.items() if not asked.filter(whole).exists()]
        to_come = Phase.objects.filter(campaign=campaign, closes_at__gt=timezone.now())
        return found if to_come.exists() else [*found, "phases"]

    def add_piece(self, campaign: Campaign, part: str, number: int) -> None:
        """Something of what is missing."""
        world, by, now = self.world, self.world.lee, timezone.now()
        match part:
            case "basics":
                campaigns.update_campaign(by=by, campaign=campaign, summary="Short.", brief="Long.")
            case "societies":
                society = [world.isscr, world.rivers][number % 2]
                taking_part.add_society(by=by, campaign=campaign, society=society)
            case "partners":
                tie = campaign.partnerships.first()
                if tie is None:
                    found = list(Partner.objects.order_by("pk"))
                    partner = found[number % len(found)]
                    taking_part.add_partner(by=by, campaign=campaign, partner=partner)
                else:
                    taking_part.set_leading_partner(by=by, partnership=tie)
            case "prompts":
                question: prompts.Question = {
                    "kind": PromptKind.LONG_TEXT,
                    "label": "Your story",
                    "help_text": "",
                    "required": True,
                    "least_words": None,
                    "most_words": None,
                    "choices": [],
                }
                prompts.add_prompt(by=by, campaign=campaign, **question)
            case "consent":
                consent_texts.publish_consent_text(by=by, campaign=campaign, text="I agree.")
            case "phases":
                opens_at = now + dt.timedelta(days=number % 3 - 1)
                phases.add_phase(
                    by=by, campaign=campaign, name="New", states=["KS", "UT"], all_states=False,
                    opens_at=opens_at, closes_at=opens_at + dt.timedelta(days=10 + number),
                )  # fmt: skip

    def check_campaigns(self) -> None:
        """Each is where the model has it."""
        assert dict(Campaign.objects.values_list("pk", "state")) == self.campaigns

    def check_whole(self) -> None:
        """Drafts ask nobody, and what runs lacks nothing: looked at when leads or the clock were there."""
        in_draft = Q(state=CampaignState.DRAFT)
        asks = Q(invitations__isnull=False) | Q(participations__isnull=False)
        opened = Q(phases__state=PhaseState.OPENED)
        whole = Q(*WHOLE.values())
        wrong = Campaign.objects.filter(
            (in_draft & (asks | opened)) | (Q(state=CampaignState.RUNNING) & ~whole)
        )
        assert not wrong.exists()
