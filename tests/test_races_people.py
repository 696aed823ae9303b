"""Races about people: rosters, places, sign-ins, joining, phases, and what a lead sets up.

Each runs many times, with real connections and other pauses every time; see tests/house/races.py.
"""

from __future__ import annotations

import datetime as dt
import io

import pytest
from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from campaigns.models import (
    Campaign,
    CampaignPartner,
    ConsentText,
    Coordinator,
    Invitation,
    Member,
    MembershipRequest,
    Participation,
    Partner,
    Place,
    Prompt,
    RosterEntry,
    Society,
)
from campaigns.states import CampaignState, PhaseState, RequestState
from campaigns.verbs import (
    consent_texts,
    invitations,
    members,
    phases,
    prompts,
    requests,
    roster_imports,
    taking_part,
)
from campaigns.verbs.campaigns import end_campaign
from campaigns.verbs.places import Said, set_places
from campaigns.verbs.rosters import import_roster
from portal.errors import TooLate
from portal.models import AuditLine, Job, Message, User
from portal.work import work_on
from stories.models import Tag
from stories.verbs import reviewing
from tests.house.people import World, client_of, make_member, make_user
from tests.house.races import Deed, one_winner, posting, race, rounds
from tests.house.stories import submitted_story

pytestmark = pytest.mark.django_db(transaction=True)

TEN = range(10)


def importing(society: Society, *lines: str) -> Deed:
    """A roster of these lines is imported, as the command does it."""
    raw = "\n".join(["email,given name,family name,home zip", *lines]).encode()

    def deed() -> None:
        for _ in import_roster(by=None, society=society, file=io.BytesIO(raw)):
            pass

    return deed


def line(number: int, seed: int, name: str = "Ada", zip: str = "66045") -> str:
    """One person of a roster."""
    return f"person{number}.{seed}@example.org,{name},Number{number},{zip}"


def test_import_and_import_into_one_society(world: World) -> None:
    """The same people, top down and bottom up."""
    for seed in rounds(world):
        lines = [line(number, seed) for number in TEN]
        race(seed, importing(world.isscr, *lines), importing(world.isscr, *lines[::-1]))
        here = RosterEntry.objects.filter(email__endswith=f".{seed}@example.org")
        assert here.count() == Member.objects.filter(entries__in=here).distinct().count() == 10
        assert Place.objects.filter(member__entries__in=here, zip="66045").count() == 10


def test_import_and_import_into_two_societies(world: World) -> None:
    """Who is on both rosters is one person, whichever comes first; a known one gets a new name."""
    for seed in rounds(world):
        known = [line(number, seed, name="Old") for number in TEN[:5]]
        importing(world.isscr, *known)()
        lines = [line(number, seed, name="New") for number in TEN]
        race(seed, importing(world.isscr, *lines), importing(world.rivers, *lines[::-1]))
        both = Member.objects.filter(email__endswith=f".{seed}@example.org")
        assert both.count() == 10
        assert set(both.values_list("given_name", flat=True)) == {"New"}
        assert RosterEntry.objects.filter(member__in=both).count() == 20


def test_confirming_a_roster_twice(world: World) -> None:
    raw = b"email,given name\nnew@example.org,Nea\n"
    for seed in rounds(world):
        kept = roster_imports.receive_roster(
            by=world.ana, society=world.isscr, file=ContentFile(raw), size=len(raw)
        )
        _, words = one_winner(
            race(
                seed,
                lambda: roster_imports.confirm_import(by=world.ana, roster_import=kept),
                lambda: roster_imports.confirm_import(by=world.ben, roster_import=kept),
            )
        )
        assert "confirmed already" in words
        assert Job.objects.filter(key=f"import-roster-{kept.pk}").count() == 1


def test_confirming_and_discarding_a_roster(world: World) -> None:
    raw = b"email,given name\nnew@example.org,Nea\n"
    for seed in rounds(world):
        kept = roster_imports.receive_roster(
            by=world.ana, society=world.isscr, file=ContentFile(raw), size=len(raw)
        )
        winner, _ = one_winner(
            race(
                seed,
                lambda: roster_imports.confirm_import(by=world.ana, roster_import=kept),
                lambda: roster_imports.discard_import(by=world.ben, roster_import=kept),
            )
        )
        assert Job.objects.filter(key=f"import-roster-{kept.pk}").exists() == (winner == 0)


