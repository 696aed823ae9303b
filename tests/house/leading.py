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
from tests.house.life import NUMBER, Life

STATES = st.lists(st.sampled_from(["KS", "NE", "UT", "TX", "NC"]), max_size=3, unique=True)
PROMPTS = ["add_prompt", "change_prompt", "move_prompt", "retire_prompt"]
PARTS = ["add_society", "remove_society", "add_lead", "remove_lead", "set_leading_partner"]
BASICS = ["update_campaign", "change_rhythm", "publish_consent_text"]


class Leading(Life):
    """The part of a life that leads play."""

    @rule(
        number=NUMBER,
        verb=st.sampled_from(
            ["add_phase", "change_phase", "change_phase", "change_closing", "remove_phase"]
        ),
        days=st.integers(-5, 40),
        length=st.integers(-2, 60),
        states=STATES,
    )
    def the_lead_plans(
        self, number: int, verb: str, days: int, length: int, states: list[str]
    ) -> None:
        """Phases are planned, changed, closed early or late, and taken out."""
        found = list(Phase.objects.order_by("pk"))
        phase = found[number % len(found)]
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
            "add_phase": {"campaign": self.world.campaign, **named},
            "change_phase": {"phase": phase, **named},
            "change_closing": {"phase": phase, "closes_at": closes_at},
            "remove_phase": {"phase": phase},
        }
        opened = phase.state == PhaseState.OPENED
        done = self.goes(verb, lambda: deed(by=self.world.lee, **given[verb]))
        assert not (done and opened and verb in ("change_phase", "remove_phase"))

    @rule(
        number=NUMBER,
        verb=st.sampled_from([*PROMPTS, *PARTS, *BASICS, "end_campaign"]),
    )
    def the_lead_changes(self, number: int, verb: str) -> None:
        """Anything else of a campaign; once in a while it ends."""
        if verb == "end_campaign" and number % 8:
            return
        campaign = Campaign.objects.get(pk=self.world.campaign.pk)
        ended = campaign.state == CampaignState.ENDED
        done = self.goes(verb, self.change(verb, number))
        assert not (done and ended), "an ended campaign was changed"

    def change(self, verb: str, number: int) -> Callable[[], object]:
        """The verb with what it is given."""
        world, by = self.world, self.world.lee
        campaign, coordinators = world.campaign, [world.ana, world.ben, world.rita]
        person, society = coordinators[number % 3], [world.isscr, world.rivers][number % 2]
        partners = list(CampaignPartner.objects.filter(campaign=campaign).order_by("pk"))
        partner = partners[number % len(partners)]
        match verb:
            case "add_society" | "remove_society":
                deed = getattr(taking_part, verb)
                return lambda: deed(by=by, campaign=campaign, society=society)
            case "add_lead" | "remove_lead":
                deed = getattr(taking_part, verb)
                return lambda: deed(by=by, campaign=campaign, person=person)
            case "set_leading_partner":
                return lambda: taking_part.set_leading_partner(by=by, partnership=partner)
            case "update_campaign":
                basis = list(Basis)[number % 3]
                name = f"Research saves {number}"
                return lambda: campaigns.update_campaign(
                    by=by, campaign=campaign, name=name, basis=basis
                )
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
        return self.ask_otherwise(verb, number)

    def ask_otherwise(self, verb: str, number: int) -> Callable[[], object]:
        """A change of the form's questions."""
        by, campaign = self.world.lee, self.world.campaign
        found = list(Prompt.objects.filter(campaign=campaign).order_by("pk"))
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
        return lambda: prompts.retire_prompt(by=by, prompt=prompt)
