"""Asking to be added to a roster, and how coordinators hear of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Coordinator, MembershipRequest, Notices, RosterEntry
from portal.models import DigestLine, User
from tests.house.people import World, make_user
from tests.house.post import Mail

ClientOf = Callable[[User | None], Client]
Deliver = Callable[[], list[Mail]]


@pytest.fixture
def asked(world: World, client_of: ClientOf) -> MembershipRequest:
    """Sam has asked ISSCR."""
    answer = client_of(world.sam).post(
        reverse("campaigns:ask_to_be_added"),
        {"society": world.isscr.pk, "note": "My number is 4711."},
    )
    assert answer.status_code == 302
    request: MembershipRequest = MembershipRequest.objects.get()
    return request


def decide(client: Client, verb: str, asked: MembershipRequest) -> int:
    return client.post(reverse(f"campaigns:{verb}_request", args=[asked.pk])).status_code


def test_coordinators_hear_of_a_request_as_each_has_chosen(
    world: World, asked: MembershipRequest, deliver_mail: Deliver
) -> None:
    mails = deliver_mail()
    assert {mail.to for mail in mails} == {"ana@example.org", "ben@example.org"}
    assert "My number is 4711." in mails[0].text
    assert reverse("campaigns:requests") in mails[0].links
    assert not DigestLine.objects.exists()


def test_who_has_asked_reads_so_where_campaigns_would_stand(
    world: World, client_of: ClientOf
) -> None:
    client = client_of(world.sam)
    address = reverse("campaigns:list")
    assert "We do not know your society yet" in client.get(address).content.decode()
    client.post(reverse("campaigns:ask_to_be_added"), {"society": world.isscr.pk})
    assert "Your society has your question" in client.get(address).content.decode()


def test_a_digest_and_silence_are_kept_to(
    world: World, client_of: ClientOf, deliver_mail: Deliver
) -> None:
    Coordinator.objects.filter(user=world.ana).update(notices=Notices.DAILY)
    Coordinator.objects.filter(user=world.ben).update(notices=Notices.OFF)
    client_of(world.sam).post(reverse("campaigns:ask_to_be_added"), {"society": world.isscr.pk})
    assert deliver_mail() == []
    line = DigestLine.objects.get()
    assert (line.user, line.text) == (
        world.ana,
        "ISSCR: somebody asks to be added to the roster",
    )
    assert line.url.endswith(reverse("campaigns:requests"))


def test_an_accepted_person_is_on_the_roster_and_told(
    world: World, asked: MembershipRequest, client_of: ClientOf, deliver_mail: Deliver
) -> None:
    deliver_mail()
    assert decide(client_of(world.ana), "accept", asked) == 302
    entry = RosterEntry.objects.get(society=world.isscr, email="sam@example.org")
    assert entry.member.user == world.sam
    (mail,) = deliver_mail()
    assert mail.to == "sam@example.org"
    assert (
        mail.subject == "International Society for Stem Cell Research has added you to its roster"
    )
    page = client_of(world.sam).get(reverse("campaigns:my_societies")).content.decode()
    assert "knows you as sam@example.org" in page


def test_of_two_coordinators_one_wins_and_the_other_reads_who(
    world: World, asked: MembershipRequest, client_of: ClientOf
) -> None:
    assert decide(client_of(world.ana), "refuse", asked) == 302
    late = client_of(world.ben).post(reverse("campaigns:accept_request", args=[asked.pk]))
    assert late.status_code == 409
    assert "Ana Ruiz refused it on" in late.content.decode()
    assert not RosterEntry.objects.filter(email="sam@example.org").exists()
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by) == ("refused", world.ana)


def test_one_request_waits_at_a_time_and_a_refused_one_may_be_repeated(
    world: World, asked: MembershipRequest, client_of: ClientOf
) -> None:
    url, typed = reverse("campaigns:ask_to_be_added"), {"society": world.isscr.pk, "note": "Again"}
    again = client_of(world.sam).post(url, typed)
    assert again.status_code == 400
    assert "has your request already" in again.content.decode()
    assert "Again" in again.content.decode()
    assert decide(client_of(world.ana), "refuse", asked) == 302
    assert client_of(world.sam).post(url, typed).status_code == 302


def test_a_member_does_not_ask_their_own_society(world: World, client_of: ClientOf) -> None:
    url = reverse("campaigns:ask_to_be_added")
    answer = client_of(world.mia).post(url, {"society": world.isscr.pk})
    assert answer.status_code == 400
    assert client_of(world.mia).post(url, {"society": world.rivers.pk}).status_code == 302


def test_whoever_left_may_ask_and_comes_back_as_the_same_entry(
    world: World, client_of: ClientOf
) -> None:
    entry = RosterEntry.objects.get(email="mia@example.org")
    RosterEntry.objects.filter(pk=entry.pk).update(left_at=world.campaign.created_at)
    url = reverse("campaigns:ask_to_be_added")
    assert client_of(world.mia).post(url, {"society": world.isscr.pk}).status_code == 302
    assert decide(client_of(world.ana), "accept", MembershipRequest.objects.get()) == 302
    entry.refresh_from_db()
    assert entry.left_at is None


def test_an_unproven_address_cannot_ask(world: World, client_of: ClientOf) -> None:
    unproven: User = User.objects.create_user("new@example.org")
    answer = client_of(unproven).post(
        reverse("campaigns:ask_to_be_added"), {"society": world.isscr.pk}
    )
    assert answer.status_code == 400
    assert not MembershipRequest.objects.exists()


def test_requests_are_for_the_societys_own_coordinators(
    world: World, asked: MembershipRequest, client_of: ClientOf
) -> None:
    url = reverse("campaigns:requests")
    assert "My number is 4711." in client_of(world.ana).get(url).content.decode()
    assert "My number is 4711." not in client_of(world.rita).get(url).content.decode()
    assert client_of(world.mia).get(url).status_code == 403
    for other in (world.rita, world.mia, world.sam):
        assert decide(client_of(other), "accept", asked) == 404
    assert decide(client_of(world.ben), "accept", asked) == 302
    answered = client_of(world.ana).get(url, {"show": "answered"}).content.decode()
    assert "Ben Okafor" in answered


def test_thirty_requests_cost_the_queries_of_one(
    world: World, asked: MembershipRequest, client_of: ClientOf
) -> None:
    client = client_of(world.ana)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("campaigns:requests")).status_code == 200
        return len(captured)

    queries()  # The first page of a minute also looks whether mail is late.
    few = queries()
    for number in range(30):
        user = make_user(f"N{number} Ng")
        MembershipRequest.objects.create(society=world.isscr, user=user)
    assert queries() == few


def test_a_coordinator_chooses_how_to_hear(world: World, client_of: ClientOf) -> None:
    client = client_of(world.ana)
    field = f"society_{world.isscr.pk}"
    assert field in client.get(reverse("campaigns:notices")).content.decode()
    assert client.post(reverse("campaigns:save_notices"), {field: "daily"}).status_code == 302
    assert Coordinator.objects.get(user=world.ana).notices == Notices.DAILY
    assert Coordinator.objects.get(user=world.ben).notices == Notices.AT_ONCE
    assert client.post(reverse("campaigns:save_notices"), {field: "never"}).status_code == 400
    # A field for a society of somebody else is not the form's, and changes nothing.
    foreign = {field: "off", f"society_{world.rivers.pk}": "off"}
    assert client.post(reverse("campaigns:save_notices"), foreign).status_code == 302
    assert Coordinator.objects.get(user=world.rita).notices == Notices.AT_ONCE
    assert client_of(world.mia).get(reverse("campaigns:notices")).status_code == 403
