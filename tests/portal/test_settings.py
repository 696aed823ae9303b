"""Wrong settings stop the start, in words and all at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def start(**values: str) -> tuple[int, str]:
    """The exit and the words of a start of the site with these settings and no others."""
    ran = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **values},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stderr


def test_wrong_values_stop_the_start_together_and_are_not_repeated(tmp_path: Path) -> None:
    wrong = {
        "DATABASE_URL": "mysql://u:hunter2@db/x",
        "SITE_URL": "http://stories.example.org",
        "SECRET_KEY": "hunter2",
        "EMAIL_URL": "hunter2",
        "EMAIL_TIMEOUT": "soon",
        "DEBUG": "perhaps",
        "LOG_LEVEL": "LOUD",
        "ORCID_CLIENT_ID": "APP-7",
    }
    exit_code, words = start(VAR_DIR=str(tmp_path), **wrong)
    lines = words.splitlines()
    assert (exit_code, lines[0]) == (1, "Storybank cannot start with these settings:")
    named = {name for name in wrong for line in lines[1:-1] if line.startswith(f"  - {name} ")}
    assert named == set(wrong)
    assert lines[-1] == "The README has a table of every setting."
    assert "hunter2" not in words


def test_a_folder_that_cannot_be_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    assert start(VAR_DIR=str(tmp_path / "taken")) == (
        1,
        "Storybank cannot start with these settings:\n"
        "  - VAR_DIR is not a folder that the site may write to.\n"
        "The README has a table of every setting.\n",
    )


def test_right_values_start(tmp_path: Path) -> None:
    assert start(VAR_DIR=str(tmp_path / "new"))[0] == 0
