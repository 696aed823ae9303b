"""The people that every test knows by name, and what they stand in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from campaigns.models import (
    Basis,
    BoundarySet,
    Campaign,
    CampaignPartner,
    ConsentText,
    Coordinator,
    Member,
    Partner,
    PartnerUser,
    Phase,
    Place,
    PlaceKind,
    Prompt,
    PromptKind,
    RosterEntry,
    Society,
)
from campaigns.states import CampaignState, PhaseState
from portal.models import User
from tests.house.places import current_boundaries

CONSENT_WORDS = (
    "I agree that my story may be used as I have marked below. I can take this back at any time: "
    "each partner that holds my story is then asked to give it up, and I see what it answers."
)


@dataclass(frozen=True)
class World:
    """A small coalition in the middle of its first phase.

    Two societies, one running campaign (basis: home or work), a first phase in four states that is
    open now and a second for all states that is not, two partners, and people who are each there
    for a reason.
    """

    isscr: Society
    rivers: Society
    campaign: Campaign
    phase_one: Phase
    phase_two: Phase
    research_america: Partner
    frontline: Partner
    consent_text: ConsentText
    prompts: dict[str, Prompt]  # by kind; the main one is prompts["long_text"]
    boundaries: BoundarySet

    ana: User  # coordinator of ISSCR
    ben: User  # ana's colleague
    rita: User  # coordinator of the other society: must see nothing of ISSCR's
    lee: User  # leads the campaign; staff of ISSCR who may create campaigns
    mia: User  # ISSCR's member, lives and works in Kansas
    otto: User  # ISSCR's member, lives and works in Texas: the second phase is his
    nils: User  # the other society's member, in Utah
    sam: User  # has an account and no tie at all
    paula: User  # officer of Research!America
    pete: User  # paula's colleague
    fay: User  # officer of the other partner: must see nothing of Research!America's
    olga: User  # operator

    mia_member: Member
    otto_member: Member
    nils_member: Member


def make_user(name: str, email: str = "", *, operator: bool = False) -> User:
    """A person with a verified address at example.org, made from the first name unless given."""
    address = email or f"{name.split()[0].lower()}@example.org"
    user: User = User.objects.create_user(
        address, name=name, is_staff=operator, is_superuser=operator
    )
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    return user


def make_member(user: User, society: Society, **places: tuple[str, str, int | None]) -> Member:
    """Put a person on a society's roster; `home=("66045", "KS", 1)` and `work=` are their places."""
    given, _, family = user.name.partition(" ")
    member, _ = Member.objects.get_or_create(
        email=user.email, defaults={"user": user, "given_name": given, "family_name": family}
    )
    RosterEntry.objects.create(society=society, member=member, email=user.email)
    for kind, (zip_, state, district) in places.items():
        Place.objects.create(
            member=member,
            kind=PlaceKind(kind),
            zip=zip_,
            state=state,
            district=district,
            boundaries=current_boundaries(),
            said_by_member=True,
        )
    return member


def make_prompts(campaign: Campaign) -> dict[str, Prompt]:
    """One prompt of every kind; the long text is required and takes 20 to 600 words."""
    long_text = Prompt(
        kind=PromptKind.LONG_TEXT,
        label="Your story",
        help_text="What did research make possible?",
        required=True,
        least_words=20,
        most_words=600,
    )
    others = [
        Prompt(kind=PromptKind.SHORT_TEXT, label="Who or what was helped?"),
        Prompt(
            kind=PromptKind.ONE_CHOICE,
            label="I tell this as",
            required=True,
            choices=["a scientist", "a patient", "a relative", "a neighbor"],
        ),
        Prompt(
            kind=PromptKind.SEVERAL,
            label="It is about",
            choices=["a treatment", "a discovery", "a job", "a student"],
        ),
        Prompt(kind=PromptKind.DATE, label="When did it happen?"),
        Prompt(kind=PromptKind.LINK, label="Where can one read more?"),
    ]
    prompts = {}
    for position, prompt in enumerate([long_text, *others]):
        prompt.campaign, prompt.position = campaign, position
        prompt.save()
        prompts[str(prompt.kind)] = prompt
    return prompts


