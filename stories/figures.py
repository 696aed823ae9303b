"""Figures about stories, batches and recalls, for Prometheus. Numbers alone, by state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Min, QuerySet
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from stories.models import Batch, Recall, Story
from stories.states import BatchState, RecallState, StoryState


def figures() -> Iterator[Metric]:
    """Stories and batches by state; recalls that no partner has answered, and the oldest's age."""
    yield _by_state("stories", "Stories", Story.objects.all(), StoryState.values)
    yield _by_state("batches", "Batches", Batch.objects.all(), BatchState.values)
    asked = Recall.objects.filter(state=RecallState.ASKED)
    open_ = asked.aggregate(count=Count("pk"), since=Min("asked_at"))
    since = open_["since"]
    yield GaugeMetricFamily(
        "storybank_recalls_unanswered", "Recalls without an answer", value=open_["count"]
    )
    yield GaugeMetricFamily(
        "storybank_recalls_oldest_unanswered_seconds",
        "For how long the oldest recall has waited for its answer",
        value=(timezone.now() - since).total_seconds() if since else 0.0,
    )


def _by_state(name: str, words: str, rows: QuerySet[Any], states: list[str]) -> Metric:
    """One number a state; a state that nothing is in shows as 0."""
    family = GaugeMetricFamily(f"storybank_{name}", f"{words} by state", labels=["state"])
    counts = dict(rows.order_by().values_list("state").annotate(Count("pk")))
    for state in states:
        family.add_metric([state], counts.get(state, 0))
    return family
