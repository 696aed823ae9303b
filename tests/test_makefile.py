"""What the Makefile says to someone whose machine lacks something; nothing is fetched here."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.reading import ROOT

PYTHONS = ("python", "python3", "python3.11", "python3.12", "python3.13", "python3.14")

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what set-up reads, without a .venv."""
    for name in ("Makefile", "pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    return tmp_path


def pretend(project: Path, script: str) -> None:
    """Put a program in front of every Python that the machine may have."""
    for name in PYTHONS:
        file = project / "bin" / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)


def setup(project: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "setup"],
        cwd=project,
        env={"PATH": f"{project / 'bin'}:/usr/bin:/bin", "HOME": str(project), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_an_old_python_is_named_with_what_to_install(project: Path) -> None:
    pretend(project, 'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac')
    said = setup(project)
    assert said.returncode != 0
    assert "Storybank needs Python 3.11 or newer; found: Python 3.9.2." in said.stderr
    assert "sudo apt install python3 python3-venv" in said.stderr
    assert not (project / ".venv").exists()


def test_a_python_without_venv_is_named_with_what_to_install(project: Path) -> None:
    pretend(project, 'case "$2" in *ensurepip*) exit 1;; *) exit 0;; esac')
    said = setup(project)
    assert said.returncode != 0
    assert "cannot make virtual environments" in said.stderr
    assert "sudo apt install python3-venv" in said.stderr
    assert not (project / ".venv").exists()


def test_the_lock_file_pins_everything_that_the_project_names() -> None:
    locked = (ROOT / "uv.lock").read_text()
    assert locked.count('source = { registry = "https://pypi.org/simple" }') > 80
    uv = ROOT / ".venv" / "bin" / "uv"
    if not uv.exists():
        pytest.skip("set up without `make`: no uv in .venv")
    said = subprocess.run(
        [uv, "lock", "--check", "--offline"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert said.returncode == 0, said.stderr


def test_help_lists_the_two_commands(project: Path) -> None:
    said = subprocess.run(
        ["make", "help"], cwd=project, capture_output=True, text=True, timeout=30, check=True
    )
    assert "make run" in said.stdout
    assert "make test" in said.stdout
