"""How a Celery task works on a job: take it, act, mark it; or put it back with a pause."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.db.models import F

from portal import logs
from portal.models import Job

log = logging.getLogger(__name__)

LEASE_SECONDS = 300


def work_on(job_pk: int, act: Callable[[Job], None], *, seconds: int = LEASE_SECONDS) -> bool:
    """Run `act` on a job under a lease; True where it was done now.

    Nothing happens where another worker has the job or it is done. `act` may run twice and must
    resume from `job.cursor`. Whatever it raises puts the job back; the message of the exception
    is not kept, because it may hold a person's words.
    """
    job = Job.objects.take(job_pk, seconds=seconds)
    if job is None:
        return False
    token = logs.request_id.set(f"job-{job.pk}")
    try:
        act(job)
    except Exception as problem:
        log.exception("%s failed", job.kind)
        Job.objects.put_back(job, type(problem).__name__)
        return False
    finally:
        logs.request_id.reset(token)
    return Job.objects.finish(job)


def advance(job: Job, *, cursor: dict[str, Any], done: int, seconds: int = LEASE_SECONDS) -> None:
    """Remember in the chunk's own transaction how far the job came, and hold on to the lease.

    Raises LostLease where another worker took over, so that the chunk's transaction rolls back.
    """
    kept = Job.objects.renew(job, seconds=seconds)
    if not kept:
        raise LostLease(job.kind)
    Job.objects.filter(pk=job.pk).update(cursor=cursor, done=F("done") + done)
    job.cursor = cursor


class LostLease(Exception):
    """Another worker has the job now."""
