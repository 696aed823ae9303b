"""Who is there before anything happens, and the campaign as its lead sets it up."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import partial

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from campaigns.models import (
    Basis,
    Campaign,
    Coordinator,
    Partner,
    PartnerUser,
    Prompt,
    Rhythm,
    Society,
)
from campaigns.rules.clocks import day_in_words
from campaigns.verbs import campaigns, consent_texts, phases, prompts, taking_part
from portal.models import User
from stories.demo import material, plot
from stories.demo.clock import TIME_ZONE, Calendar

#: Everybody's password. The demonstration runs on this machine alone.
PASSWORD = "research-matters"  # noqa: S105 (printed for whoever tries the demonstration)
OPEN_FOR_DAYS = 63


@dataclass
class Company:
    """Everybody and everything that scenes ask for by key."""

    staff: dict[str, User] = field(default_factory=dict)
    societies: dict[str, Society] = field(default_factory=dict)
    partners: dict[str, Partner] = field(default_factory=dict)
    prompts: dict[str, Prompt] = field(default_factory=dict)
    #: The hash of everybody's password.
    password: str = field(default_factory=lambda: make_password(PASSWORD))
    _campaign: Campaign | None = None

    @property
    def campaign(self) -> Campaign:
        """The campaign, once its lead has created it."""
        if self._campaign is None:
            raise LookupError("no campaign yet")
        return self._campaign

    @property
    def lead(self) -> User:
        """The first of the campaign's leads."""
        return self.staff["lead-1"]

    def coordinator(self, society: Society, key: str) -> User:
        """Which of a society's two coordinators has a story; the first one has two of three."""
        which = 2 if sum(map(ord, key)) % 3 == 0 else 1
        return self.staff[f"coordinator-{society.slug}-{which}"]

    def officer(self, partner: str, which: int = 1) -> User:
        """One of a partner's two officers."""
        short = {plot.LEADING: "ra", plot.LATE: "lanternfield"}[partner]
        return self.staff[f"partner-{short}-{which}"]


def account(email: str, name: str, password: str, *, operator: bool = False) -> User:
    """A person who has proven that the address is theirs; `password` is hashed already."""
    user: User = User.objects.create_user(
        email, name=name, is_staff=operator, is_superuser=operator
    )
    User.objects.filter(pk=user.pk).update(password=password)
    user.password = password
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def gather(company: Company) -> None:
    """Societies, partners and the people who work for them, as an operator enters them."""
    content = material.campaign()
    for row in content["societies"]:
        company.societies[row["key"]] = Society.objects.create(
            name=row["name"], short_name=row["short_name"], slug=row["key"]
        )
    for row in content["partners"]:
        company.partners[row["key"]] = Partner.objects.create(name=row["name"], slug=row["key"])
    for person in material.cast():
        user = account(
            person.email, person.name, company.password, operator=person.role == "operator"
        )
        company.staff[person.key] = user
        if person.role in ("coordinator", "campaign_lead"):
            leads = person.role == "campaign_lead"
            Coordinator.objects.create(
                society=company.societies[person.at],
                user=user,
                may_create_campaigns=leads,
                notices="off" if leads else "at_once",
            )
        elif person.role == "partner_user":
            PartnerUser.objects.create(
                partner=company.partners[person.at], user=user, title=person.title
            )


def set_up(company: Company, calendar: Calendar) -> None:
    """Create the campaign with its texts, prompts, phases and first partner, and start it."""
    content, lead = material.campaign(), company.lead
    opens = calendar.moment(calendar.weekday(plot.PHASE_TWO, 1), 9)
    campaign = campaigns.create_campaign(by=lead, name=content["name"])
    company._campaign = campaigns.update_campaign(
        by=lead,
        campaign=campaign,
        summary=content["summary"],
        brief=content["brief"].format(second_phase=day_in_words(opens, TIME_ZONE)),
        time_zone=TIME_ZONE,
        basis=Basis.EITHER,
        consent_months=content["consent"]["default_months"],
    )
    campaigns.change_rhythm(by=lead, campaign=campaign, rhythm=Rhythm.BY_HAND, weekday=0, hour=9)
    for society in company.societies.values():
        if not campaign.societies.filter(pk=society.pk).exists():
            taking_part.add_society(by=lead, campaign=campaign, society=society)
    taking_part.add_lead(by=lead, campaign=campaign, person=company.staff["lead-2"])
    taking_part.add_partner(by=lead, campaign=campaign, partner=company.partners[plot.LEADING])
    ask(company)
    publish_wording(company, 1)
    plan_phases(company, calendar, opens)
    campaigns.start_campaign(by=lead, campaign=campaign)
    company.campaign.refresh_from_db()


def ask(company: Company) -> None:
    """The campaign's prompts, in order."""
    for row in material.campaign()["prompts"]:
        kind = {"several_choices": "several"}.get(row["kind"], row["kind"])
        company.prompts[row["key"]] = prompts.add_prompt(
            by=company.lead,
            campaign=company.campaign,
            kind=kind,
            label=row["label"],
            help_text=row["help"],
            required=row["required"],
            least_words=row.get("min_words"),
            most_words=row.get("max_words"),
            choices=[choice["label"] for choice in row["choices"]],
        )


def plan_phases(company: Company, calendar: Calendar, second_opens: dt.datetime) -> None:
    """Four states first, then all; both are open until some weeks from now."""
    closes = calendar.moment(calendar.weekday(-OPEN_FOR_DAYS, 4), 17)
    add = partial(phases.add_phase, by=company.lead, campaign=company.campaign, closes_at=closes)
    add(
        name="Four states first",
        states=["KS", "NC", "PA", "UT"],
        all_states=False,
        opens_at=calendar.moment(calendar.weekday(plot.PHASE_ONE, 1), 9),
    )
    add(name="All states", states=[], all_states=True, opens_at=second_opens)


def publish_wording(company: Company, version: int) -> None:
    """Put a version of the consent text in force."""
    wording = material.campaign()["consent"]["versions"][version - 1]
    consent_texts.publish_consent_text(
        by=company.lead, campaign=company.campaign, text=wording["text"]
    )
