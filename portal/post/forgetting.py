"""Forgetting: personal text leaves the outbox on a schedule; that something was told, when, stays.

Sessions that have run out go altogether.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session

from portal.models import Message
from portal.querysets import MessageQuerySet

CHUNK = 1000
GIVEN_UP = "given up and forgotten"


def forget(*, now: dt.datetime, chunk: int = CHUNK) -> int:
    """Empty the words and addresses of messages done with for MESSAGE_BODIES_KEPT_DAYS; returns how many.

    That counts from when a message was sent, or from when it was given up: nobody retries it any
    more, and it leaves the operator's list. The row and its key stay, so that the same thing is
    still told once.
    """
    before = now - dt.timedelta(days=settings.MESSAGE_BODIES_KEPT_DAYS)
    emptied: dict[str, Any] = {"context": {}, "address": "", "unsubscribe_url": ""}
    emptied["forgotten_at"] = now
    sent = _in_chunks(Message.objects.rememberable(before), chunk, emptied)
    closed = emptied | {"finished_at": now, "last_error": GIVEN_UP}
    return sent + _in_chunks(Message.objects.hopeless(before), chunk, closed)


def forget_sessions(*, now: dt.datetime, chunk: int = CHUNK) -> int:
    """Delete sessions that have run out, and where they were signed in from; returns how many."""
    count = 0
    while keys := list(
        Session.objects.filter(expire_date__lt=now).values_list("pk", flat=True)[:chunk]
    ):
        UserSession.objects.filter(session_key__in=keys).delete()
        count += Session.objects.filter(pk__in=keys).delete()[0]
    # Signed out or overtaken: the session went by itself, and the line about it stayed.
    before = now - dt.timedelta(seconds=settings.SESSION_COOKIE_AGE)
    UserSession.objects.filter(created_at__lt=before).exclude(
        session_key__in=Session.objects.values("session_key")
    ).delete()
    return count


def _in_chunks(messages: MessageQuerySet[Message], chunk: int, changes: dict[str, Any]) -> int:
    """Update all of `messages`, a chunk a statement, so that nobody waits long for a lock.

    `changes` must take a row out of `messages`.
    """
    count = 0
    while keys := list(messages.order_by("pk").values_list("pk", flat=True)[:chunk]):
        count += messages.filter(pk__in=keys).update(**changes)
    return count
