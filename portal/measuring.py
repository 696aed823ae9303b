"""Figures for Prometheus: how requests go, counted here; how the work goes, asked from the database.

Requests are counted by each web process in a file of its own under METRICS_DIR and added up when
somebody asks, so it does not matter which process answers. Everything else is a question to the
database: `settings.FIGURES` names functions that return metric families.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

#: Seconds. A page should take less than a tenth of a second; a worker is killed long after ten. At two
#: begins what docs/alarms.yml calls slow.
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
#: The label of what no URL matched: whatever strangers try is one line.
NOWHERE = "none"

REQUESTS = Counter(
    "storybank_http_requests",
    "Requests by URL name, method and status",
    ["url", "method", "status"],
)
SECONDS = Histogram(
    "storybank_http_request_seconds",
    "Seconds until the answer began, by URL name",
    ["url"],
    buckets=BUCKETS,
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Measure:
    """Counts and times every request. Not used without METRICS_TOKEN: nobody could read it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.METRICS_TOKEN:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer as the view does."""
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        url = (match.view_name or NOWHERE) if match else NOWHERE
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(url, method, str(response.status_code)).inc()
        SECONDS.labels(url).observe(time.perf_counter() - began)
        return response


class Asked(Collector):
    """The figures that are asked from the database, once a scrape."""

    def collect(self) -> Iterator[Metric]:
        """All metric families of `settings.FIGURES`."""
        for name in settings.FIGURES:
            part: Callable[[], Iterable[Metric]] = import_string(name)
            yield from part()


def exposition() -> bytes:
    """Everything in Prometheus' text format."""
    asked = CollectorRegistry()
    asked.register(Asked())
    if not settings.METRICS_DIR:
        return generate_latest(REGISTRY) + generate_latest(asked)
    counted = CollectorRegistry()
    MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    return generate_latest(counted) + generate_latest(asked)
