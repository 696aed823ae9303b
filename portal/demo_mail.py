"""The demonstration's cast and the mail files that its people have received."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import json
import re
from collections import Counter
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings

NAME = re.compile(r"[A-Za-z0-9._-]+\.eml")


@dataclass(frozen=True)
class Person:
    """One of the cast: who they are and what to try as them."""

    email: str
    name: str
    role: str
    tries: str
    url: str


@dataclass(frozen=True)
class Letter:
    """One message, as its list shows it. `to` is the bare address in lower case."""

    name: str
    to: str
    subject: str
    sent_at: dt.datetime


def cast() -> list[Person]:
    """The people of the demonstration, as `manage.py demo` wrote them; empty before it ran."""
    if not settings.DEMO_CAST.exists():
        return []
    listed = json.loads(settings.DEMO_CAST.read_text(encoding="utf-8"))
    return [
        Person(
            email=row["email"],
            name=row["name"],
            role=row["role"],
            tries=row.get("try", ""),
            url=row.get("url", "/"),
        )
        for row in listed
    ]


#: Roles as the cast's list names them, in the order in which a story meets them.
ROLES = ("member", "coordinator", "campaign lead", "partner officer", "operator")


def cast_by_role() -> list[tuple[str, list[Person]]]:
    """The cast under the headings "Members", "Coordinators" ...; whoever fits none comes last."""
    people = cast()
    groups = [
        (f"{role}s".capitalize(), [who for who in people if who.role.startswith(role)])
        for role in ROLES
    ]
    groups.append(("Others", [who for who in people if not who.role.startswith(ROLES)]))
    return [(heading, group) for heading, group in groups if group]


def letters() -> list[Letter]:
    """Every message under MAIL_DIR, newest first."""
    found = [
        _letter(path, path.stat().st_mtime_ns)
        for path in settings.MAIL_DIR.glob("*.eml")
        if NAME.fullmatch(path.name)
    ]
    return sorted(found, key=lambda letter: letter.sent_at, reverse=True)


def mailboxes(found: list[Letter]) -> list[tuple[str, int]]:
    """Who has mail and how much, the fullest box first."""
    return Counter(letter.to for letter in found).most_common()


@lru_cache(maxsize=20_000)
def _letter(path: Path, modified_ns: int) -> Letter:
    """The head of one file; read once for each version of the file."""
    with path.open("rb") as file:
        head = email.message_from_binary_file(file, policy=email.policy.default)
    try:
        sent_at = parsedate_to_datetime(str(head["Date"]))
    except (TypeError, ValueError):
        sent_at = dt.datetime.fromtimestamp(modified_ns / 1e9, tz=dt.UTC)
    if sent_at.tzinfo is None:
        sent_at = sent_at.replace(tzinfo=dt.UTC)
    to = parseaddr(str(head["To"]))[1].lower()
    return Letter(path.name, to, str(head["Subject"] or "(no subject)"), sent_at)


def read(name: str) -> tuple[Letter, EmailMessage] | None:
    """One message by its file's name; None where there is none of that name."""
    path = settings.MAIL_DIR / name
    if not NAME.fullmatch(name) or not path.is_file():
        return None
    with path.open("rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    return _letter(path, path.stat().st_mtime_ns), message


def part(message: EmailMessage, kind: str) -> str:
    """The body as "plain" or "html"; empty where the message has none of that kind."""
    body = message.get_body(preferencelist=(kind,))
    return str(body.get_content()) if body else ""
