"""Waiting for what happens elsewhere: in another process, or in another thread."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE = 0.1


def wait_until(
    holds: Callable[[], object],
    seconds: float = 45.0,
    words: Callable[[], str] = lambda: "it did not happen in time",
) -> None:
    """Look again and again until it holds; where it does not in time, the test fails with `words`."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(words())
        time.sleep(PAUSE)
