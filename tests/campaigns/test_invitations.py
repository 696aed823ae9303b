"""Each member is told once that a campaign has opened for them, and can stop being told."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import (
    FormerToken,
    Invitation,
    Member,
    Participation,
    Phase,
    Place,
    RosterEntry,
    Wish,
)
from campaigns.verbs import invitations
from campaigns.verbs.members import adopt
from campaigns.verbs.phases import open_due_phases
from portal.models import AuditLine, Job, Message, User
from tests.house.people import World
from tests.house.post import Mail, run_task

ClientOf = Callable[[User | None], Client]


@pytest.fixture
def opened(world: World) -> World:
    """The world at the moment at which its second phase, for all states, has just opened."""
    now = timezone.now()
    Phase.objects.filter(pk=world.phase_one.pk).update(closes_at=now - dt.timedelta(hours=1))
    Phase.objects.filter(pk=world.phase_two.pk).update(opens_at=now - dt.timedelta(minutes=1))
    return world


def add_members(world: World, count: int, state: str = "TX") -> list[Member]:
    """People of ISSCR who have no account yet."""
    start = Member.objects.count()
    members = Member.objects.bulk_create(
        Member(email=f"person{start + number}@example.org", given_name=f"Person {number}")
        for number in range(count)
    )
    RosterEntry.objects.bulk_create(
        RosterEntry(society=world.isscr, member=member, email=member.email) for member in members
    )
    Place.objects.bulk_create(
        Place(member=member, kind="home", zip="78701", state=state) for member in members
    )
    return members


def told() -> list[str]:
    """Who was written to, one entry for each message."""
    rows = Message.objects.filter(template="invitation").order_by("pk").select_related("user")
    return sorted(message.user.email if message.user else message.address for message in rows)


def test_everybody_for_whom_it_opened_is_told_once(
    opened: World, run_jobs: Callable[[], int]
) -> None:
    RosterEntry.objects.create(
        society=opened.rivers, member=opened.mia_member, email="mia2@example.org"
    )
    for _ in range(3):
        run_task("campaigns.open_phases")
        run_jobs()

    assert told() == ["mia@example.org", "nils@example.org", "otto@example.org"]
    rows = Invitation.objects.order_by("member__email").values_list(
        "member__email", "society", "phase"
    )
    assert list(rows) == [
        ("mia@example.org", opened.isscr.pk, opened.phase_two.pk),
        ("nils@example.org", opened.rivers.pk, opened.phase_two.pk),
        ("otto@example.org", opened.isscr.pk, opened.phase_two.pk),
    ]


def test_who_is_not_told(opened: World, run_jobs: Callable[[], int]) -> None:
    kinds = ["told", "left", "unsubscribed", "ambiguous", "placeless", "joined", "elsewhere"]
    people = dict(zip(kinds, add_members(opened, len(kinds)), strict=True))
    RosterEntry.objects.filter(member=people["left"]).update(left_at=timezone.now())
    Member.objects.filter(pk=people["unsubscribed"].pk).update(no_invitations_since=timezone.now())
    Place.objects.filter(member=people["ambiguous"]).update(state="", ambiguous=True)
    Place.objects.filter(member=people["placeless"]).delete()
    opened.campaign.societies.remove(opened.rivers)
    RosterEntry.objects.filter(member=people["elsewhere"]).update(society=opened.rivers)
    Participation.objects.create(
        campaign=opened.campaign,
        member=people["joined"],
        society=opened.isscr,
        phase=opened.phase_two,
        basis="home",
        counted="home",
        state="TX",
    )

    open_due_phases()
    run_jobs()

    assert told() == sorted(["mia@example.org", "otto@example.org", people["told"].email])


def test_the_basis_decides_which_place_counts(opened: World, run_jobs: Callable[[], int]) -> None:
    Phase.objects.filter(pk=opened.phase_two.pk).update(all_states=False, states=["OH"])
    at_home, at_work = add_members(opened, 2)
    Place.objects.filter(member=at_home).update(state="OH")
    Place.objects.create(member=at_work, kind="work", state="OH")
    opened.campaign.basis = "work"
    opened.campaign.save()

    open_due_phases()
    run_jobs()

    assert told() == [at_work.email]


def test_a_killed_job_goes_on_where_it_was_and_repeats_none(
    opened: World, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = [member.email for member in add_members(opened, 25)]
    monkeypatch.setattr(invitations, "CHUNK", 10)
    whole, calls = invitations.write_invitations, 0

    def dies_in_the_second_chunk(*arguments: object) -> None:
        nonlocal calls
        calls += 1
        whole(*arguments)  # type: ignore[arg-type]
        if calls == 2:
            raise MemoryError

    monkeypatch.setattr(invitations, "write_invitations", dies_in_the_second_chunk)
    open_due_phases()
    run_jobs()
    job = Job.objects.get(kind="campaigns.invite")
    assert (job.done, job.finished_at, len(told())) == (10, None, 10)

    with time_machine.travel(timezone.now() + dt.timedelta(seconds=30)):
        run_jobs()

    job.refresh_from_db()
    assert job.done == 28
    assert job.finished_at is not None
    assert told() == sorted([*everyone, "mia@example.org", "nils@example.org", "otto@example.org"])
    assert Invitation.objects.count() == 28


def test_a_second_job_for_the_same_people_tells_nobody_again(
    opened: World, run_jobs: Callable[[], int]
) -> None:
    open_due_phases()
    run_jobs()
    Invitation.objects.all().delete()  # as if two jobs had read the same list at the same moment

    assert invitations.look_again(campaign=opened.campaign) == 1
    run_jobs()

    assert told() == ["mia@example.org", "nils@example.org", "otto@example.org"]


def test_who_becomes_eligible_while_it_is_open_is_told_by_the_clock(
    opened: World, run_jobs: Callable[[], int]
) -> None:
    run_task("campaigns.open_phases")
    run_jobs()
    (late,) = add_members(opened, 1)

    with time_machine.travel(timezone.now() + dt.timedelta(seconds=invitations.LOOK_AGAIN)):
        run_task("campaigns.open_phases")
        run_task("campaigns.open_phases")
        run_jobs()

    assert told().count(late.email) == 1
    assert len(told()) == 4


def test_a_wish_after_stopping_invitations_is_heard_and_one_before_it_is_not(
    opened: World, run_jobs: Callable[[], int]
) -> None:
    now = timezone.now()
    before, after = add_members(opened, 2)
    for member in (before, after):
        Wish.objects.create(member=member, campaign=opened.campaign, created_at=now)
    hour = dt.timedelta(hours=1)
    Member.objects.filter(pk=before.pk).update(no_invitations_since=now + hour)
    Member.objects.filter(pk=after.pk).update(no_invitations_since=now - hour)

    open_due_phases()
    run_jobs()

    assert after.email in told()
    assert before.email not in told()


def test_inviting_stops_when_the_campaign_ends(opened: World, run_jobs: Callable[[], int]) -> None:
    open_due_phases()
    opened.campaign.state = "ended"
    opened.campaign.save()
    run_jobs()

    assert told() == []


def test_a_chunk_costs_the_same_for_one_and_for_many(
    opened: World, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    open_due_phases()
    add_members(opened, 300)
    job = Job.objects.get(kind="campaigns.invite")
    taken = Job.objects.take(job.pk, seconds=60)
    assert taken is not None

    with django_assert_max_num_queries(17):  # type: ignore[attr-defined]
        invitations.invite_chunk(taken)

    assert len(told()) == 303


def mail_to(mails: list[Mail], address: str) -> Mail:
    (mail,) = [mail for mail in mails if mail.to == address]
    return mail


def test_the_mail_leads_to_the_campaign_and_to_the_way_out(
    opened: World,
    run_jobs: Callable[[], int],
    deliver_mail: Callable[[], list[Mail]],
    client_of: ClientOf,
) -> None:
    open_due_phases()
    run_jobs()
    mail = mail_to(deliver_mail(), "otto@example.org")
    landing = reverse("campaigns:invitation", args=[opened.otto_member.token, "research-saves"])
    way_out = reverse("campaigns:unsubscribe", args=[opened.otto_member.token])

    assert mail.subject == "Research saves: your story is asked for"
    assert "now open for Texas" in mail.text
    assert mail.wire["List-Unsubscribe"].strip() == f"<http://testserver{way_out}>"
    assert mail.wire["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert landing in mail.links

    page = client_of(None).get(landing).content.decode()
    onward = "next=%2Fcampaigns%2Fresearch-saves%2F"
    for door in ("signup", "login"):
        assert f"/accounts/{door}/?email=otto%40example.org&amp;{onward}" in page
    for private in ("Otto", "Brandt", "78701", "Texas", "ISSCR"):
        assert private not in page
    for form in ("/accounts/signup/", "/accounts/login/"):
        opened_form = client_of(None).get(form, {"email": "otto@example.org"}).content.decode()
        assert 'value="otto@example.org"' in opened_form


def test_a_link_that_is_not_an_invitation_opens_nothing(
    opened: World, run_jobs: Callable[[], int], client_of: ClientOf
) -> None:
    stranger = client_of(None)
    mine = [opened.otto_member.token, "research-saves"]
    assert stranger.get(reverse("campaigns:invitation", args=mine)).status_code == 404
    open_due_phases()
    run_jobs()

    assert stranger.get(reverse("campaigns:invitation", args=mine)).status_code == 200
    for token, slug in ((uuid.uuid4(), "research-saves"), (mine[0], "another")):
        path = reverse("campaigns:invitation", args=[token, slug])
        assert stranger.get(path).status_code == 404
    assert stranger.get(reverse("campaigns:unsubscribe", args=[uuid.uuid4()])).status_code == 404


def test_the_landing_page_knows_who_is_signed_in(
    opened: World, run_jobs: Callable[[], int], client_of: ClientOf
) -> None:
    open_due_phases()
    run_jobs()
    path = reverse("campaigns:invitation", args=[opened.otto_member.token, "research-saves"])

    assert "Go to the campaign" in client_of(opened.otto).get(path).content.decode()
    other = client_of(opened.mia).get(path).content.decode()
    assert "was sent to another address" in other
    assert "otto@example.org" not in other


def test_one_click_stops_invitations_and_twice_is_once(world: World, client_of: ClientOf) -> None:
    path = reverse("campaigns:unsubscribe", args=[world.otto_member.token])
    mail_program = Client(enforce_csrf_checks=True)

    for _ in range(2):
        answer = mail_program.post(path, {"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, answer.cookies) == (200, {})

    world.otto_member.refresh_from_db()
    assert world.otto_member.no_invitations_since is not None
    assert AuditLine.objects.filter(verb="unsubscribe").count() == 1


def test_an_invitation_that_waits_is_not_sent_to_who_wants_no_more(
    opened: World, run_jobs: Callable[[], int], deliver_mail: Callable[[], list[Mail]]
) -> None:
    open_due_phases()
    run_jobs()
    # Nobody knows whether the mail server took what was tried before.
    Message.objects.filter(user=opened.nils).update(attempts=1)
    for member in (opened.otto_member, opened.nils_member):
        Client().post(reverse("campaigns:unsubscribe", args=[member.token]))
    assert {mail.to for mail in deliver_mail()} == {"mia@example.org", "nils@example.org"}

    for member in (opened.otto_member, opened.nils_member):
        Client().post(reverse("campaigns:resubscribe", args=[member.token]))
    invitations.look_again(campaign=opened.campaign)
    run_jobs()
    assert [mail.to for mail in deliver_mail()] == ["otto@example.org"]


def test_the_page_stops_invitations_and_undoes_it(world: World, client_of: ClientOf) -> None:
    path = reverse("campaigns:unsubscribe", args=[world.otto_member.token])
    stranger = client_of(None)
    assert "Stop invitations?" in stranger.get(path).content.decode()
    world.otto_member.refresh_from_db()
    assert world.otto_member.no_invitations_since is None  # looking changes nothing

    page = stranger.post(path, follow=True).content.decode()
    assert "You get no invitations" in page
    page = stranger.post(
        reverse("campaigns:resubscribe", args=[world.otto_member.token]), follow=True
    ).content.decode()
    assert "Stop invitations?" in page
    world.otto_member.refresh_from_db()
    assert world.otto_member.no_invitations_since is None


def test_a_link_from_before_two_records_became_one_still_works(
    world: World, client_of: ClientOf
) -> None:
    former = FormerToken.objects.create(token=uuid.uuid4(), member=world.otto_member)

    client_of(None).post(reverse("campaigns:unsubscribe", args=[former.token]))

    world.otto_member.refresh_from_db()
    assert world.otto_member.no_invitations_since is not None


def test_a_member_without_an_account_comes_from_the_mail_to_the_campaign(
    opened: World,
    run_jobs: Callable[[], int],
    deliver_mail: Callable[[], list[Mail]],
    client_of: ClientOf,
) -> None:
    (newcomer,) = add_members(opened, 1)
    open_due_phases()
    run_jobs()
    invitation = mail_to(deliver_mail(), newcomer.email)
    browser = client_of(None)
    landing = browser.get(next(link for link in invitation.links if link.startswith("/i/")))

    signup = landing.context["signup_url"]
    answer = browser.post(signup, {"email": newcomer.email}, follow=True)
    code = re.search(r"^([A-Z0-9]+(?:-[A-Z0-9]+)*)$", deliver_mail()[0].text, re.MULTILINE)
    assert code is not None
    answer = browser.post(answer.redirect_chain[-1][0], {"code": code[1]}, follow=True)

    assert answer.redirect_chain[-1][0] == "/campaigns/research-saves/"
    assert "You can take part: Texas, where you live" in answer.content.decode()
    newcomer.refresh_from_db()
    assert newcomer.user is not None


def mias_second_record(world: World, run_jobs: Callable[[], int], *, wants_none: bool) -> Member:
    """An address of Mia's that a roster knows and she has not proven yet; the campaign has just opened for it."""
    second = add_members(world, 1)[0]
    if wants_none:
        invitations.unsubscribe(by=world.mia, member=world.mia_member)
    open_due_phases()
    run_jobs()
    return second