def unclaimed(seed: int, *addresses: str) -> User:
    """A person with an account whose addresses, each proven, stand on rosters under other records."""
    person = make_user(f"Nea Proven{seed}", f"{addresses[0]}{seed}@example.org")
    for address in addresses[1:]:
        EmailAddress.objects.create(
            user=person, email=f"{address}{seed}@example.org", verified=True
        )
    return person


def test_a_sign_in_and_an_import_of_the_same_person(world: World) -> None:
    """The import knew the record before it had an account; it must not take the account away."""
    for seed in rounds(world):
        lines = [f"nea{seed}@example.org,Old,Name,66045"]
        importing(world.isscr, *lines)()
        person = unclaimed(seed, "nea")
        lines = [f"nea{seed}@example.org,New,Name,84112"]
        race(
            seed,
            lambda: members.adopt(person, person.email),
            importing(world.isscr, *lines),
            lambda: members.adopt(person, person.email),
        )
        assert Member.objects.get(email=person.email).user == person
        assert RosterEntry.objects.get(email=person.email).member.user == person


def test_a_sign_in_that_joins_two_records_and_an_import(world: World) -> None:
    for seed in rounds(world):
        lines = [f"{name}{seed}@example.org,Old,Name,66045" for name in ("nea", "aen")]
        importing(world.isscr, *lines)()
        person = unclaimed(seed, "nea", "aen")
        members.adopt(person, f"aen{seed}@example.org")
        changed = [line.replace("Old", "New") for line in lines]
        race(
            seed,
            lambda: members.adopt(person, person.email),
            importing(world.isscr, *changed),
            importing(world.rivers, *changed[::-1]),
        )
        members.adopt(person, person.email)
        entries = RosterEntry.objects.filter(
            email__in=[f"{n}{seed}@example.org" for n in ("nea", "aen")]
        )
        assert entries.count() == 4
        assert {entry.member.user for entry in entries} == {person}


def test_the_first_two_pages_of_a_new_person(world: World) -> None:
    """Both ask for the person's own record, which nobody has made yet."""
    for seed in rounds(world):
        person = make_user(f"Nea First{seed}", f"first{seed}@example.org")
        endings = race(seed, *[lambda: members.own_member(by=person)] * 3)
        assert len({ending.value for ending in endings}) == 1
        assert Member.objects.filter(user=person).count() == 1


def test_two_proofs_of_an_address_under_a_former_owner(world: World) -> None:
    """An address that once was somebody else's, proven in two windows."""
    for seed in rounds(world):
        former = make_user(f"Otto Former{seed}", f"former{seed}@example.org")
        member = make_member(former, world.isscr, home=("66045", "KS", 1))
        RosterEntry.objects.create(
            society=world.rivers, member=member, email=f"passed{seed}@example.org"
        )
        person = make_user(f"Nea Later{seed}", f"passed{seed}@example.org")
        race(seed, *[lambda: members.adopt(person, person.email)] * 2)
        assert RosterEntry.objects.get(email=person.email).member.user == person


def test_my_own_word_on_my_places_and_an_import(world: World) -> None:
    """What a member says of their places stands above a roster, also at the same moment."""
    for seed in rounds(world):
        person = unclaimed(seed, "nea")
        importing(world.isscr, f"{person.email},Nea,Name,66045")()
        member = members.own_member(by=person)
        if seed % 2:
            Place.objects.filter(member=member).delete()
        saying, _ = race(
            seed,
            lambda: set_places(
                by=person, member=member, home=Said(zip="84322"), work=Said(zip="84112")
            ),
            importing(world.isscr, f"{person.email},Nea,Name,15213"),
        )
        assert saying.won
        home = Place.objects.get(member=member, kind="home")
        assert (home.zip, home.state, home.said_by_member) == ("84322", "UT", True)


def test_places_in_two_windows(world: World) -> None:
    for seed in rounds(world):
        person = unclaimed(seed, "nea")
        member = members.own_member(by=person)
        zips = ("84322", "15213")
        race(
            seed,
            *[
                lambda zip=zip: set_places(
                    by=person, member=member, home=Said(zip=zip), work=Said()
                )
                for zip in zips
            ],
        )
        assert Place.objects.get(member=member, kind="home").zip in zips