def make_campaign(*societies: Society, lead: User, name: str = "Research saves") -> Campaign:
    """A running campaign of these societies, without phases, prompts or partners yet."""
    campaign = Campaign.objects.create(
        name=name,
        slug=name.lower().replace(" ", "-"),
        summary="What research funding made possible, told by those who know.",
        brief="We ask our members to tell lawmakers how NIH funding mattered.",
        state=CampaignState.RUNNING,
        basis=Basis.EITHER,
        time_zone="America/New_York",
    )
    campaign.societies.set(societies)
    campaign.leads.set([lead])
    return campaign


def make_phases(campaign: Campaign) -> tuple[Phase, Phase]:
    """Four states for 90 days around now, then all states."""
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    one = Phase.objects.create(
        campaign=campaign,
        name="First four states",
        states=["KS", "NC", "PA", "UT"],
        opens_at=now - dt.timedelta(days=30),
        closes_at=now + dt.timedelta(days=60),
        state=PhaseState.OPENED,
        opened_at=now - dt.timedelta(days=30),
    )
    two = Phase.objects.create(
        campaign=campaign,
        name="All states",
        all_states=True,
        opens_at=now + dt.timedelta(days=60),
        closes_at=now + dt.timedelta(days=180),
    )
    return one, two


def make_world() -> World:
    """Build the coalition; see World for who is who."""
    isscr = Society.objects.create(
        name="International Society for Stem Cell Research", short_name="ISSCR", slug="isscr"
    )
    rivers = Society.objects.create(
        name="Society of River Biology", short_name="SRB", slug="river-biology"
    )
    lee = make_user("Lee Park")
    campaign = make_campaign(isscr, rivers, lead=lee)
    phase_one, phase_two = make_phases(campaign)
    research_america = Partner.objects.create(name="Research!America", slug="research-america")
    frontline = Partner.objects.create(name="Science Frontline", slug="science-frontline")
    CampaignPartner.objects.create(campaign=campaign, partner=research_america, leads=True)
    CampaignPartner.objects.create(campaign=campaign, partner=frontline)
    boundaries = current_boundaries()

    ana, ben, rita = make_user("Ana Ruiz"), make_user("Ben Okafor"), make_user("Rita Maes")
    Coordinator.objects.create(society=isscr, user=ana)
    Coordinator.objects.create(society=isscr, user=ben)
    Coordinator.objects.create(society=rivers, user=rita)
    Coordinator.objects.create(society=isscr, user=lee, may_create_campaigns=True, notices="off")

    mia, otto, nils = make_user("Mia Chen"), make_user("Otto Brandt"), make_user("Nils Dahl")
    paula, pete, fay = make_user("Paula Grant"), make_user("Pete Novak"), make_user("Fay Idris")
    PartnerUser.objects.create(partner=research_america, user=paula, title="Director of Advocacy")
    PartnerUser.objects.create(partner=research_america, user=pete, title="Writer")
    PartnerUser.objects.create(partner=frontline, user=fay, title="Editor")

    return World(
        isscr=isscr,
        rivers=rivers,
        campaign=campaign,
        phase_one=phase_one,
        phase_two=phase_two,
        research_america=research_america,
        frontline=frontline,
        consent_text=ConsentText.objects.create(
            campaign=campaign, version=1, text=CONSENT_WORDS, created_by=lee
        ),
        prompts=make_prompts(campaign),
        boundaries=boundaries,
        ana=ana,
        ben=ben,
        rita=rita,
        lee=lee,
        mia=mia,
        otto=otto,
        nils=nils,
        sam=make_user("Sam Field"),
        paula=paula,
        pete=pete,
        fay=fay,
        olga=make_user("Olga Stern", operator=True),
        mia_member=make_member(mia, isscr, home=("66045", "KS", 1), work=("66160", "KS", 3)),
        otto_member=make_member(otto, isscr, home=("78701", "TX", 37), work=("78701", "TX", 37)),
        nils_member=make_member(nils, rivers, home=("84322", "UT", 1), work=("84112", "UT", 1)),
    )


def client_of(user: User | None) -> Client:
    """A browser without JavaScript in which this person has signed in; None: a stranger's."""
    client = Client()
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client
