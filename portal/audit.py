"""The audit log: one line for each thing that a verb did, in the verb's own transaction."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db import connection, models
from django.utils.dateformat import format as format_moment

from portal.logs import current_request_id
from portal.models import AuditLine, User

#: What a verb's name reads like between a person's name and "it", for the verbs that leave an object
#: in another state or with another text. Reading, noting and tagging are on record, but never the answer
#: to "who was faster?".
PAST_TENSE: dict[str, str] = {}

#: Where the time zone of an object's people stands: the path from its model, by the model's label.
TIME_ZONE_AT: dict[str, str] = {}


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
    """Who last moved an object on and when: "Ana Ruiz approved it on May 3, 2027, 3:04 p.m. CDT."

    Empty where nobody did.
    """
    acts = AuditLine.objects.about(thing).filter(verb__in=PAST_TENSE)
    line = acts.select_related("actor").last()
    if line is None:
        return ""
    who = str(line.actor) if line.actor else "The site's clock"
    when = format_moment(line.at.astimezone(_zone(thing)), "F j, Y, P T")
    return f"{who} {PAST_TENSE[line.verb]} it on {when}."


def _zone(thing: models.Model) -> ZoneInfo:
    path = TIME_ZONE_AT.get(thing._meta.label_lower)
    rows = type(thing)._default_manager.filter(pk=thing.pk)
    name = rows.values_list(path, flat=True).first() if path else None
    return ZoneInfo(str(name or "UTC"))