def test_join_and_join(world: World) -> None:
    path = reverse("campaigns:join", args=[world.campaign.slug])
    for seed in rounds(world):
        person = make_user(f"Nea Joins{seed}", f"joins{seed}@example.org")
        make_member(person, world.isscr, home=("66045", "KS", 1))
        race(seed, *[posting(client_of(person), path) for _ in range(3)])
        joined = Participation.objects.get(member__user=person)
        assert AuditLine.objects.about(joined).filter(verb="join").count() == 1


def test_open_phase_and_open_phase(world: World) -> None:
    """Two clocks and the lead; and then two workers on the invitations."""
    phase = world.phase_two
    for seed in rounds(world):
        now = timezone.now()
        type(phase).objects.filter(pk=phase.pk).update(
            state=PhaseState.PLANNED, opened_at=None, opens_at=now - dt.timedelta(minutes=1)
        )
        Job.objects.all().delete()
        Invitation.objects.all().delete()
        Message.objects.all().delete()
        endings = race(
            seed,
            lambda: phases.open_phase(by=None, phase=phase),
            lambda: phases.open_phase(by=None, phase=phase),
            lambda: phases.open_phase(by=world.lee, phase=phase),
        )
        assert [ending.won for ending in endings].count(True) == 1
        assert all("opened it on" in ending.refusal for ending in endings if not ending.won)
        job = Job.objects.get()
        invitations.look_again(campaign=world.campaign)
        jobs = list(Job.objects.values_list("pk", flat=True))
        assert len(jobs) == 3
        race(seed, *[lambda pk=pk: work_on(pk, invitations.invite) for pk in (*jobs, job.pk)])
        assert Invitation.objects.count() == Message.objects.filter(template="invitation").count()
        assert Invitation.objects.count() == 3


def test_a_request_made_twice_and_answered_twice(world: World) -> None:
    for seed in rounds(world):
        person = make_user(f"Nea Asks{seed}", f"asks{seed}@example.org")
        _, words = one_winner(
            race(
                seed,
                *[lambda: requests.ask_to_be_added(by=person, society=world.isscr, note="Hello.")]
                * 2,
            )
        )
        assert "already" in words
        request = MembershipRequest.objects.get(user=person)
        winner, words = one_winner(
            race(
                seed,
                lambda: requests.accept_request(by=world.ana, request=request),
                lambda: requests.refuse_request(by=world.ben, request=request),
            )
        )
        request.refresh_from_db()
        assert request.state == (RequestState.ACCEPTED, RequestState.REFUSED)[winner]
        assert ("Ana Ruiz accepted it on", "Ben Okafor refused it on")[winner] in words
        told = Message.objects.filter(user=person, template__startswith="membership_")
        assert told.count() == 1


def test_two_leads_set_up_the_same_thing(world: World) -> None:
    """The same partner, and two wordings: one after the other, never both at once."""
    for seed in rounds(world):
        partner = Partner.objects.create(name=f"Partner {seed}", slug=f"partner-{seed}")
        one_winner(
            race(
                seed,
                *[
                    lambda: taking_part.add_partner(
                        by=world.lee, campaign=world.campaign, partner=partner
                    )
                ]
                * 2,
            )
        )
        before = ConsentText.objects.filter(campaign=world.campaign).count()
        endings = race(
            seed,
            *[
                lambda words=words: consent_texts.publish_consent_text(
                    by=world.lee, campaign=world.campaign, text=f"{words} {seed}"
                )
                for words in ("One wording", "Another wording")
            ],
        )
        assert [ending.won for ending in endings] == [True, True]
        assert ConsentText.objects.filter(campaign=world.campaign).count() == before + 2
        ties = list(CampaignPartner.objects.filter(campaign=world.campaign).order_by("pk"))[-2:]
        race(
            seed,
            *[
                lambda tie=tie: taking_part.set_leading_partner(by=world.lee, partnership=tie)
                for tie in ties
            ],
        )
        assert CampaignPartner.objects.filter(campaign=world.campaign, leads=True).count() == 1


