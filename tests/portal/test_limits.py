"""Signing in and up, codes and resets are limited for each network address and for each network."""

from __future__ import annotations

import pytest
from django.conf import settings as site
from django.test import Client
from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db

DOORS = {
    "login": ("/accounts/login/", "login_failed", {"password": "not the one"}),
    "signup": ("/accounts/signup/", "signup", {}),
    "code": ("/accounts/login/code/", "request_login_code", {}),
    "reset": ("/accounts/password/reset/", "reset_password", {}),
}


def attempt(door: str, number: int, ip: str) -> bool:
    """Whether an attempt with an address of its own, from this network address, is let through."""
    path, _, more = DOORS[door]
    field = "login" if door == "login" else "email"
    sent = {field: f"somebody{number}@example.org", **more}
    answer = Client(REMOTE_ADDR=ip).post(path, sent)
    return answer.status_code != 429 and "That was a lot of attempts" not in answer.content.decode()


@pytest.mark.parametrize("door", DOORS)
def test_one_network_address_is_limited_whatever_it_types(settings: Settings, door: str) -> None:
    limits = dict(site.ACCOUNT_RATE_LIMITS)
    assert "/m/ip" in limits[DOORS[door][1]]
    settings.ACCOUNT_RATE_LIMITS = limits | {DOORS[door][1]: "2/m/ip"}
    assert [attempt(door, number, "192.0.2.7") for number in range(3)] == [True, True, False]
    assert attempt(door, 3, "198.51.100.7")


@pytest.mark.parametrize("door", DOORS)
def test_one_network_is_limited_whichever_address_of_it_asks(settings: Settings, door: str) -> None:
    limits = dict(site.ACCOUNT_RATE_LIMITS)
    settings.ACCOUNT_RATE_LIMITS = limits | {"network": "2/10m/key"}
    let_in = [attempt(door, number, f"192.0.2.{number + 1}") for number in range(3)]
    assert let_in == [True, True, False]
    assert attempt(door, 3, "192.0.3.1")
