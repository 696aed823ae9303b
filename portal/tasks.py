"""The portal's Celery tasks. Each may run twice at once; each calls one function."""

from __future__ import annotations

from django.utils import timezone

from portal.celery import app
from portal.post import beats, digests, drain, forgetting, sweeping


@app.task(name="portal.send_mail")
def send_mail() -> None:
    """Send what is due."""
    drain.drain()


@app.task(name="portal.sweep")
def sweep() -> None:
    """Ring again for what is overdue."""
    sweeping.sweep()


@app.task(name="portal.forget")
def forget() -> None:
    """Empty the words and addresses of messages done with; delete sessions that have run out."""
    forgetting.forget(now=timezone.now())
    forgetting.forget_sessions(now=timezone.now())


@app.task(name="portal.write_digests")
def write_digests() -> None:
    """Write the digests that are due."""
    digests.write_digests(now=timezone.now())


@app.task(name="portal.beat")
def beat(queue: str) -> None:
    """Answer the clock from a queue's worker."""
    beats.beat(beats.worker_of(queue))
