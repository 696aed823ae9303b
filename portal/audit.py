"""The audit log: one line for each thing that a verb did, in the verb's own transaction."""

from __future__ import annotations

from django.db import connection, models
from django.utils import timezone
from django.utils.formats import date_format

from portal.logs import current_request_id
from portal.models import AuditLine, User

#: What a verb's name reads like behind a person's name.
PAST_TENSE: dict[str, str] = {}


def record(actor: User | None, verb: str, thing: models.Model, **detail: object) -> AuditLine:
    """Write one line. Must run inside the transaction of what it tells; the clock is actor None."""
    if not connection.in_atomic_block:
        raise RuntimeError("audit.record outside the transaction of what it records")
    return AuditLine.objects.create(
        actor=actor,
        verb=verb,
        object_type=thing._meta.label_lower,
        object_id=str(thing.pk),
        detail=detail,
        request_id=current_request_id(),
    )


def record_all(
    actor: User | None, verb: str, model: type[models.Model], **detail: object
) -> AuditLine:
    """Write one line about many rows of a model at once; `detail` says how many."""
    if not connection.in_atomic_block:
        raise RuntimeError("audit.record_all outside the transaction of what it records")
    return AuditLine.objects.create(
        actor=actor,
        verb=verb,
        object_type=model._meta.label_lower,
        object_id="*",
        detail=detail,
        request_id=current_request_id(),
    )


def last_act(thing: models.Model) -> str:
    """Who did the last thing to an object and when, in words: "Ana Ruiz approved it at 3:04 p.m."."""
    line = AuditLine.objects.about(thing).select_related("actor").last()
    if line is None:
        return ""
    who = str(line.actor) if line.actor else "The site's clock"
    when = timezone.localtime(line.at)
    did = PAST_TENSE.get(line.verb, line.verb.replace("_", " "))
    return (
        f"{who} {did} it on {date_format(when, 'j F Y')} at {date_format(when, 'H:i')} ({when:%Z})."
    )
