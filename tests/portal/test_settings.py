"""Wrong settings stop the start, in words and all at once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import backups

ROOT = Path(__file__).resolve().parents[2]


def manage(*words: str, **values: str) -> subprocess.CompletedProcess[str]:
    """One command of the site with these settings and no others."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **values},
        capture_output=True,
        text=True,
        check=False,
    )


def start(**values: str) -> tuple[int, str]:
    """The exit and the words of a start of the site."""
    ran = manage("check", **values)
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
    assert named(lines) == set(wrong)
    assert lines[-1] == "The README has a table of every setting."
    assert "hunter2" not in words


def named(lines: list[str]) -> set[str]:
    """The settings that a refusal speaks of."""
    return {line.split()[1] for line in lines if line.startswith("  - ")}


def test_what_looks_right_and_would_fail_later_stops_the_start(tmp_path: Path) -> None:
    wrong = {
        "SITE_URL": "https://stories.example.org/stories",
        "SITE_NAME": "Stories\nof ours",
        "ALLOWED_HOSTS": "https://stories.example.org",
        "DATABASE_URL": "postgres://storybank:hun#ter2@db:5432/storybank",
        "REDIS_URL": "redis://redis:port/0",
        "EMAIL_URL": "smtp+tls://storybank:hunter2/x@mail.example.org:587",
        "FROM_EMAIL": "Storybank",
        "STORAGE_URL": "file://srv/storybank/files",
        "OIDC_CLIENT_ID": "ours",
    }
    exit_code, words = start(VAR_DIR=str(tmp_path), SECRET_KEY="k" * 50, **wrong)
    assert (exit_code, named(words.splitlines())) == (1, set(wrong)), words
    assert "hunter2" not in words
    assert "ter2" not in words


def test_what_shows_too_much_starts_on_localhost_alone(tmp_path: Path) -> None:
    for name, value in {"DEBUG": "1", "DEMO": "1", "DEMAND_SECOND_FACTOR": "0"}.items():
        own = {"VAR_DIR": str(tmp_path), "SECRET_KEY": "k" * 50, "DEMAND_SECOND_FACTOR": "1"}
        own[name] = value
        assert start(**own)[0] == 0, name
        exit_code, words = start(SITE_URL="https://stories.example.org", **own)
        assert (exit_code, named(words.splitlines())) == (1, {name})


def test_a_site_that_does_not_answer_to_its_own_name_is_not_started(tmp_path: Path) -> None:
    own = {"VAR_DIR": str(tmp_path), "SITE_URL": "https://stories.example.org"}
    keys = {"SECRET_KEY": "k" * 50}
    exit_code, words = start(ALLOWED_HOSTS="127.0.0.1", **own, **keys)
    assert (exit_code, named(words.splitlines())) == (1, {"ALLOWED_HOSTS"})
    for right in ("stories.example.org,127.0.0.1", ".example.org", "*"):
        assert start(ALLOWED_HOSTS=right, **own, **keys)[0] == 0, right


def test_mail_comes_from_a_site_whose_name_has_a_comma_through_a_login_with_odd_signs(
    tmp_path: Path,
) -> None:
    ran = manage(
        *("shell", "--no-imports", "-c"),
        "from django.conf import settings as s\n"
        "from email.utils import getaddresses\n"
        "print(getaddresses([s.DEFAULT_FROM_EMAIL]), s.EMAIL_HOST_USER, s.EMAIL_HOST_PASSWORD)",
        VAR_DIR=str(tmp_path),
        SITE_NAME="Told, heard",
        EMAIL_URL="smtp://post%40example.org:a%2Fb%23c%25@mail.example.org",
    )
    assert ran.stdout == ("[('Told, heard', 'storybank@localhost')] post@example.org a/b#c%\n"), (
        ran.stderr
    )


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


@pytest.mark.servers
def test_a_command_on_a_database_without_tables_says_what_to_run_first(tmp_path: Path) -> None:
    with backups.empty_database() as name:
        for url in ("", re.sub(r"/[^/]*$", f"/{name}", os.environ["TEST_DATABASE_URL"])):
            ran = manage("rotate_secrets", VAR_DIR=str(tmp_path), DATABASE_URL=url)
            assert (ran.returncode, ran.stderr.count("\n")) == (1, 1), ran.stderr
            assert ran.stderr.startswith("The database is empty or old (")
            assert "python manage.py migrate" in ran.stderr
