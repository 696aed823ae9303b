"""Prometheus, watching a site of a test: it reads /metrics each minute, and says which alarms ring when.

The minutes are the database's: `time_passes` makes everything in it older. The rules are played by
Prometheus' own `promtool`, with what was read as the samples.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db.models import F
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from portal.models import Heartbeat, Job, Message
from stories.models import Recall
from tests.house.reading import ROOT
from tests.house.servers import die_with_parent, free_port

RULES = ROOT / "docs" / "alarms.yml"
UP = 'up{instance="127.0.0.1:8000",job="storybank"}'
#: Every time in the database that a figure is made of.
TIMES = {
    Message: ("created_at", "due_at", "leased_until"),
    Job: ("due_at", "leased_until"),
    Recall: ("asked_at",),
    Heartbeat: ("at",),
}


def promtool() -> str:
    """Where Prometheus' tool is; the test is skipped where it is not."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("no promtool on this machine: apt install prometheus")
    return found


def time_passes(**so_long: float) -> None:
    """Make all that waits older; `so_long` as for a timedelta."""
    for model, columns in TIMES.items():
        model._default_manager.update(
            **{column: F(column) - dt.timedelta(**so_long) for column in columns}
        )


@dataclass(frozen=True)
class Rings:
    """An alarm from one minute on, up to but not with another; `labels` as PromQL has them."""

    alarm: str
    since: int
    until: int = 10**6
    labels: str = ""


@dataclass
class Watch:
    """What Prometheus has read of a site, a dictionary a minute. A reading that failed holds `up` alone."""

    client: Client
    alive: Callable[[], None]  # beats for everybody who is there
    readings: list[dict[str, float]] = field(default_factory=list)

    def minutes(self, count: int, besides: Callable[[], object] = lambda: None) -> None:
        """So many minutes, with `besides` done and the site read at the end of each."""
        for _ in range(count):
            time_passes(seconds=50)
            self.alive()
            time_passes(seconds=10)
            besides()
            self.readings.append(self._read())

    def as_before(self, count: int) -> None:
        """So many more minutes in each of which happens what happened in the last."""
        before, last = self.readings[-2:]
        growth = {series: value - before.get(series, 0.0) for series, value in last.items()}
        for minute in range(1, count + 1):
            self.readings.append({name: last[name] + minute * by for name, by in growth.items()})

    def _read(self) -> dict[str, float]:
        """Each series with the labels that Prometheus gives it."""
        answer = self.client.get("/metrics")
        if answer.status_code != 200:
            return {UP: 0.0}
        found = {UP: 1.0}
        for family in text_string_to_metric_families(answer.content.decode()):
            for sample in family.samples:
                labels = sample.labels | {"instance": "127.0.0.1:8000", "job": "storybank"}
                inside = ",".join(f'{name}="{labels[name]}"' for name in sorted(labels))
                found[f"{sample.name}{{{inside}}}"] = sample.value
        return found


def play(watch: Watch, folder: Path, *rings: Rings) -> None:
    """Have Prometheus say that in each of the watch's minutes these alarms ring and no other."""
    names = sorted({name for reading in watch.readings for name in reading})
    test = {
        "interval": "1m",
        "input_series": [
            {"series": name, "values": " ".join(_values(name, watch.readings))} for name in names
        ],
        "promql_expr_test": [
            {
                "expr": 'ALERTS{alertstate="firing"}',
                "eval_time": f"{minute}m",
                "exp_samples": [
                    {"labels": _alert(ring), "value": 1}
                    for ring in rings
                    if ring.since <= minute < ring.until
                ],
            }
            for minute in range(len(watch.readings))
        ],
    }
    file = folder / "watch.yml"
    file.write_text(
        yaml.safe_dump(
            {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [test]}, width=10**6
        )
    )
    check("test", "rules", str(file))


def check(*command: str) -> None:
    """Run promtool, which must be content."""
    said = subprocess.run([promtool(), *command], cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr


def _values(name: str, readings: Iterable[dict[str, float]]) -> Iterable[str]:
    """A series as promtool wants it: one that a reading no longer has is stale at once."""
    had = False
    for reading in readings:
        yield f"{reading[name]:f}" if name in reading else "stale" if had else "_"
        had = name in reading


def _alert(ring: Rings) -> str:
    """The series that Prometheus makes of an alarm that rings."""
    rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    (severity,) = [rule["labels"]["severity"] for rule in rules if rule["alert"] == ring.alarm]
    labels = f", {ring.labels}" if ring.labels else ""
    return f'ALERTS{{alertname="{ring.alarm}", alertstate="firing", severity="{severity}"{labels}}}'


@contextmanager
def prometheus(folder: Path, config: str) -> Iterator[Callable[[str], Any]]:
    """A running Prometheus with this configuration; called with a path, it answers with its API's data."""
    promtool()
    (folder / "prometheus.yml").write_text(config)
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [
            str(shutil.which("prometheus")), "--log.level=error", f"--web.listen-address={address}",
            f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
        ],
        preexec_fn=die_with_parent(signal.SIGKILL),
    )  # fmt: skip

    def ask(path: str) -> Any:
        try:
            with urllib.request.urlopen(f"http://{address}/api/v1/{path}", timeout=10) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None  # not up yet

    try:
        yield ask
    finally:
        process.terminate()
        process.wait(30)
