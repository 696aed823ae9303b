"""The operators' admin: accounts without a password in sight, records to read, nobody else inside."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client
from pytest_django.fixtures import Settings

from portal import outbox
from portal.models import AuditLine, Message, User
from tests.house.people import World
from tests.house.post import Mail
from tests.portal.test_rotating import by_code

ClientOf = Callable[[User | None], Client]
DeliverMail = Callable[[], list[Mail]]
PLACES = [
    "/admin/", "/admin/portal/user/", "/admin/portal/user/add/", "/admin/portal/auditline/",
    "/admin/portal/message/", "/admin/portal/job/", "/admin/portal/heartbeat/",
    "/admin/portal/publishedkey/",
]  # fmt: skip


@pytest.fixture
def olga(world: World, client_of: ClientOf) -> Client:
    """An operator without any of Django's own permissions."""
    User.objects.filter(pk=world.olga.pk).update(is_superuser=False)
    return client_of(User.objects.get(pk=world.olga.pk))


@pytest.mark.parametrize("place", PLACES)
def test_operators_alone_get_in_and_with_the_second_factor(
    olga: Client, world: World, client_of: ClientOf, settings: Settings, place: str
) -> None:
    assert olga.get(place).status_code == 200
    assert client_of(world.lee).get(place).status_code == 403
    assert client_of(None).get(place)["Location"] == f"/accounts/login/?next={place}"
    settings.DEMAND_SECOND_FACTOR = True
    assert olga.get(place)["Location"] == "/accounts/2fa/"


def test_the_admins_own_sign_in_is_no_way_around_the_second_factor(world: World) -> None:
    world.olga.set_password("a long enough password")
    world.olga.save()
    client = Client()
    form = {"username": world.olga.email, "password": "a long enough password"}
    client.post("/admin/login/?next=/admin/", form)
    assert "_auth_user_id" not in client.session


def test_only_this_houses_own_models_are_registered() -> None:
    labels = {model._meta.app_label for model in admin.site._registry}
    assert labels <= {"portal", "campaigns", "stories"}


def test_an_operator_makes_an_account_that_signs_in_by_code(olga: Client, world: World) -> None:
    form = {"email": "New.Person@Example.org", "name": "Nora New", "is_active": "on"}
    assert olga.post("/admin/portal/user/add/", form).status_code == 302
    nora = User.objects.get(email="new.person@example.org")
    assert (nora.name, nora.has_usable_password(), nora.is_staff) == ("Nora New", False, False)
    line = AuditLine.objects.get()
    assert (line.verb, line.actor, line.object_id) == ("create_account", world.olga, str(nora.pk))
    assert "example.org" not in str(line.detail)


def test_an_address_is_one_account_whatever_its_capitals(olga: Client, world: World) -> None:
    before = User.objects.count()
    form = {"email": "MIA@example.org", "name": "Another Mia", "is_active": "on"}
    assert olga.post("/admin/portal/user/add/", form).status_code == 200
    assert User.objects.count() == before


def test_a_closed_account_is_out_at_once(olga: Client, world: World, client_of: ClientOf) -> None:
    mia = client_of(world.mia)
    assert mia.get("/me/").status_code == 200
    form = {"email": world.mia.email, "name": world.mia.name}
    assert olga.post(f"/admin/portal/user/{world.mia.pk}/change/", form).status_code == 302
    assert mia.get("/me/").status_code == 302
    assert AuditLine.objects.get().detail == {
        "changed": ["is_active"], "active": False, "operator": False,
    }  # fmt: skip


def test_an_account_that_is_opened_again_is_for_its_owner_to_sign_in_to(
    olga: Client, world: World, deliver_mail: DeliverMail
) -> None:
    before = by_code(world.mia, deliver_mail)
    change = f"/admin/portal/user/{world.mia.pk}/change/"
    for fields in {}, {"is_active": "on"}:
        form = {"email": world.mia.email, "name": world.mia.name} | fields
        assert olga.post(change, form).status_code == 302
        assert before.get("/me/").status_code == 302
    assert by_code(world.mia, deliver_mail).get("/me/").status_code == 200


def test_an_operator_cannot_lock_themselves_out(olga: Client, world: World) -> None:
    for kept in ({"is_staff": "on"}, {"is_active": "on"}):
        form = {"email": world.olga.email, "name": "Olga"} | kept
        answer = olga.post(f"/admin/portal/user/{world.olga.pk}/change/", form)
        assert "Ask another operator" in answer.content.decode()
    form = {"email": world.olga.email, "name": "Olga", "is_active": "on", "is_staff": "on"}
    assert olga.post(f"/admin/portal/user/{world.olga.pk}/change/", form).status_code == 302
    assert User.objects.get(pk=world.olga.pk).is_active


def test_no_hash_and_no_words_are_shown(olga: Client, world: World) -> None:
    world.mia.set_password("a long enough password")
    world.mia.save()
    with transaction.atomic():
        outbox.tell("secret@example.org", "account", {"subject": "S", "body": "Code 123456"})
    message = Message.objects.get()
    places = [
        "/admin/portal/user/", f"/admin/portal/user/{world.mia.pk}/change/",
        "/admin/portal/message/", f"/admin/portal/message/{message.pk}/change/",
    ]  # fmt: skip
    for place in places:
        text = olga.get(place).content.decode()
        for secret in (world.mia.password, "argon2", "123456", "secret@example.org"):
            assert secret not in text


def test_records_are_not_written_by_hand(olga: Client, world: World) -> None:
    with transaction.atomic():
        outbox.tell(world.mia, "account", {})
    message = Message.objects.get()
    for place in ("message/add/", f"message/{message.pk}/delete/", f"user/{world.mia.pk}/delete/"):
        assert olga.post(f"/admin/portal/{place}", {"post": "yes"}).status_code == 403
    assert olga.post(f"/admin/portal/message/{message.pk}/change/", {}).status_code == 403
    assert User.objects.filter(pk=world.mia.pk).exists()
