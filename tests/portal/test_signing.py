"""The key that seals batches is made once, kept safe, and its public half stays published."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings as site
from django.db import connection
from django.db.utils import DatabaseError
from django.test import Client
from pytest_django.fixtures import Settings

from portal import signing
from portal.environment import Environment
from portal.models import PublishedKey

SEED_A = base64.b64encode(bytes(range(32))).decode()
SEED_B = base64.b64encode(bytes(range(1, 33))).decode()


def test_a_signature_fits_its_bytes_and_no_others(settings: Settings) -> None:
    settings.SIGNING_KEY = SEED_A
    pem, signature = signing.public_pem(), signing.sign(b"manifest")
    assert len(base64.b64decode(signature)) == 64
    assert signing.verify(b"manifest", signature, pem)
    assert not signing.verify(b"manifesT", signature, pem)
    assert not signing.verify(b"manifest", "A" + signature[1:], pem)
    assert not signing.verify(b"manifest", "not base64!", pem)
    settings.SIGNING_KEY = SEED_B
    assert not signing.verify(b"manifest", signature, signing.public_pem())


def test_the_key_is_named_by_its_public_half(settings: Settings) -> None:
    settings.SIGNING_KEY = SEED_A
    key = load_pem_public_key(signing.public_pem().encode())
    raw = key.public_bytes_raw()  # type: ignore[union-attr]
    assert signing.key_id() == hashlib.sha256(raw).hexdigest()[:16]


def test_an_installation_makes_its_own_key_once(settings: Settings, tmp_path: Path) -> None:
    settings.SIGNING_KEY, settings.VAR_DIR = "", tmp_path
    first = signing.key_id()
    assert signing.key_id() == first
    secrets = tmp_path / "secrets"
    assert [file.name for file in secrets.iterdir()] == ["signing_key"]
    assert stat.S_IMODE((secrets / "signing_key").stat().st_mode) == 0o600
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700


ASK = "import django; django.setup(); from portal import signing; print(signing.key_id())"


def test_processes_that_start_at_once_agree_on_the_key(tmp_path: Path) -> None:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "VAR_DIR": str(tmp_path),
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ASK], cwd=site.BASE_DIR, env=environment,
            stdout=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    told = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert len(told) == 1
    assert len(told.pop()) == 16


@pytest.mark.parametrize("wrong", ["short", "A" * 40, base64.b64encode(bytes(31)).decode(), "é"])
def test_a_wrong_key_stops_the_start_in_words(wrong: str) -> None:
    env = Environment({"SIGNING_KEY": wrong})
    assert env.seed("SIGNING_KEY") == ""
    assert env.problems == [
        "SIGNING_KEY is not a base64 text of 32 bytes; `openssl rand -base64 32` makes one."
    ]
    right = Environment({"SIGNING_KEY": SEED_A})
    assert (right.seed("SIGNING_KEY"), right.problems) == (SEED_A, [])


def test_earlier_keys_stay_published(db: None, client: Client, settings: Settings) -> None:
    settings.SIGNING_KEY = SEED_A
    old = signing.publish()
    assert signing.publish() == old
    settings.SIGNING_KEY = SEED_B
    listed = client.get("/keys/").json()["keys"]
    assert [(key["key_id"], key["current"]) for key in listed] == [
        (signing.key_id(), True),
        (old.key_id, False),
    ]
    assert listed[1]["url"] == f"http://testserver/keys/{old.key_id}.pem"
    pem = client.get(f"/keys/{old.key_id}.pem")
    assert pem.content.decode() == old.pem
    assert client.get("/keys/0000000000000000.pem").status_code == 404


def test_the_database_refuses_to_change_a_published_key(db: None) -> None:
    key = signing.publish()
    with pytest.raises(DatabaseError, match="frozen"):
        PublishedKey.objects.filter(pk=key.pk).update(pem="another")
    connection.set_rollback(False)
