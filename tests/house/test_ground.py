"""The ground that the tests stand on holds."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings
from playwright.sync_api import Page

from campaigns.models import Member, ZipArea
from tests.house.own_ground import setting_names
from tests.house.people import World, client_of


def test_settings_come_from_here_and_not_from_the_caller() -> None:
    assert Path(os.environ["VAR_DIR"]) == settings.VAR_DIR
    assert "storybank-tests-" in settings.VAR_DIR.name
    assert {"VAR_DIR", "SITE_URL", "SECRET_KEY", "DATABASE_URL"} <= setting_names()
    assert settings.DEMAND_SECOND_FACTOR is False


def test_world_has_everybody_in_their_place(world: World) -> None:
    assert world.mia.member == world.mia_member
    assert list(Member.objects.order_by("email").values_list("email", flat=True)) == [
        "mia@example.org",
        "nils@example.org",
        "otto@example.org",
    ]
    assert set(world.prompts) == {
        "long_text", "short_text", "one_choice", "several", "date", "link"
    }  # fmt: skip
    assert ZipArea.objects.filter(zip="66044").count() == 2


def test_client_of_signs_in(world: World) -> None:
    assert client_of(world.mia).session["_auth_user_id"] == str(world.mia.pk)
    assert "_auth_user_id" not in client_of(None).session


def test_a_browser_window_opens(page: Page) -> None:
    page.goto("/accounts/login/")
    assert page.locator("h1").count() == 1
