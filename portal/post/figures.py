"""Figures about post, work and heartbeats, for Prometheus."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from django.conf import settings
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from portal.post import counting, lateness


def figures() -> Iterator[Metric]:
    """Unfinished messages by urgency and jobs by kind, how old the oldest is, and the last beats."""
    yield from _piles("messages", "urgency", "Messages of the outbox", counting.post_now())
    yield GaugeMetricFamily(
        "storybank_messages_put_off_seconds",
        "For how long messages have been put off and none has left",
        value=age(lateness.put_off_since()),
    )
    yield from _piles("jobs", "kind", "Background jobs", counting.work_now())
    yield _beats()


def age(at: dt.datetime | None) -> float:
    """Seconds since then; 0 where there is no then."""
    return max(0.0, (timezone.now() - at).total_seconds()) if at else 0.0


def _piles(
    name: str, label: str, words: str, piles: Sequence[counting.Pile]
) -> tuple[Metric, Metric]:
    """What is not finished by its state, and for how long the oldest has been due."""
    counts = GaugeMetricFamily(
        f"storybank_{name}", f"{words} that are not finished", labels=[label, "state"]
    )
    ages = GaugeMetricFamily(
        f"storybank_{name}_oldest_due_seconds",
        f"{words}: for how long the oldest has been due",
        labels=[label],
    )
    for pile in piles:
        states = {
            "due": pile.due,
            "later": pile.later,
            "in_hand": pile.in_hand,
            "given_up": pile.given_up,
        }
        for state, count in states.items():
            counts.add_metric([pile.name, state], count)
        ages.add_metric([pile.name], age(pile.oldest_due_at))
    return counts, ages


def _beats() -> Metric:
    """Seconds since each heartbeat. One that was never heard is absent: alarm on that too."""
    family = GaugeMetricFamily(
        "storybank_beat_age_seconds", "Seconds since this last said that it lives", labels=["name"]
    )
    for beat in counting.beats_now(settings.QUEUES):
        if beat.lives is not None and beat.at is not None:
            family.add_metric([beat.name.removeprefix("worker ")], age(beat.at))
    return family
