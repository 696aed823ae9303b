"""The short form of `make chaos`: each kind of machine dies once under load, and nothing is lost. See docs/chaos.md."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.reading import ROOT

#: Drawn once; the dice of everybody in the run follow from it.
SEED = 7


@pytest.mark.servers
@pytest.mark.slow
def test_nothing_is_lost_when_everything_dies_once(tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    run = subprocess.run(
        [sys.executable, "-m", "chaos", "--short", "--seed", str(SEED), "--json", str(found)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert found.exists(), run.stdout + run.stderr
    result = json.loads(found.read_text())
    assert result["wrong"] == [], run.stdout
    assert run.returncode == 0
    assert sum(result["faults"].values()) == 9
    assert {"joined", "saved", "submitted", "approved", "sealed"} <= set(result["told"])
    assert min(result["starts"].values()) >= 2
    assert result["checked"]["stories with partners"] > 0
    assert result["checked"]["what health says"] > 0
