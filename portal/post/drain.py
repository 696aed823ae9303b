"""The drain: sends what is due, the most urgent first, a handful at a time over one connection.

Nothing here holds a transaction while it talks to the server: take under a lease, send, mark. Where
the machine dies between the server's yes and the mark, the lease runs out and the same message goes
out a second time under the same Message-ID; that is the only way to a second copy.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from portal import logs, outbox
from portal.models import Message, Urgency
from portal.post import beats, letters
from portal.post.line import Line, LineLost, NotTaken, RecipientRefused

log = logging.getLogger(__name__)

#: So many are taken at once; urgent mail that comes in meanwhile waits for a handful at most.
HANDFUL = 20
#: A drain ends after so many seconds and rings for the next, so that a worker is never lost to it.
DRAIN_SECONDS = 50.0
#: That mail leaves is noted so often: a note a message would cost a million of them a write each.
BEAT_SECONDS = 30.0
#: Templates whose words are of no use once sent and must not be kept: sign-in codes.
FORGOTTEN_AT_ONCE = frozenset({"account"})


def talk_seconds() -> int:
    """Longer than a hanging server can hold one message: every step of it may take a timeout."""
    return int(settings.EMAIL_TIMEOUT) * 5 + 10


def lease_seconds() -> int:
    """How long a handful is ours: a quick one needs no renewal."""
    return talk_seconds() + 60


def drain(*, seconds: float = DRAIN_SECONDS, handful: int = HANDFUL) -> int:
    """Send due messages until none is left, the line is lost, or `seconds` have passed.

    Returns how many left the house. Any number of drains may run at once.
    """
    if not Message.objects.takeable().exists():
        return 0
    stop = time.monotonic() + seconds
    line = Line()
    sent, told = 0, -BEAT_SECONDS
    try:
        _open(line)
        while taken := Message.objects.take_handful(handful, seconds=lease_seconds()):
            with _without_waiting_for_the_disk(taken):
                left = _send_handful(line, taken)
            sent += left
            if left and time.monotonic() - told >= BEAT_SECONDS:
                beats.beat(beats.MAIL_LEFT)
                told = time.monotonic()
            if time.monotonic() >= stop:
                outbox.ring("portal.send_mail")
                break
            if line.worn:
                line.close()
                _open(line)
    except LineLost as problem:
        log.warning("the drain stopped: %s", problem)
    finally:
        line.close()
    return sent


@contextmanager
def _without_waiting_for_the_disk(taken: Sequence[Message]) -> Iterator[None]:
    """Let PostgreSQL answer before the marks of bulk mail are on its disk: it writes them a moment later.

    A mark is seen by everybody as before, and a worker's death loses none. Where PostgreSQL itself dies,
    the marks of the last half second may go with it, and these invitations leave again under the same
    Message-IDs. Waiting for the disk after each would cost half of all the time of a million of them.
    """
    bulk = all(message.urgency == Urgency.BULK for message in taken)
    if not bulk or connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET synchronous_commit")


def _open(line: Line) -> None:
    """Connect before anything is taken: a server that is down costs no message an attempt."""
    line.open()
    beats.beat(beats.MAIL_SERVER)


def _send_handful(line: Line, taken: list[Message]) -> int:
    """Send the taken messages one by one; returns how many left.

    A line that is lost after it carried something is opened again: many servers close after so
    many messages. One that carried nothing is given up (LineLost), and the untried go back.
    """
    sent = 0
    for place, message in enumerate(taken):
        try:
            sent += _send_one(line, message)
        except LineLost:
            line.close()
            if line.carried == 0:
                Message.objects.release(taken[place + 1 :])
                raise
            _reopen(line, taken[place + 1 :])
    return sent


def _reopen(line: Line, untried: list[Message]) -> None:
    """Open a line again; where that fails, the messages that were not tried go back first."""
    try:
        _open(line)
    except LineLost:
        Message.objects.release(untried)
        raise


def _send_one(line: Line, message: Message) -> bool:
    """Send one message and mark it; True where it left. LineLost after putting it back."""
    token = logs.request_id.set(f"message-{message.pk}")
    try:
        if not _stays_ours(message):
            return False
        address = letters.address_of(message)
        if not address:
            Message.objects.finish(message, last_error="no address", **_forgotten())
            return False
        line.send(letters.write(message, address))
    except LineLost as problem:
        Message.objects.put_back(message, str(problem))
        raise
    except RecipientRefused as problem:
        log.warning("%s was given up: %s", message.template, problem)
        Message.objects.give_up(message, str(problem))
        return False
    except NotTaken as problem:
        log.warning("%s was put back: %s", message.template, problem)
        Message.objects.put_back(message, str(problem))
        return False
    except Exception as problem:  # a broken template or context: visible, and the rest goes on
        log.exception("%s cannot be written", message.template)
        Message.objects.put_back(message, f"cannot be written ({type(problem).__name__})")
        return False
    finally:
        logs.request_id.reset(token)
    Message.objects.finish(
        message, **(_forgotten() if message.template in FORGOTTEN_AT_ONCE else {})
    )
    return True


def _stays_ours(message: Message) -> bool:
    """Whether nobody else can take the message while it is being sent; renews a lease that is short.

    False where it ran out already and another worker was faster: the message is that worker's.
    """
    talk = dt.timedelta(seconds=talk_seconds())
    if message.leased_until is not None and timezone.now() + talk < message.leased_until:
        return True
    return Message.objects.renew(message, seconds=lease_seconds())


def _forgotten() -> dict[str, Any]:
    """The columns of a message whose words are forgotten."""
    return {"context": {}, "address": "", "forgotten_at": timezone.now()}
