"""The operators' admin of this package: ties, and no roster."""

from __future__ import annotations

import html
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse

from campaigns.models import Coordinator
from campaigns.verbs.taking_part import add_lead
from portal.models import AuditLine, Message, User
from tests.house.people import World

ClientOf = Callable[[User | None], Client]


@pytest.fixture
def olga(world: World, client_of: ClientOf) -> Client:
    """An operator without any of Django's own permissions."""
    User.objects.filter(pk=world.olga.pk).update(is_superuser=False)
    return client_of(User.objects.get(pk=world.olga.pk))


def test_operators_tie_a_person_to_a_society_and_untie_them(world: World, olga: Client) -> None:
    added = olga.post(
        reverse("admin:campaigns_coordinator_add"),
        {"society": world.rivers.pk, "user": world.sam.pk},
    )
    assert added.status_code == 302
    tie = Coordinator.objects.get(user=world.sam)
    assert tie.society == world.rivers
    line = AuditLine.objects.get(verb="make_coordinator")
    assert (line.actor, line.detail["society"], line.detail["user"]) == (
        world.olga,
        world.rivers.pk,
        world.sam.pk,
    )
    removed = olga.post(
        reverse("admin:campaigns_coordinator_delete", args=[tie.pk]), {"post": "yes"}
    )
    assert removed.status_code == 302
    assert not Coordinator.objects.filter(pk=tie.pk).exists()
    assert AuditLine.objects.filter(verb="remove_coordinator", actor=world.olga).count() == 1


def untie(olga: Client, tie: Coordinator) -> Any:
    """The operator's button."""
    url = reverse("admin:campaigns_coordinator_delete", args=[tie.pk])
    return olga.post(url, {"post": "yes"})


def test_who_coordinates_no_more_leads_no_more(
    world: World, olga: Client, client_of: ClientOf
) -> None:
    add_lead(by=world.lee, campaign=world.campaign, person=world.ana)
    ties = Coordinator.objects.filter(user=world.ana)
    setup = reverse("campaigns:setup", args=[world.campaign.slug])
    assert client_of(world.ana).get(setup).status_code == 200
    assert untie(olga, ties.get()).status_code == 302
    assert not ties.exists()
    assert client_of(world.ana).get(setup).status_code == 404
    assert not world.campaign.leads.filter(pk=world.ana.pk).exists()
    told = AuditLine.objects.filter(actor=world.olga, verb="remove_lead")
    assert [line.detail["person"] for line in told] == [world.ana.pk]


def test_a_lead_stays_who_coordinates_another_society_that_takes_part(
    world: World, olga: Client
) -> None:
    add_lead(by=world.lee, campaign=world.campaign, person=world.ana)
    first = Coordinator.objects.get(user=world.ana)
    Coordinator.objects.create(user=world.ana, society=world.rivers)
    assert untie(olga, first).status_code == 302
    assert world.campaign.leads.filter(pk=world.ana.pk).exists()


def test_the_only_lead_stays_until_there_is_another(world: World, olga: Client) -> None:
    tie = Coordinator.objects.get(user=world.lee)
    refused = untie(olga, tie)
    assert refused.status_code == 400
    assert "Only Lee Park leads" in html.unescape(refused.content.decode())
    assert Coordinator.objects.filter(pk=tie.pk).exists()
    said = StringIO()
    call_command(
        "add_lead", campaign=world.campaign.slug, person=world.ana.email.upper(), stdout=said
    )
    assert "leads" in said.getvalue()
    letter = Message.objects.get(template="campaign_lead")
    assert letter.user == world.ana
    assert letter.context["lead"] == "An operator of this site"
    assert untie(olga, tie).status_code == 302
    assert list(world.campaign.leads.all()) == [world.ana]


@pytest.mark.parametrize(
    ("campaign", "person", "words"),
    [
        ("no-such", "ana", "no campaign"),
        ("", "nobody@example.org", "Nobody has an account"),
        ("", "mia", "Only coordinators"),
    ],
)
def test_add_lead_says_what_is_wrong(world: World, campaign: str, person: str, words: str) -> None:
    address = person if "@" in person else getattr(world, person).email
    with pytest.raises(CommandError, match=words):
        call_command("add_lead", campaign=campaign or world.campaign.slug, person=address)


def test_a_tie_is_not_handed_to_another(world: World, olga: Client) -> None:
    tie = Coordinator.objects.get(user=world.ana)
    url = reverse("admin:campaigns_coordinator_change", args=[tie.pk])
    sent = {"society": world.rivers.pk, "user": world.mia.pk, "may_create_campaigns": "on"}
    assert olga.post(url, sent).status_code == 302
    tie.refresh_from_db()
    assert (tie.user, tie.society, tie.may_create_campaigns) == (world.ana, world.isscr, True)


@pytest.mark.parametrize(
    "model", ["society", "partner", "coordinator", "partneruser", "boundaryset"]
)
def test_every_page_opens_for_operators_alone(
    olga: Client, world: World, client_of: ClientOf, model: str
) -> None:
    url = reverse(f"admin:campaigns_{model}_changelist")
    assert olga.get(url).status_code == 200
    assert client_of(world.ana).get(url).status_code == 403


def test_operators_make_organisations(world: World, olga: Client) -> None:
    made = olga.post(
        reverse("admin:campaigns_society_add"),
        {"name": "Society of Tides", "short_name": "SoT", "slug": "sot"},
    )
    assert made.status_code == 302
    assert AuditLine.objects.filter(verb="make_society").count() == 1


@pytest.mark.parametrize("model", ["member", "rosterentry", "place", "rosterimport"])
def test_rosters_are_not_in_the_admin(model: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(f"admin:campaigns_{model}_changelist")
