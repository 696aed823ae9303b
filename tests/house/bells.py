"""The bells that were rung and that no worker has heard yet, whichever broker holds them."""

from __future__ import annotations

import base64
import datetime as dt
import json
from dataclasses import dataclass
from queue import Empty
from typing import Any, cast

from django.conf import settings
from kombu.transport.virtual import Channel

from portal.celery import app


@dataclass(frozen=True)
class Bell:
    """One waiting Celery message."""

    queue: str
    task: str
    arguments: list[Any]
    request_id: str
    expires: dt.datetime | None

    @property
    def call(self) -> tuple[str, list[Any]]:
        """What it asks for."""
        return self.task, self.arguments


def take_bells() -> list[Bell]:
    """Take every waiting bell out of the broker, in the order of queues and then of ringing."""
    found = []
    with app.connection_for_read() as connection:
        channel = cast("Channel", connection.channel())
        for queue in settings.QUEUES:
            while (message := _next(channel, queue)) is not None:
                found.append(_bell(queue, message))
    return found


def _next(channel: Channel, queue: str) -> dict[str, Any] | None:
    try:
        return cast("dict[str, Any]", channel._get(queue))
    except Empty:
        return None


def _bell(queue: str, message: dict[str, Any]) -> Bell:
    headers = message["headers"]
    expires = headers["expires"]
    return Bell(
        queue=queue,
        task=headers["task"],
        arguments=json.loads(base64.b64decode(message["body"]))[0],
        request_id=headers.get("request_id", ""),
        expires=dt.datetime.fromisoformat(expires) if expires else None,
    )
