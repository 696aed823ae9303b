"""Typed readers of the environment: a wrong value stops the start, in words.

Every setting is read here exactly once, through `Environment`, so that all mistakes can be told
together instead of one a start.
"""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from email.utils import getaddresses
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")


class Environment:
    """Reads named settings and collects what is wrong with them."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.values = os.environ if values is None else values
        self.problems: list[str] = []

    def read(self, name: str, parse: Callable[[str], T], default: T, expected: str) -> T:
        """The value of `name`, or `default` where it is unset or empty.

        A value that `parse` refuses (ValueError, KeyError or ImproperlyConfigured) is remembered as a
        problem that names the setting and what was `expected`; the value itself is never repeated,
        because it may be a secret.
        """
        raw = self.values.get(name, "")
        if raw == "":
            return default
        try:
            return parse(raw)
        except (ValueError, KeyError, ImproperlyConfigured):
            self.problems.append(f"{name} is not {expected}.")
            return default

    def text(self, name: str, default: str) -> str:
        """A string."""
        return self.read(name, str, default, "text")

    def line(self, name: str, default: str) -> str:
        """A string that can stand in a heading of a page or a letter."""

        def parse(raw: str) -> str:
            if not raw.isprintable():
                raise ValueError
            return raw

        return self.read(name, parse, default, "one line of text")

    def address(
        self, name: str, default: str, schemes: Collection[str], example: str
    ) -> SplitResult:
        """The address of a server: a scheme, a host, a port where one is needed, and nothing behind it."""

        def parse(raw: str) -> SplitResult:
            parts = _parts(raw.strip().rstrip("/"), schemes)
            if not parts.hostname or parts.path or parts.query or parts.fragment:
                raise ValueError
            return parts

        return self.read(name, parse, urlsplit(default), f"an address such as {example}")

    def redis(self, name: str) -> str:
        """Redis's address, with the number of a database behind it or none; a socket's, too."""

        def parse(raw: str) -> str:
            _parts(raw, {"redis", "rediss", "unix"})
            return raw

        return self.read(name, parse, "", "an address such as redis://localhost:6379/0")

    def sender(self, name: str, default: str) -> str:
        """One mail address, with or without somebody's name before it."""

        def parse(raw: str) -> str:
            found = getaddresses([raw])
            if len(found) != 1 or not raw.isprintable() or not all(found[0][1].rpartition("@")):
                raise ValueError
            return raw

        example = "Storybank <storybank@example.org>, with quotes around a name that holds a comma"
        return self.read(name, parse, default, f"a sender such as {example}")

    def flag(self, name: str, default: bool) -> bool:
        """1, true, yes, on, or 0, false, no, off."""
        return self.read(name, _flag, default, "one of 1, 0, true, false, yes, no, on, off")

    def number(self, name: str, default: int, *, least: int = 0) -> int:
        """A whole number, at least `least`."""

        def parse(raw: str) -> int:
            value = int(raw)
            if value < least:
                raise ValueError
            return value

        return self.read(name, parse, default, f"a whole number of at least {least}")

    def words(self, name: str, default: list[str]) -> list[str]:
        """A list separated by commas."""
        return self.read(
            name,
            lambda raw: [word.strip() for word in raw.split(",") if word.strip()],
            default,
            "a list separated by commas",
        )

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """One of `choices`."""

        def parse(raw: str) -> str:
            if raw not in choices:
                raise ValueError
            return raw

        return self.read(name, parse, default, "one of " + ", ".join(choices))

    def database(self, name: str, default: str) -> dict[str, Any]:
        """Django's database settings from a URL such as postgres://user:password@host/name."""
        parsed: dict[str, Any] = self.read(
            name,
            _database,
            _database(default),
            "a database URL such as postgres://user:password@host:5432/storybank or sqlite:///var/storybank.sqlite3",
        )
        return parsed

    def folder(self, name: str, default: Path) -> Path:
        """A folder that is made where it is missing. Nothing can go on without it, so it stops at once."""
        path = Path(self.values.get(name) or default).absolute()
        with suppress(OSError):
            path.mkdir(parents=True, exist_ok=True)
        if not path.is_dir() or not os.access(path, os.W_OK | os.X_OK):
            self.refuse(f"{name} is not a folder that the site may write to.")
            self.stop_on_problems()
        return path

    def seed(self, name: str) -> str:
        """An Ed25519 seed: 32 bytes as base64. "" where it is unset."""

        def parse(raw: str) -> str:
            if len(base64.b64decode(raw, validate=True)) != 32:
                raise ValueError
            return raw

        return self.read(
            name, parse, "", "a base64 text of 32 bytes; `openssl rand -base64 32` makes one"
        )

    def fernet_keys(self, name: str) -> list[str]:
        """Fernet keys separated by commas: each 32 bytes as URL-safe base64."""

        def parse(raw: str) -> list[str]:
            keys = [key.strip() for key in raw.split(",") if key.strip()]
            for key in keys:
                if len(base64.urlsafe_b64decode(key)) != 32:
                    raise ValueError
            return keys

        return self.read(
            name,
            parse,
            [],
            "a list of keys of 32 bytes each, as URL-safe base64, with commas between",
        )

    def refuse(self, problem: str) -> None:
        """Remember a problem that lies between settings."""
        self.problems.append(problem)

    def stop_on_problems(self) -> None:
        """Raise ImproperlyConfigured with every problem found, one a line."""
        if self.problems:
            lines = "\n".join(f"  - {problem}" for problem in self.problems)
            raise ImproperlyConfigured(
                f"Storybank cannot start with these settings:\n{lines}\n"
                "The README has a table of every setting."
            )


def count_together(folder: Path) -> None:
    """Let the processes of this machine count for Prometheus together, in files under `folder`.

    prometheus_client looks for this name when it is first imported.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def own_secret(var_dir: Path, name: str, make: Callable[[], str]) -> str:
    """A secret that this installation made for itself on its first start, kept under `var_dir`.

    Of two processes that start at once, one makes it and both read that one: it is written aside
    whole and then linked to its name, which fails where the name exists.
    """
    kept = var_dir / "secrets" / name
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, aside = tempfile.mkstemp(dir=kept.parent, prefix=f"{name}.")  # mode 0600
        with os.fdopen(handle, "w") as file:
            file.write(make())
            file.flush()
            os.fsync(handle)
        with suppress(FileExistsError):
            os.link(aside, kept)
        os.unlink(aside)
    return kept.read_text()


def _flag(raw: str) -> bool:
    """True or False from the usual words; KeyError for any other."""
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"0": False, "false": False, "no": False, "off": False}
    return words[raw.strip().lower()]


def _parts(raw: str, schemes: Collection[str]) -> SplitResult:
    """Take an address apart; ValueError for another scheme, and for a port that is no number."""
    parts = urlsplit(raw)
    _ = parts.port
    if parts.scheme not in schemes:
        raise ValueError
    return parts


def _database(raw: str) -> dict[str, Any]:
    """Parse one database URL; ValueError for an engine that Storybank does not run on."""
    if urlsplit(raw).fragment:  # the rest of a password with a #
        raise ValueError
    parsed = environ.Env.db_url_config(raw)
    if not parsed.get("NAME") or parsed.get("ENGINE") not in {
        "django.db.backends.sqlite3",
        "django.db.backends.postgresql",
    }:
        raise ValueError
    return dict(parsed)