def waiting_for(member: Member) -> int:
    """How many invitations wait to be sent to an address."""
    return Message.objects.waiting().filter(template="invitation", address=member.email).count()


def prove(user: User, email: str) -> None:
    EmailAddress.objects.create(user=user, email=email, verified=True)
    adopt(user, email)


def test_who_wants_no_more_gets_none_that_waits_at_another_of_their_addresses(
    opened: World, run_jobs: Callable[[], int], client_of: ClientOf
) -> None:
    Place.objects.filter(member=opened.mia_member).delete()
    second = mias_second_record(opened, run_jobs, wants_none=False)
    prove(opened.mia, second.email)
    assert waiting_for(second) == 1
    client_of(opened.mia).post(reverse("campaigns:unsubscribe", args=[opened.mia_member.token]))
    assert waiting_for(second) == 0
    assert not Invitation.objects.filter(member=opened.mia_member).exists()


def test_whoever_wanted_none_gets_none_that_waits_at_an_address_they_prove(
    opened: World, run_jobs: Callable[[], int]
) -> None:
    second = mias_second_record(opened, run_jobs, wants_none=True)
    assert waiting_for(second) == 1
    prove(opened.mia, second.email)
    assert waiting_for(second) == 0


def test_of_two_records_that_become_one_a_single_notice_leaves(
    opened: World, run_jobs: Callable[[], int]
) -> None:
    second = mias_second_record(opened, run_jobs, wants_none=False)
    own = Message.objects.waiting().filter(template="invitation", user=opened.mia)
    assert (own.count(), waiting_for(second)) == (1, 1)
    prove(opened.mia, second.email)
    assert (own.count(), waiting_for(second)) == (1, 0)
    assert Invitation.objects.filter(member=opened.mia_member).count() == 1
