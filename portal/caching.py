"""The cache: Redis, and the process's own memory while Redis is away.

What lives here may be lost at any time: rate limits, and answers that are looked up again. A Redis that
is down must not take the pages down with it. While it is, each process counts its own rate limits.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

#: For so many seconds after a failure Redis is not asked: each question would cost a timeout.
PAUSE_SECONDS = 5.0


class SteadyCache(BaseCache):
    """Django's cache on Redis that goes on in memory where Redis does not answer."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._redis = RedisCache(location, params)
        self._memory = LocMemCache(f"instead of {location}", params | {"OPTIONS": {}})
        self._not_before = 0.0

    def _ask(self, operation: str, *arguments: Any, **named: Any) -> Any:
        """Do it on Redis; in memory where that fails, and for a while after."""
        if time.monotonic() >= self._not_before:
            try:
                return getattr(self._redis, operation)(*arguments, **named)
            except RedisError as problem:
                self._not_before = time.monotonic() + PAUSE_SECONDS
                log.warning("the cache goes on in memory: %s", type(problem).__name__)
        return getattr(self._memory, operation)(*arguments, **named)

    def add(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """Set a value where there is none; whether it was set."""
        return bool(self._ask("add", key, value, timeout=timeout, version=version))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """A value, or `default`."""
        return self._ask("get", key, default=default, version=version)

    def set(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        """Set a value."""
        self._ask("set", key, value, timeout=timeout, version=version)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Give a value a new timeout; whether there was one."""
        return bool(self._ask("touch", key, timeout=timeout, version=version))

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Forget a value; whether there was one."""
        return bool(self._ask("delete", key, version=version))

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        """The values that there are, by key."""
        return dict(self._ask("get_many", keys, version=version))

    def set_many(
        self, data: Mapping[Any, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[Any]:
        """Set many values; the keys that could not be set."""
        return list(self._ask("set_many", data, timeout=timeout, version=version))

    def delete_many(self, keys: Any, version: int | None = None) -> None:
        """Forget many values."""
        self._ask("delete_many", keys, version=version)

    def has_key(self, key: Any, version: int | None = None) -> bool:
        """Whether there is a value."""
        return bool(self._ask("has_key", key, version=version))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Add to a number; ValueError where there is none."""
        return int(self._ask("incr", key, delta=delta, version=version))

    def clear(self) -> None:
        """Forget everything."""
        self._ask("clear")
