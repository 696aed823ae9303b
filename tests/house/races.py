"""Several people at the same line: real threads on connections of their own, jostled at every statement."""

from __future__ import annotations

import html
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, connections
from django.test import Client

from portal.errors import Refused, TooLate
from stories.models import Story
from tests.house.invariants import check_all
from tests.house.people import World

Deed = Callable[[], object]

#: So often each race is run, each time with other pauses. SQLite lets one writer in at a time, so that
#: little can meet there.
ON_POSTGRESQL = "postgresql" in settings.DATABASES["default"]["ENGINE"]
REPETITIONS = 20 if ON_POSTGRESQL else 3
#: Nobody waits longer for a row than this; a test that hangs fails instead.
PATIENCE_SECONDS = 60.0
#: The chance of a pause around a statement, and the longest one.
JOSTLED = 0.35
PAUSE_SECONDS = 0.006


@dataclass(frozen=True)
class Ending:
    """How one of them fared: what the deed returned, or the words with which it was refused."""

    value: object = None
    refusal: str = ""

    @property
    def won(self) -> bool:
        """Whether the deed was done."""
        return not self.refusal


class Runner(threading.Thread):
    """One person: waits for the others, does the deed with pauses, and remembers how it ended."""

    def __init__(self, deed: Deed, start: threading.Barrier, seed: int) -> None:
        super().__init__(daemon=True)
        self.deed = deed
        self.starting = start
        self.chance = random.Random(seed)
        self.ending = Ending()
        self.failure: Exception | None = None

    def run(self) -> None:
        """Do it; only TooLate and Refused are proper ways to lose."""
        try:
            connection.ensure_connection()
            self.starting.wait(PATIENCE_SECONDS)
            self.pause()
            with connection.execute_wrapper(self.jostle):
                self.ending = Ending(value=self.deed())
        except (TooLate, Refused) as refusal:
            self.ending = Ending(refusal=str(refusal) or "(no words)")
        except Exception as failure:
            self.failure = failure
        finally:
            connections.close_all()

    def jostle(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Run a statement with a pause before it or after it, while its locks are held."""
        self.pause()
        result = execute(sql, params, many, context)
        self.pause()
        return result

    def pause(self) -> None:
        """Sleep a little, or not."""
        if self.chance.random() < JOSTLED:
            time.sleep(self.chance.random() * PAUSE_SECONDS)


def rounds(world: World) -> Iterator[int]:
    """The repetitions' numbers; after each, everything is checked that is always true."""
    for seed in range(REPETITIONS):
        last = Story.objects.order_by("pk").values_list("pk", flat=True).last() or 0
        yield seed
        check_all(world, after=last)
    check_all(world)


def race(seed: int, *deeds: Deed) -> list[Ending]:
    """Let all deeds start at once; how each ended, in their order.

    Whatever is not TooLate or Refused (a deadlock, a broken constraint) is raised here.
    """
    start = threading.Barrier(len(deeds))
    runners = [Runner(deed, start, seed * 100 + place) for place, deed in enumerate(deeds)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join(PATIENCE_SECONDS)
        assert not runner.is_alive(), "somebody waits for ever"
    failures = [runner.failure for runner in runners if runner.failure is not None]
    if failures:
        raise failures[0]
    return [runner.ending for runner in runners]


def one_winner(endings: Sequence[Ending]) -> tuple[int, str]:
    """Which of them won, and the words of the first who lost; fails unless exactly one won."""
    winners = [place for place, ending in enumerate(endings) if ending.won]
    assert len(winners) == 1, endings
    words = next(ending.refusal for ending in endings if not ending.won)
    assert len(words) > 20, words
    assert words.endswith((".", "!", "”")), words
    return winners[0], words


def posting(client: Client, path: str, data: Mapping[str, Any] | None = None) -> Deed:
    """A deed through a door: a page that says 409 or 400 is a refusal, and its words are the page's."""

    def deed() -> object:
        response = client.post(path, data or {})
        if response.status_code in {400, 409}:
            raise TooLate(visible(response.content.decode()))
        assert response.status_code in {200, 302, 307}, response.status_code
        return response

    return deed


def visible(page: str) -> str:
    """What a refusing page says: the words of its alert, or else its first paragraph."""
    found = re.search(r'role="alert"[^>]*>(.*?)</div>', page, re.DOTALL) or re.search(
        r'class="lead"[^>]*>(.*?)</p>', page, re.DOTALL
    )
    assert found is not None, page
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", found[1])).split())
