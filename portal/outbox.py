"""The outbox: the one place that writes messages and jobs, and the only one that calls the broker."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db import connection, transaction

from portal.celery import app
from portal.models import DigestLine, Job, Message, Urgency, User

log = logging.getLogger(__name__)


def tell(
    to: User | str,
    template: str,
    context: Mapping[str, Any],
    *,
    urgency: Urgency = Urgency.NORMAL,
    key: str | None = None,
    unsubscribe_url: str = "",
) -> None:
    """Write one message in the transaction of what it tells.

    `to` is a person (the address is looked up when the message leaves) or an address. `template`
    names a pair under `templates/mail/`. `context` must be JSON. With a `key` that was used before,
    nothing is written: the same thing is told once.
    """
    post(
        [compose(to, template, context, urgency=urgency, key=key, unsubscribe_url=unsubscribe_url)]
    )


def compose(
    to: User | str,
    template: str,
    context: Mapping[str, Any],
    *,
    urgency: Urgency = Urgency.NORMAL,
    key: str | None = None,
    unsubscribe_url: str = "",
) -> Message:
    """A message that is not written yet, for `post` to write many of in one statement."""
    known = isinstance(to, User)
    return Message(
        user=to if isinstance(to, User) else None,
        address="" if known else str(to),
        template=template,
        context=dict(context),
        urgency=urgency,
        key=key,
        unsubscribe_url=unsubscribe_url,
    )


def post(messages: Sequence[Message]) -> None:
    """Write many messages at once. A key that exists already leaves its first message as it is."""
    demand_transaction()
    if not messages:
        return
    Message.objects.bulk_create(messages, ignore_conflicts=True)
    ring("portal.send_mail")


def note_for_digest(user: User, text: str, url: str) -> None:
    """Keep a line for a person's next daily digest."""
    demand_transaction()
    DigestLine.objects.create(user=user, text=text[:300], url=url)


def start(
    kind: str,
    *,
    by: User | None = None,
    key: str | None = None,
    total: int | None = None,
    **arguments: Any,
) -> Job:
    """Write one background job and ring for it after the commit. With a used `key`: the first job."""
    demand_transaction()
    if key is None:
        job = Job.objects.create(kind=kind, arguments=arguments, created_by=by, total=total)
    else:
        job, _ = Job.objects.get_or_create(
            key=key,
            defaults={"kind": kind, "arguments": arguments, "created_by": by, "total": total},
        )
    ring(kind, job.pk)
    return job


def ring(task: str, *arguments: Any) -> None:
    """Ring the broker's bell after the commit. If nobody hears it, the sweep rings again."""
    transaction.on_commit(partial(_ring, task, arguments), robust=True)


def _ring(task: str, arguments: tuple[Any, ...]) -> None:
    """Call the broker; a broker that is down costs time, never a message."""
    try:
        app.send_task(task, args=arguments, retry=False)
    except Exception as problem:  # whatever the transport raises: the row is safe, the sweep rings
        log.warning("the broker did not take %s: %s", task, type(problem).__name__)


def demand_transaction() -> None:
    """Messages and jobs commit together with what they tell, or not at all."""
    if not connection.in_atomic_block:
        raise RuntimeError("the outbox was called outside a transaction")
