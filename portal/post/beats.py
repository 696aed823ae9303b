"""Heartbeats: when the clock last rang and each queue's worker last answered."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.utils import timezone

from portal.models import Heartbeat, Job, Message

CLOCK = "clock"
MAIL_SERVER = "mail server"
MAIL_LEFT = "mail that left"
#: Two beats may be missed; the third counts.
SILENT_SECONDS = 90


def beat(name: str) -> None:
    """Say that something is alive now."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})


def worker_of(queue: str) -> str:
    """The name under which a queue's worker beats."""
    return f"worker {queue}"


def queue_of(task: str) -> str:
    """The queue that a task goes to."""
    route = settings.CELERY_TASK_ROUTES.get(task, {})
    return str(route.get("queue", settings.CELERY_TASK_DEFAULT_QUEUE))


def last_beats() -> dict[str, dt.datetime]:
    """Every heartbeat by its name."""
    return dict(Heartbeat.objects.values_list("name", "at"))


def living(beats: dict[str, dt.datetime], name: str) -> bool:
    """Whether a beat is recent enough."""
    at = beats.get(name)
    return at is not None and timezone.now() - at < dt.timedelta(seconds=SILENT_SECONDS)


def busy_queues() -> set[str]:
    """Queues whose worker holds a lease: it may be too busy with it to answer the clock."""
    queues = {
        queue_of(kind) for kind in Job.objects.leased().values_list("kind", flat=True).distinct()
    }
    if Message.objects.leased().exists():
        queues.add(queue_of("portal.send_mail"))
    return queues
