"""What the workers would do, done here and now by the same tasks."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cache
from pathlib import Path

from django.conf import settings

from portal.celery import app
from portal.models import Job

# More rounds than any test needs: a job that puts itself back for ever fails instead of hanging.
ROUNDS = 50


@dataclass(frozen=True)
class Mail:
    """One message as it lies in MAIL_DIR."""

    file: Path
    wire: EmailMessage

    @property
    def to(self) -> str:
        """The address that it goes to."""
        return str(self.wire["To"])

    @property
    def subject(self) -> str:
        """The subject line."""
        return str(self.wire["Subject"])

    @property
    def text(self) -> str:
        """The plain-text body."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """The HTML body; empty where there is none."""
        return self._part("html")

    @property
    def links(self) -> list[str]:
        """The site's own links in the text, as paths that a test client can open."""
        site = re.escape(settings.SITE_URL)
        return re.findall(rf"{site}(/[^\s>)\"]*)", self.text)

    def _part(self, subtype: str) -> str:
        part = self.wire.get_body(preferencelist=(subtype,))
        return "" if part is None else str(part.get_content())


def mailbox(besides: Collection[Path] = ()) -> list[Mail]:
    """Every message that ever left in this test, but for some files, in the order of their writing."""
    files = set(settings.MAIL_DIR.glob("*.eml")).difference(besides)
    written = sorted(files, key=lambda file: file.stat().st_mtime_ns)
    return [Mail(file, _parse(file)) for file in written]


def deliver_mail() -> list[Mail]:
    """Run the real sending task until the outbox is empty; returns what has left now."""
    before = set(settings.MAIL_DIR.glob("*.eml"))
    run_task("portal.send_mail")
    return mailbox(besides=before)


def run_jobs() -> int:
    """Run every waiting background job by its own task until none is due; returns how many ran."""
    ran = 0
    for _ in range(ROUNDS):
        due = list(Job.objects.takeable().order_by("pk").values_list("pk", "kind"))
        if not due:
            return ran
        for pk, kind in due:
            run_task(kind, pk)
            ran += 1
    raise AssertionError(f"jobs keep coming: {due}")


def run_task(name: str, *arguments: object) -> object:
    """Run a Celery task by its name in this process, as the worker would."""
    return registered_tasks()[name](*arguments)


@cache
def registered_tasks() -> Mapping[str, Callable[..., object]]:
    """Every Celery task by its name."""
    app.loader.import_default_modules()
    return app.tasks


def _parse(file: Path) -> EmailMessage:
    return email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
