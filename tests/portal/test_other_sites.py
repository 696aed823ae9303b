"""ORCID and OpenID Connect: switched on by settings alone, and never a way into somebody's account."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

OFFERED = ["Continue with Example University", "Continue with Orcid.org"]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run python in a process of its own, with settings of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
def test_sign_in_through_another_site_joins_no_account_by_address(tmp_path: Path) -> None:
    port = free_port()
    done = run(
        "-m",
        "tests.house.other_site",
        str(port),
        VAR_DIR=str(tmp_path),
        OIDC_URL=f"http://localhost:{port}",
        OIDC_NAME="Example University",
        OIDC_CLIENT_ID="storybank",
        OIDC_CLIENT_SECRET="not very secret",
        ORCID_CLIENT_ID="APP-1",
        ORCID_CLIENT_SECRET="not very secret",
        DEBUG="1",
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    # Neither the newcomer nor somebody who says to be Mia is in: both must enter a code first.
    waiting = {
        "offered": OFFERED,
        "may_leave": True,
        "back": [302, "/accounts/confirm-email/"],
        "signed_in": False,
    }
    assert found["seen"] == {"new": waiting, "known": waiting}
    assert found["people"] == [["mia@example.org", "Mia Chen"], ["new@example.org", "Nora Lind"]]
    assert found["verified"] == [["mia@example.org"]]
    assert found["joined"] == [["new@example.org", "1"]]
    assert found["mail"] == [
        ["new@example.org", "Your code to confirm this address"],
        ["mia@example.org", "You already have an account"],
    ]


@pytest.mark.django_db
def test_without_their_settings_no_other_site_is_offered(client: Client) -> None:
    assert b"Continue with" not in client.get("/accounts/login/").content
