"""Pages, sign-in and its limits go on while Redis is away."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import CacheHandler
from django.core.cache.backends.base import BaseCache
from django.test import Client
from redis import Redis

from portal import caching
from tests.house import servers
from tests.house.people import World
from tests.house.servers import free_port

REDIS = {"BACKEND": "portal.caching.SteadyCache", "OPTIONS": {"socket_connect_timeout": 1}}


def cache_at(url: str) -> BaseCache:
    """The site's cache as it would be with this REDIS_URL."""
    caches = CacheHandler({"default": REDIS | {"LOCATION": url}})
    cache: BaseCache = caches["default"]
    return cache


def use(cache: BaseCache) -> None:
    """Every operation that Django's cache has."""
    assert cache.add("limit", 1, 60) is True
    assert cache.add("limit", 5, 60) is False
    assert cache.incr("limit") == 2
    assert cache.get("limit") == 2
    assert cache.get("nothing", "else") == "else"
    assert cache.touch("limit", 30) is True
    assert cache.set_many({"a": 1, "b": [2]}) == []
    assert cache.get_many(["a", "b", "c"]) == {"a": 1, "b": [2]}
    assert "a" in cache
    cache.delete_many(["a"])
    assert "a" not in cache
    assert cache.delete("b") is True
    assert cache.get_or_set("made", lambda: 7) == 7
    with pytest.raises(ValueError, match="nothing"):
        cache.incr("nothing")
    cache.clear()
    assert cache.get("limit") is None


def test_without_redis_memory_does() -> None:
    began = time.monotonic()
    use(cache_at(f"redis://127.0.0.1:{free_port()}/0"))
    assert time.monotonic() - began < 3


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[servers.Server]:
    """A Redis that may be stopped."""
    if servers.program("redis-server") is None:
        pytest.skip("no Redis on this machine: apt install redis-server")
    server = servers.redis(tmp_path / "redis")
    server.start()
    yield server
    server.stop()


@pytest.mark.once
def test_it_goes_on_in_memory_and_comes_back(
    redis: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caching, "PAUSE_SECONDS", 0.2)
    cache = cache_at(f"{redis.url}/0")
    use(cache)
    cache.set("kept", "by Redis")
    redis.stop()
    assert cache.get("kept") is None
    use(cache)
    redis.start()
    time.sleep(0.3)
    cache.set("kept", "by Redis again")
    assert cache_at(f"{redis.url}/0").get("kept") == "by Redis again"


@pytest.mark.servers
def test_rate_limits_are_counted_in_redis(world: World) -> None:
    """Three codes in ten minutes for an address, whichever process is asked."""
    for _ in range(3):
        assert _asks_for_a_code() == 302
    keys = Redis.from_url(os.environ["REDIS_URL"]).keys("*rl*request_login_code*")
    assert len(list(keys)) > 0
    assert _asks_for_a_code() == 200  # the form again, with "a lot of attempts"


def _asks_for_a_code() -> int:
    return Client().post("/accounts/login/code/", {"email": "mia@example.org"}).status_code
