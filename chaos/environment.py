"""Where a run takes place: a folder and ports of its own, and the compose file's environment for all of it.

Imported before Django reads its settings: who checks at the end looks into the very database that the
services write.
"""

from __future__ import annotations

import base64
import os
import re
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.house import compose
from tests.house.own_ground import setting_names
from tests.house.servers import free_port

HOST = "stories.example.org"
SITE = f"https://{HOST}"

#: PostgreSQL's own user walks through it.
GROUND = Path(tempfile.mkdtemp(prefix="storybank-chaos-"))
GROUND.chmod(0o755)
#: Where batches, photos and uploads lie; a small disk of its own where one can be mounted.
FILES = GROUND / "files"
FILES.mkdir()

WEB_PORT, DATABASE_PORT, REDIS_PORT, MAIL_PORT = (free_port() for _ in range(4))
DATABASE_URL = f"postgres://storybank@127.0.0.1:{DATABASE_PORT}/postgres"

#: A hanging mail server is given up after so many seconds; the default would be 20.
MAIL_SECONDS = 3

FILLED_IN = {
    "SITE_URL": SITE,
    "SECRET_KEY": "k" * 60,
    "SIGNING_KEY": base64.b64encode(b"a key for one run of chaos only!").decode(),
    "POSTGRES_PASSWORD": "not-a-secret",
    "EMAIL_URL": f"smtp://127.0.0.1:{MAIL_PORT}",
}
SERVICES: dict[str, dict[str, Any]] = compose.read(FILLED_IN)["services"]
#: What runs for good; the migration runs once.
NAMES = ("web", "worker-mail", "worker-work", "worker-files", "clock")


def environment() -> dict[str, str]:
    """What every process of the installation is started with, and nothing of the caller's settings."""
    return {
        **{name: str(value) for name, value in SERVICES["web"]["environment"].items()},
        "DATABASE_URL": DATABASE_URL,
        "REDIS_URL": f"redis://127.0.0.1:{REDIS_PORT}/0",
        "EMAIL_TIMEOUT": str(MAIL_SECONDS),
        "STORAGE_URL": FILES.as_uri(),
        "VAR_DIR": str(GROUND / "var"),
        "HOSTNAME": socket.gethostname(),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TMPDIR": str(GROUND),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LANG": "C.UTF-8",
    }


def command(name: str) -> list[str]:
    """A service's command as the compose file gives it, on this run's port and in its folder."""
    return on_this_machine(compose.command(SERVICES[name]))


def on_this_machine(words: list[str]) -> list[str]:
    """A command's words with this run's port and folder; in a container 8000 and /tmp are its own."""
    port = re.compile(r"\b8000\b")
    return [re.sub("/tmp/", f"{GROUND}/", port.sub(str(WEB_PORT), word)) for word in words]  # noqa: S108


for setting in setting_names():
    os.environ.pop(setting, None)
os.environ.update(environment())
