"""The rules for Prometheus ask for what /metrics gives, and the operators' page explains each."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from django.conf import settings as site
from django.db import transaction
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings

from portal import outbox
from portal.models import Job, Message
from portal.post import beats
from tests.house.people import World
from tests.house.prometheus import RULES, check
from tests.house.reading import ROOT

#: A name with what stands in its braces.
SELECTOR = re.compile(r"(storybank_[a-z_]+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r"""(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)\"""")


def rules() -> list[dict[str, Any]]:
    """Every rule of the file."""
    read = yaml.safe_load(RULES.read_text())
    return [rule for group in read["groups"] for rule in group["rules"]]


def given(client: Client) -> dict[str, list[dict[str, str]]]:
    """The labels of every sample of /metrics, by its name."""
    found: dict[str, list[dict[str, str]]] = {}
    text = client.get("/metrics").content.decode()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


@pytest.fixture
def figures(world: World, settings: Settings) -> dict[str, list[dict[str, str]]]:
    """What a site gives on which something of everything has happened."""
    settings.METRICS_TOKEN = "figures-for-prometheus-alone"
    client = Client(headers={"authorization": f"Bearer {settings.METRICS_TOKEN}"})
    client.raise_request_exception = False
    for name in (beats.CLOCK, *map(beats.worker_of, site.QUEUES)):
        beats.beat(name)
    with transaction.atomic():
        outbox.tell(world.mia, "account", {})
        outbox.start("stories.build_batch", batch=1)
    client.get("/health/live")
    client.get("/health/ready")
    return given(client)


def fits(labels: dict[str, str], matchers: list[tuple[str, str, str]]) -> bool:
    """Whether a sample has what is asked for."""
    return all(name in labels and suits(labels[name], way, want) for name, way, want in matchers)


def suits(have: str, way: str, want: str) -> bool:
    """Whether a label's value is what a matcher asks for."""
    if way in {"=~", "!~"}:
        return (re.fullmatch(want, have) is not None) == (way == "=~")
    return (have == want) == (way == "=")


def asked() -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Each figure that a rule asks for: the rule, the name, and what its labels are to be."""
    return [
        (rule["alert"], name, MATCHER.findall(braces))
        for rule in rules()
        for name, braces in SELECTOR.findall(rule["expr"])
    ]


def test_every_figure_that_a_rule_asks_for_is_given(
    figures: dict[str, list[dict[str, str]]],
) -> None:
    wanted = asked()
    assert len(wanted) >= 12
    missing = [
        f"{alert}: {name}{matchers}"
        for alert, name, matchers in wanted
        # What fails is asked for by its status; nothing failed here but what says itself that it is not ready.
        if not any(
            fits(labels, [m for m in matchers if m[0] not in {"status", "url"}])
            and {m[0] for m in matchers} <= set(labels)
            for labels in figures.get(name, [])
        )
    ]
    assert missing == []
    assert {Message.objects.count(), Job.objects.count()} == {1}


def test_every_queue_is_listened_for() -> None:
    (rule,) = [rule for rule in rules() if rule["alert"] == "SomebodyNeverSpoke"]
    names = [want for name, _, want in MATCHER.findall(rule["expr"]) if name == "name"]
    assert sorted(names) == sorted([beats.CLOCK, *site.QUEUES])


def test_the_operators_page_explains_each_alarm_and_no_other() -> None:
    page = (ROOT / "docs" / "operators.md").read_text()
    table = page.partition("| alarm | means |")[2].partition("\n\n")[0]
    explained = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert explained == [rule["alert"] for rule in rules()]


def test_promtool_finds_them_right_and_each_says_what_it_should() -> None:
    check("check", "rules", str(RULES))
    check("test", "rules", "tests/data/alarms.test.yml")
