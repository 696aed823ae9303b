"""The short form of `make chaos`: each kind of machine dies once under load, and nothing is lost. See docs/chaos.md."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.reading import ROOT
from tests.house.servers import die_with_parent

#: Drawn once; the dice of everybody in the run follow from it.
SEED = 7
#: A bound, not an aim: a busy machine takes several times what a quiet one does.
LONGEST_SECONDS = 900
#: What a run that is told to end takes at most to end all its processes.
ENDING_SECONDS = 60


@pytest.mark.servers
@pytest.mark.slow
def test_nothing_is_lost_when_everything_dies_once(tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    said = ended(
        [sys.executable, "-m", "chaos", "--short", "--seed", str(SEED), "--json", str(found)]
    )
    assert found.exists(), said
    result = json.loads(found.read_text())
    assert result["wrong"] == [], said
    assert sum(result["faults"].values()) == 9
    assert {"joined", "saved", "submitted", "approved", "sealed"} <= set(result["told"])
    assert min(result["starts"].values()) >= 2
    assert result["batches"]["builds that met a full disk"] > 0, said
    assert result["checked"]["stories with partners"] > 0
    assert result["checked"]["what health says"] > 0


def ended(command: list[str]) -> str:
    """Run a command to its end, or end it together with all that it started; returns what it said."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=die_with_parent(signal.SIGTERM),
    )
    try:
        return process.communicate(timeout=LONGEST_SECONDS)[0]
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(ENDING_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
