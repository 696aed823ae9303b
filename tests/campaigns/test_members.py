"""One person, one record: what a proven address brings, and what an unproven one does not."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Invitation, Member, Participation, Place, RosterEntry, Wish
from campaigns.verbs.members import adopt, own_member
from portal.models import AuditLine, User
from tests.house.people import World, make_user

ClientOf = Callable[[User | None], Client]


def on_roster(world: World, email: str, **names: str) -> Member:
    member: Member = Member.objects.create(email=email, **names)
    RosterEntry.objects.create(society=world.rivers, member=member, email=email)
    return member


def prove(user: User, email: str) -> None:
    EmailAddress.objects.create(user=user, email=email, verified=True)


def test_a_proven_address_brings_its_roster_entry(world: World) -> None:
    known = on_roster(world, "sam@example.org", given_name="Sam")
    adopt(world.sam, "Sam@Example.org")
    assert own_member(by=world.sam) == known
    assert AuditLine.objects.get(verb="adopt").actor == world.sam
    adopt(world.sam, "sam@example.org")
    assert AuditLine.objects.filter(verb="adopt").count() == 1


def test_an_unproven_address_brings_nothing(world: World) -> None:
    known = on_roster(world, "other@example.org")
    EmailAddress.objects.create(user=world.sam, email="other@example.org", verified=False)
    adopt(world.sam, "other@example.org")
    known.refresh_from_db()
    assert known.user is None
    EmailAddress.objects.filter(email="other@example.org").update(verified=True)
    adopt(world.sam, "other@example.org")
    known.refresh_from_db()
    assert known.user == world.sam


def test_a_second_proven_address_makes_one_record_of_two(world: World) -> None:
    mine = world.mia_member
    theirs = on_roster(world, "mia@work.example.org", given_name="M.", family_name="Chen")
    for member in (mine, theirs):
        Invitation.objects.create(campaign=world.campaign, member=member, society=world.isscr)
    Wish.objects.create(campaign=world.campaign, member=theirs)
    Place.objects.create(member=theirs, kind="home", zip="67202", state="KS", district=4)
    Member.objects.filter(pk=theirs.pk).update(no_invitations_since=timezone.now())
    prove(world.mia, "mia@work.example.org")
    adopt(world.mia, "mia@work.example.org")
    assert not Member.objects.filter(pk=theirs.pk).exists()
    mine.refresh_from_db()
    assert {entry.email for entry in mine.entries.all()} == {
        "mia@example.org",
        "mia@work.example.org",
    }
    assert mine.invitations.count() == 1
    assert mine.wishes.count() == 1
    assert mine.places.get(kind="home").zip == "66045"
    assert str(mine) == "Mia Chen"
    assert mine.no_invitations_since is not None
    # Links in mail that went to the other address still find the person.
    assert Member.objects.by_token(theirs.token) == mine
    assert Member.objects.by_token(mine.token) == mine
    line = AuditLine.objects.get(verb="merge_members")
    assert line.detail == {"merged": theirs.pk, "entries": 1}


def test_what_a_closed_account_had_joined_comes_back_without_a_double(world: World) -> None:
    theirs = on_roster(world, "old@example.org")
    for member in (world.mia_member, theirs):
        Participation.objects.create(
            campaign=world.campaign, member=member, society=world.isscr, phase=world.phase_one,
            basis="either", counted="home", state="KS", boundaries=world.boundaries,
        )  # fmt: skip
    prove(world.mia, "old@example.org")
    adopt(world.mia, "old@example.org")
    assert Participation.objects.filter(member=world.mia_member).count() == 1
    assert world.mia_member.entries.filter(email="old@example.org").exists()


def test_an_entry_follows_its_address_to_whoever_has_proven_it(world: World) -> None:
    entry = RosterEntry.objects.get(email="otto@example.org")
    EmailAddress.objects.filter(email="otto@example.org").delete()
    User.objects.filter(pk=world.otto.pk).update(email="otto@elsewhere.example.org")
    newer = make_user("Otto Neu", "otto@example.org")
    adopt(newer, "otto@example.org")
    entry.refresh_from_db()
    assert entry.member.user == newer
    assert Member.objects.get(user=world.otto).email == "otto@elsewhere.example.org"


def test_signing_up_under_an_address_of_a_roster_makes_a_member(
    world: World, client_of: ClientOf
) -> None:
    on_roster(world, "sam@example.org")
    prove_again = client_of(world.sam)
    adopt(world.sam, "sam@example.org")
    page = prove_again.get(reverse("campaigns:my_societies")).content.decode()
    assert "Society of River Biology" in page
    assert "knows you as sam@example.org" in page
