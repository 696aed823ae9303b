"""Signing in and up, codes and resets are limited for each network address and for each network."""

from __future__ import annotations

import os

import pytest
from django.conf import settings as site
from django.core.cache import caches
from django.test import Client
from pytest_django.fixtures import Settings
from redis import Redis

from tests.house.servers import free_port

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
@pytest.mark.parametrize(
    ("in_it", "outside"),
    [("192.0.2.{}", "192.0.3.1"), ("2001:db8:1:{:x}::1", "2001:db8:2::1")],
    ids=["IPv4", "a 48 of IPv6"],
)
def test_one_network_is_limited_whichever_address_of_it_asks(
    settings: Settings, door: str, in_it: str, outside: str
) -> None:
    limits = dict(site.ACCOUNT_RATE_LIMITS)
    settings.ACCOUNT_RATE_LIMITS = limits | {"network": "2/10m/key"}
    let_in = [attempt(door, number, in_it.format(number + 1)) for number in range(3)]
    assert let_in == [True, True, False]
    assert attempt(door, 3, outside)


@pytest.mark.parametrize("door", DOORS)
def test_whoever_owns_a_64_of_ipv6_counts_as_one_address(settings: Settings, door: str) -> None:
    limits = dict(site.ACCOUNT_RATE_LIMITS)
    settings.ACCOUNT_RATE_LIMITS = limits | {DOORS[door][1]: "2/m/ip"}
    let_in = [attempt(door, number, f"2001:db8:1:1::{number + 1:x}") for number in range(3)]
    assert let_in == [True, True, False]
    assert not attempt(door, 3, "2001:db8:1:1:ffff:ffff:ffff:ffff")
    assert attempt(door, 4, "2001:db8:1:2::1")


@pytest.mark.parametrize("door", ["login", "code", "reset"])
def test_one_mailbox_is_limited_whichever_network_asks(door: str) -> None:
    """Wrong passwords, codes and resets for one address, from a new network each time."""
    most = {"login": 5, "code": 3, "reset": 3}[door]
    let_in = [attempt(door, 1, f"198.{number}.100.7") for number in range(18, 18 + most + 1)]
    assert let_in == [True] * most + [False]
    assert attempt(door, 2, "198.51.100.7")


@pytest.mark.parametrize("door", DOORS)
def test_without_redis_each_process_goes_on_counting(settings: Settings, door: str) -> None:
    """Fails closed as far as one process sees: see "A troll" in SECURITY.md."""
    settings.CACHES = {
        "default": {
            "BACKEND": "portal.caching.SteadyCache",
            "LOCATION": f"redis://127.0.0.1:{free_port()}/0",
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
    }
    settings.ACCOUNT_RATE_LIMITS = dict(site.ACCOUNT_RATE_LIMITS) | {DOORS[door][1]: "2/m/ip"}
    assert [attempt(door, number, "192.0.2.7") for number in range(3)] == [True, True, False]
    assert attempt(door, 3, "198.51.100.7")


@pytest.mark.servers
@pytest.mark.parametrize("door", DOORS)
def test_with_redis_every_process_counts_for_all(settings: Settings, door: str) -> None:
    """Another process's attempts, counted in Redis: a cache of its own sees them."""
    settings.ACCOUNT_RATE_LIMITS = dict(site.ACCOUNT_RATE_LIMITS) | {DOORS[door][1]: "2/m/ip"}
    assert [attempt(door, number, "192.0.2.7") for number in range(2)] == [True, True]
    caches.close_all()
    del caches["default"]  # what a new process has: nothing in its memory
    assert attempt(door, 2, "192.0.2.7") is False
    assert Redis.from_url(os.environ["REDIS_URL"]).keys("*rl*")
