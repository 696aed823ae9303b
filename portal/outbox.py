"""The outbox: the one place that writes messages and jobs, and the only one that calls the broker."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import redis
from django.conf import settings
from django.db import connection, transaction

from portal import bulk
from portal.celery import app
from portal.logs import current_request_id
from portal.models import DigestLine, Job, Message, Urgency, User

log = logging.getLogger(__name__)

SWEPT_BELL_SECONDS = 30


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


class Composed(NamedTuple):
    """A message that is not written yet, by the columns of Message."""

    message_id: uuid.UUID
    user_id: int | None
    address: str
    template: str
    context: Mapping[str, Any]
    urgency: Urgency
    key: str | None
    unsubscribe_url: str


def compose(
    to: User | int | str,
    template: str,
    context: Mapping[str, Any],
    *,
    urgency: Urgency = Urgency.NORMAL,
    key: str | None = None,
    unsubscribe_url: str = "",
) -> Composed:
    """A message for `post` to write many of in one statement; `to` may be a person's id, too."""
    person = to.pk if isinstance(to, User) else to if isinstance(to, int) else None
    address = to if isinstance(to, str) else ""
    return Composed(uuid.uuid4(), person, address, template, context, urgency, key, unsubscribe_url)


def post(messages: Sequence[Composed]) -> None:
    """Write many messages at once. A key that exists already leaves its first message as it is."""
    demand_transaction()
    if not messages:
        return
    bulk.insert(Message, Composed._fields, messages, ignore_conflicts=True)
    ring("portal.send_mail")


def drop_untried(keys: Sequence[str]) -> list[str]:
    """Take back messages that nobody has tried to send, by their keys; returns the keys of those that were."""
    demand_transaction()
    untried = Message.objects.waiting().filter(key__in=keys, attempts=0, leased_until=None)
    found = dict(untried.select_for_update().values_list("pk", "key"))
    Message.objects.filter(pk__in=found).delete()
    return [str(key) for key in found.values()]


def note_for_digest(user: User, text: str, url: str) -> None:
    """Keep a line for a person's next daily digest."""
    note_for_digests([user], text, url)


def note_for_digests(users: Sequence[User], text: str, url: str) -> None:
    """Keep the same line for each person's next daily digest."""
    demand_transaction()
    if users:
        DigestLine.objects.bulk_create(
            DigestLine(user=user, text=text[:300], url=url) for user in users
        )


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


def ring_again(task: str, *arguments: Any) -> None:
    """Ring once more for something overdue, with a bell that fades before the next sweep.

    Behind a busy worker the bells of many sweeps would pile up otherwise.
    """
    transaction.on_commit(partial(_ring, task, arguments, SWEPT_BELL_SECONDS), robust=True)


def _ring(task: str, arguments: tuple[Any, ...], expires: float | None = None) -> None:
    """Call the broker; a broker that is down costs time, never a message.

    The bell carries the id of the request that rang it, so that the worker's log lines do too.
    """
    try:
        app.send_task(
            task,
            args=arguments,
            retry=False,
            expires=expires,
            headers={"request_id": current_request_id()},
        )
    except (
        Exception
    ) as problem:  # whatever the transport raises: the row is safe, the sweep will ring
        log.warning("the broker did not take %s: %s", task, type(problem).__name__)


def broker_answers() -> bool:
    """Whether the broker would take a message now; asks without leaving one."""
    if not settings.REDIS_URL:
        return os.access(settings.BROKER_DIR / "queue", os.W_OK)
    server = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)
    try:
        return bool(server.ping())
    except redis.RedisError:
        return False
    finally:
        server.close()


def demand_transaction() -> None:
    """Messages and jobs commit together with what they tell, or not at all."""
    if not connection.in_atomic_block:
        raise RuntimeError("the outbox was called outside a transaction")
