"""Sweeping: rings again for what is due and in nobody's hands.

A bell is lost when the broker is down at the commit, or when the worker that heard it dies; the row
stays. So the sweep looks at rows, never at the broker.
"""

from __future__ import annotations

import logging

from portal import outbox
from portal.models import Job, Message

log = logging.getLogger(__name__)

#: A row that became due only now has its bell still ringing.
GRACE_SECONDS = 15
JOBS_A_SWEEP = 500


def sweep() -> int:
    """Ring for overdue jobs and mail, and give up what kills its worker; returns how many bells."""
    killers = Job.objects.give_up_killers() + Message.objects.give_up_killers()
    if killers:
        log.error("%s rows were given up: their worker died on every attempt", killers)
    overdue = Job.objects.overdue(GRACE_SECONDS).order_by("due_at", "pk")
    jobs = list(overdue.values_list("kind", "pk")[:JOBS_A_SWEEP])
    for kind, pk in jobs:
        outbox.ring_again(kind, pk)
    mail = Message.objects.overdue(GRACE_SECONDS).exists()
    if mail:
        outbox.ring_again("portal.send_mail")
    return len(jobs) + mail
