"""The operators' admin of this package: ties, and no roster."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from campaigns.models import Coordinator
from portal.models import AuditLine, User
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
