"""Retrying what was given up: an operator's verbs."""

from __future__ import annotations

from django.db import transaction

from portal import audit, outbox
from portal.errors import TooLate
from portal.models import Job, Message, User

GONE = "This was retried already, or its words have been forgotten since."


def retry_message(*, by: User, message: Message) -> None:
    """Send one given-up message again from its first attempt; TooLate where somebody was faster."""
    with transaction.atomic():
        if not Message.objects.filter(pk=message.pk).retry():
            raise TooLate(GONE)
        audit.record(by, "retry_message", message)
        outbox.ring("portal.send_mail")


def retry_messages(*, by: User) -> int:
    """Send every given-up message again; returns how many."""
    with transaction.atomic():
        count = Message.objects.retry()
        if count:
            audit.record_all(by, "retry_messages", Message, rows=count)
            outbox.ring("portal.send_mail")
    return count


def retry_job(*, by: User, job: Job) -> None:
    """Start one given-up job again where it was cut off; TooLate where somebody was faster."""
    with transaction.atomic():
        if not Job.objects.filter(pk=job.pk).retry():
            raise TooLate(GONE)
        audit.record(by, "retry_job", job)
        outbox.ring(job.kind, job.pk)


def retry_jobs(*, by: User) -> int:
    """Start every given-up job again; the sweep rings for them. Returns how many."""
    with transaction.atomic():
        count = Job.objects.retry()
        if count:
            audit.record_all(by, "retry_jobs", Job, rows=count)
            outbox.ring("portal.sweep")
    return count