def test_two_leads_take_the_same_thing_out(world: World) -> None:
    """One does it; the other is told that it is gone, and it stands in the audit log once."""
    campaign, by = world.campaign, world.lee
    for seed in rounds(world):
        Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.DRAFT)
        partner = Partner.objects.create(name=f"Partner {seed}", slug=f"partner-{seed}")
        tie = CampaignPartner.objects.create(campaign=campaign, partner=partner)
        prompt = Prompt.objects.create(campaign=campaign, label="Why?", kind="date", position=9)
        society = Society.objects.create(name=f"S {seed}", short_name=f"S{seed}", slug=f"s-{seed}")
        campaign.societies.add(society)
        campaign.leads.add(world.ana)
        deeds: dict[str, Deed] = {
            "remove_partner": lambda: taking_part.remove_partner(by=by, partnership=tie),
            "delete_prompt": lambda: prompts.delete_prompt(by=by, prompt=prompt),
            "remove_society": lambda: taking_part.remove_society(
                by=by, campaign=campaign, society=society
            ),
            "remove_lead": lambda: taking_part.remove_lead(
                by=by, campaign=campaign, person=world.ana
            ),
        }
        for verb, deed in deeds.items():
            before = AuditLine.objects.filter(verb=verb).count()
            one_winner(race(seed, deed, deed))
            assert AuditLine.objects.filter(verb=verb).count() == before + 1


def test_a_partner_is_removed_while_it_is_made_the_leading_one(world: World) -> None:
    """Whoever is first: a campaign does not lose its leading partner to one that is gone."""
    for seed in rounds(world):
        Campaign.objects.filter(pk=world.campaign.pk).update(state=CampaignState.DRAFT)
        first = CampaignPartner.objects.get(campaign=world.campaign, partner=world.research_america)
        taking_part.set_leading_partner(by=world.lee, partnership=first)
        partner = Partner.objects.create(name=f"Partner {seed}", slug=f"partner-{seed}")
        tie = CampaignPartner.objects.create(campaign=world.campaign, partner=partner)
        removing, leading = race(
            seed,
            lambda: taking_part.remove_partner(by=world.lee, partnership=tie),
            lambda: taking_part.set_leading_partner(by=world.lee, partnership=tie),
        )
        assert removing.won
        first.refresh_from_db()
        assert first.leads != leading.won
        taking_part.set_leading_partner(by=world.lee, partnership=first)
        with pytest.raises(TooLate, match="somebody has removed it"):  # from a page of before
            taking_part.set_leading_partner(by=world.lee, partnership=tie)
        first.refresh_from_db()
        assert first.leads


def test_who_becomes_a_lead_while_their_tie_is_taken_away(world: World) -> None:
    """Whoever is first: nobody leads who coordinates no more."""
    Coordinator.objects.filter(user=world.ana).delete()
    for seed in rounds(world):
        tie = Coordinator.objects.create(user=world.ana, society=world.isscr)
        race(
            seed,
            lambda: taking_part.add_lead(by=world.lee, campaign=world.campaign, person=world.ana),
            lambda tie=tie: taking_part.remove_coordinator(by=world.olga, tie=tie),  # type: ignore[misc]
        )
        assert not Coordinator.objects.filter(user=world.ana).exists()
        assert list(world.campaign.leads.all()) == [world.lee]


def test_a_new_tag_by_two_coordinators(world: World) -> None:
    for seed in rounds(world):
        story = submitted_story(world)
        endings = race(
            seed,
            *[
                lambda by=by: reviewing.set_tags(by=by, story=story, names=[f"new {seed}", "old"])
                for by in (world.ana, world.ben)
            ],
        )
        assert [ending.won for ending in endings] == [True, True]
        assert sorted(tag.name for tag in story.tags.all()) == [f"new {seed}", "old"]
        assert Tag.objects.filter(name=f"new {seed}").count() == 1


def test_one_side_ends_the_campaign_while_the_other_changes_it(world: World) -> None:
    for seed in rounds(world):
        Campaign.objects.filter(pk=world.campaign.pk).update(state=CampaignState.RUNNING)
        partner = Partner.objects.create(name=f"Late {seed}", slug=f"late-{seed}")
        adding, ending = race(
            seed,
            lambda: taking_part.add_partner(by=world.lee, campaign=world.campaign, partner=partner),
            lambda: end_campaign(by=world.lee, campaign=world.campaign),
        )
        assert ending.won
        assert adding.won or "Lee Park ended it on" in adding.refusal
