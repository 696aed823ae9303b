"""Members join a campaign, or read why not and ask to be told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from campaigns.models import Basis, Campaign, Participation, Place, RosterEntry, Society, Wish
from campaigns.states import CampaignState
from portal.models import AuditLine, User
from tests.house.people import World, make_campaign, make_member, make_phases, make_user
from tests.house.queries import equal_queries

ClientOf = Callable[[User | None], Client]


def page_of(campaign: Campaign) -> str:
    return reverse("campaigns:campaign", args=[campaign.slug])


def join_path(campaign: Campaign) -> str:
    return reverse("campaigns:join", args=[campaign.slug])


def text_of(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_a_member_in_an_open_state_joins_with_what_counted(
    world: World, client_of: ClientOf
) -> None:
    mia = client_of(world.mia)
    assert "You can take part" in text_of(mia, page_of(world.campaign))

    response = mia.post(join_path(world.campaign))

    # The same press of the button begins the story: the browser sends the form on.
    assert (response.status_code, response["Location"]) == (
        307,
        f"{reverse('stories:begin', args=[world.campaign.slug])}?joined",
    )
    joined = Participation.objects.get()
    assert (
        joined.member,
        joined.society,
        joined.phase,
        joined.basis,
        joined.counted,
        joined.zip,
        joined.state,
        joined.district,
        joined.boundaries,
    ) == (
        world.mia_member,
        world.isscr,
        world.phase_one,
        Basis.EITHER,
        "home",
        "66045",
        "KS",
        1,
        world.boundaries,
    )
    line = AuditLine.objects.get(verb="join")
    assert (line.actor, line.object_id) == (world.mia, str(joined.pk))
    assert "You take part" in text_of(mia, page_of(world.campaign))


def test_what_counted_stays_when_the_member_moves(world: World, client_of: ClientOf) -> None:
    client_of(world.mia).post(join_path(world.campaign))
    Place.objects.filter(member=world.mia_member).update(state="TX", zip="78701", district=37)

    client_of(world.mia).post(join_path(world.campaign))

    assert Participation.objects.get().state == "KS"
    with pytest.raises(IntegrityError), transaction.atomic():
        Participation.objects.update(state="TX")


def test_joining_twice_is_joining_once(world: World, client_of: ClientOf) -> None:
    for _ in range(2):
        assert client_of(world.mia).post(join_path(world.campaign)).status_code == 307

    assert Participation.objects.count() == 1
    assert AuditLine.objects.filter(verb="join").count() == 1


def test_who_comes_too_early_reads_when_and_can_ask_to_be_told(
    world: World, client_of: ClientOf
) -> None:
    otto = client_of(world.otto)
    assert "Texas, where you live, opens on" in text_of(otto, page_of(world.campaign))

    assert otto.post(join_path(world.campaign)).status_code == 400
    assert Participation.objects.count() == 0

    for _ in range(2):
        otto.post(reverse("campaigns:wish", args=[world.campaign.slug]))
    assert [wish.member for wish in Wish.objects.all()] == [world.otto_member]
    assert "You asked to be told" in text_of(otto, page_of(world.campaign))

    otto.post(reverse("campaigns:unwish", args=[world.campaign.slug]))
    assert Wish.objects.count() == 0


def test_who_was_too_early_joins_once_it_is_open(world: World, client_of: ClientOf) -> None:
    with time_machine.travel(world.phase_two.opens_at):
        client_of(world.otto).post(join_path(world.campaign))

    joined = Participation.objects.get()
    assert (joined.member, joined.phase, joined.state) == (
        world.otto_member,
        world.phase_two,
        "TX",
    )


def test_a_campaign_that_is_over_answers_409(world: World, client_of: ClientOf) -> None:
    with time_machine.travel(world.phase_two.closes_at + dt.timedelta(seconds=1)):
        assert client_of(world.mia).post(join_path(world.campaign)).status_code == 409
    assert Participation.objects.count() == 0


def test_an_ambiguous_zip_is_not_guessed(world: World, client_of: ClientOf) -> None:
    Place.objects.filter(member=world.mia_member).update(state="", district=None, ambiguous=True)
    mia = client_of(world.mia)

    assert mia.post(join_path(world.campaign)).status_code == 400
    assert "Choose your state" in text_of(mia, page_of(world.campaign))

    Place.objects.filter(member=world.mia_member, kind="home").update(state="KS", ambiguous=False)
    assert mia.post(join_path(world.campaign)).status_code == 307


def test_a_campaign_of_another_society_does_not_exist(world: World, client_of: ClientOf) -> None:
    other = make_campaign(world.rivers, lead=world.rita, name="Rivers first")
    make_phases(other)
    nils, mia = client_of(world.nils), client_of(world.mia)

    assert nils.get(page_of(other)).status_code == 200
    assert nils.post(join_path(other)).status_code == 307
    for door in ("campaign", "join", "wish", "unwish"):
        path = reverse(f"campaigns:{door}", args=[other.slug])
        answer = mia.get(path) if door == "campaign" else mia.post(path)
        assert answer.status_code == 404
    assert "Rivers first" in text_of(nils, reverse("campaigns:list"))
    assert "Rivers first" not in text_of(mia, reverse("campaigns:list"))


def test_who_has_left_the_roster_reads_that_they_may_not_join(
    world: World, client_of: ClientOf
) -> None:
    RosterEntry.objects.filter(member=world.mia_member).update(left_at=world.phase_one.opens_at)
    mia = client_of(world.mia)

    assert "is on none of their rosters" in text_of(mia, page_of(world.campaign))
    assert mia.post(join_path(world.campaign)).status_code == 400


def test_a_draft_is_not_shown_to_members(world: World, client_of: ClientOf) -> None:
    mia, ana = client_of(world.mia), client_of(world.ana)
    assert mia.get(page_of(world.campaign)).status_code == 200

    Campaign.objects.update(state=CampaignState.DRAFT)

    assert mia.get(page_of(world.campaign)).status_code == 404
    assert ana.get(page_of(world.campaign)).status_code == 200


def test_a_member_of_two_societies_chooses_for_which(world: World, client_of: ClientOf) -> None:
    RosterEntry.objects.create(
        society=world.rivers, member=world.mia_member, email=world.mia_member.email
    )
    outside = Society.objects.create(name="Outside", short_name="Out", slug="outside")
    mia = client_of(world.mia)
    assert "For which of your societies?" in text_of(mia, page_of(world.campaign))

    refused = mia.post(join_path(world.campaign), {"society": outside.slug})
    assert (refused.status_code, Participation.objects.count()) == (400, 0)
    mia.post(join_path(world.campaign), {"society": world.rivers.slug})

    assert Participation.objects.get().society == world.rivers


def test_an_account_without_a_tie_is_told_what_to_do(world: World, client_of: ClientOf) -> None:
    sam = client_of(world.sam)

    assert "We do not know your society yet" in text_of(sam, reverse("campaigns:list"))
    assert sam.get(page_of(world.campaign)).status_code == 404
    assert client_of(None).get(page_of(world.campaign)).status_code == 302


def test_the_list_costs_the_same_with_1_and_30_campaigns(world: World, client_of: ClientOf) -> None:
    person = make_user("Kim Lowe")
    fresh = Society.objects.create(name="Fresh", short_name="Fresh", slug="fresh")
    make_member(person, fresh, home=("66045", "KS", 1))
    client = client_of(person)
    made = 0

    def add(count: int) -> None:
        nonlocal made
        for _ in range(count):
            made += 1
            make_phases(make_campaign(fresh, lead=world.lee, name=f"Campaign {made}"))

    assert equal_queries(add, lambda: client.get(reverse("campaigns:list"))) <= 14
