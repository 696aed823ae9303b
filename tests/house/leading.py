"""Random lives, of campaign leads: phases, prompts, wordings, and who takes part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import rule

from campaigns.models import Basis, Campaign, CampaignPartner, Phase, Prompt, Rhythm
from campaigns.states import CampaignState, PhaseState
from campaigns.verbs import campaigns, consent_texts, phases, prompts, taking_part
from portal.models import User
from tests.house.life import NUMBER
from tests.house.setting_up import SettingUp

STATES = st.lists(st.sampled_from(["KS", "NE", "UT", "TX", "NC"]), max_size=3, unique=True)
PROMPTS = ["add_prompt", "change_prompt", "move_prompt", "retire_prompt", "delete_prompt"]
PARTS = ["add_society", "remove_society", "add_lead", "remove_lead"]
PARTNERS = ["set_leading_partner", "remove_partner"]
#: So far apart that a day ends in one where it began long ago in the other.
ZONES = ["America/New_York", "Pacific/Honolulu", "Pacific/Auckland", "UTC"]
BASICS = ["update_campaign", "change_time_zone", "change_rhythm", "publish_consent_text"]


class Leading(SettingUp):
    """The part of a life that leads play."""

    @rule(
        which=NUMBER,
        number=NUMBER,
        verb=st.sampled_from(
            ["add_phase", "change_phase", "change_phase", "change_closing", "remove_phase"]
        ),
        days=st.integers(-5, 40),
        length=st.integers(-2, 60),
        states=STATES,
    )
    def the_lead_plans(
        self, which: int, number: int, verb: str, days: int, length: int, states: list[str]
    ) -> None:
        """Phases are planned, changed, closed early or late, and taken out."""
        campaign = self.campaign(which)
        found = list(Phase.objects.filter(campaign=campaign).order_by("pk"))
        if not found and verb != "add_phase":
            return
        phase = found[number % len(found)] if found else Phase(campaign=campaign)
        opens_at = timezone.now() + dt.timedelta(days=days)
        closes_at = opens_at + dt.timedelta(days=length)
        deed = getattr(phases, verb)
        named = {
            "name": f"Phase {number}",
            "states": states,
            "all_states": not states,
            "opens_at": opens_at,
            "closes_at": closes_at,
        }
        given: dict[str, dict[str, object]] = {
            "add_phase": {"campaign": campaign, **named},
            "change_phase": {"phase": phase, **named},
            "change_closing": {"phase": phase, "closes_at": closes_at},
            "remove_phase": {"phase": phase},
        }
        opened = phase.state == PhaseState.OPENED
        done = self.goes(verb, lambda: deed(by=self.world.lee, **given[verb]))
        assert not (done and opened and verb in ("change_phase", "remove_phase"))
        assert not (done and self.campaigns[campaign.pk] == CampaignState.ENDED)

    @rule(
        which=NUMBER,
        number=NUMBER,
        verb=st.sampled_from([*PROMPTS, *PARTS, *PARTNERS, *BASICS, "end_campaign"]),
    )
    def the_lead_changes(self, which: int, number: int, verb: str) -> None:
        """Anything else of a campaign; once in a while it ends."""
        if verb == "end_campaign" and number % 8:
            return
        campaign = self.campaign(which)
        state = self.campaigns[campaign.pk]
        deed = self.change(campaign, verb, number)
        if deed is None or not self.goes(verb, deed):
            return
        self.check_whole()
        assert state != CampaignState.ENDED, "an ended campaign was changed"
        if verb in ("delete_prompt", "remove_partner"):
            assert state == CampaignState.DRAFT, f"{verb} from a campaign that has started"
        match verb:
            case "end_campaign":
                assert state == CampaignState.RUNNING
                self.campaigns[campaign.pk] = str(CampaignState.ENDED)
            case "add_lead":
                assert (self.somebody(number).pk, campaign.pk) not in self.leads
                self.leads.add((self.somebody(number).pk, campaign.pk))
            case "remove_lead":
                self.leads.remove((self.somebody(number).pk, campaign.pk))
            case "change_time_zone" if campaign == self.world.campaign:
                self.world.campaign.refresh_from_db(fields=["time_zone"])

    def somebody(self, number: int) -> User:
        """Who is made a lead, or is one no longer."""
        return [self.world.ana, self.world.ben, self.world.rita][number % 3]

    def change(self, campaign: Campaign, verb: str, number: int) -> Callable[[], object] | None:
        """The verb with what it is given; None where there is nothing to give it."""
        world, by, person = self.world, self.world.lee, self.somebody(number)
        society = [world.isscr, world.rivers][number % 2]
        match verb:
            case "set_leading_partner" | "remove_partner":
                partners = list(CampaignPartner.objects.filter(campaign=campaign).order_by("pk"))
                partner = partners[number % len(partners)] if partners else None
                deed = getattr(taking_part, verb)
                return (lambda: deed(by=by, partnership=partner)) if partner else None
            case "add_society" | "remove_society":
                deed = getattr(taking_part, verb)
                return lambda: deed(by=by, campaign=campaign, society=society)
            case "add_lead" | "remove_lead":
                deed = getattr(taking_part, verb)
                return lambda: deed(by=by, campaign=campaign, person=person)
            case "update_campaign":
                basis = list(Basis)[number % 3]
                name = f"{campaign.slug} {number}"
                return lambda: campaigns.update_campaign(
                    by=by, campaign=campaign, name=name, basis=basis
                )
            case "change_time_zone":
                zone = ZONES[number % len(ZONES)]
                return lambda: campaigns.update_campaign(by=by, campaign=campaign, time_zone=zone)
            case "change_rhythm":
                rhythm, hour = list(Rhythm)[number % 3], number % 24
                return lambda: campaigns.change_rhythm(
                    by=by, campaign=campaign, rhythm=rhythm, weekday=number % 7, hour=hour
                )
            case "publish_consent_text":
                words = f"I agree that version {number} may be used."
                return lambda: consent_texts.publish_consent_text(
                    by=by, campaign=campaign, text=words
                )
            case "end_campaign":
                return lambda: campaigns.end_campaign(by=by, campaign=campaign)
        return self.ask_otherwise(campaign, verb, number)

    def ask_otherwise(
        self, campaign: Campaign, verb: str, number: int
    ) -> Callable[[], object] | None:
        """A change of the form's questions."""
        by = self.world.lee
        found = list(Prompt.objects.filter(campaign=campaign).order_by("pk"))
        if not found:
            return None
        prompt = found[number % len(found)]
        question: prompts.Question = {
            "kind": prompt.kind,
            "label": f"Question {number}",
            "help_text": "",
            "required": prompt.required,
            "least_words": prompt.least_words,
            "most_words": prompt.most_words,
            "choices": prompt.choices,
        }
        match verb:
            case "add_prompt":
                return lambda: prompts.add_prompt(by=by, campaign=campaign, **question)
            case "change_prompt":
                return lambda: prompts.change_prompt(by=by, prompt=prompt, **question)
            case "move_prompt":
                return lambda: prompts.move_prompt(by=by, prompt=prompt, up=number % 2 == 0)
            case "delete_prompt":
                return lambda: prompts.delete_prompt(by=by, prompt=prompt)
        return lambda: prompts.retire_prompt(by=by, prompt=prompt)
