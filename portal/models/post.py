"""Work that waits: outgoing messages and background jobs, both taken under a lease."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal import reasons
from portal.models.people import User
from portal.querysets import LeasedQuerySet, MessageQuerySet


class Leased(models.Model):
    """A row that is work. A worker takes it for a while; if the worker dies, the lease runs out."""

    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    failed_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True

    @property
    def why(self) -> str:
        """What the last failure was, in words for operators."""
        return reasons.in_words(self.last_error)


class Urgency(models.IntegerChoices):
    """Which post leaves first."""

    AT_ONCE = 0, "at once"  # sign-in codes, recalls
    NORMAL = 5, "normal"  # receipts, decisions, notices
    BULK = 9, "bulk"  # invitations


class Message(Leased):
    """One e-mail of the outbox, written in the transaction of what it tells.

    Kept as template and context, rendered when sent; both are forgotten after a set time.
    """

    message_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    address = models.EmailField(max_length=254, blank=True)
    template = models.CharField(max_length=100)
    context = models.JSONField(default=dict)
    unsubscribe_url = models.CharField(max_length=300, blank=True)
    urgency = models.PositiveSmallIntegerField(choices=Urgency, default=Urgency.NORMAL)
    # Says what the message tells, so that the same thing cannot be told to the same person twice.
    key = models.CharField(max_length=150, null=True, blank=True, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    forgotten_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[MessageQuerySet[Message]] = MessageQuerySet["Message"].as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(
                "urgency",
                "due_at",
                "id",
                name="message_waiting",
                condition=Q(finished_at=None, failed_at=None),
            ),
            models.Index(
                "finished_at",
                name="message_unforgotten",
                condition=Q(forgotten_at=None, finished_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.message_id}"


class Job(Leased):
    """One piece of background work. The row is the job; the broker only rings the bell.

    `kind` is the Celery task's name; the task is called with the job's id, may run twice, and keeps
    in `cursor` how far it came, so that it resumes where it was cut off.
    """

    kind = models.CharField(max_length=100)
    arguments = models.JSONField(default=dict)
    cursor = models.JSONField(default=dict, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True, blank=True)
    key = models.CharField(max_length=150, null=True, blank=True, unique=True)
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[LeasedQuerySet[Job]] = LeasedQuerySet["Job"].as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(
                "due_at", "id", name="job_waiting", condition=Q(finished_at=None, failed_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class DigestLine(models.Model):
    """One line of a coordinator's next daily digest."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    text = models.CharField(max_length=300)
    url = models.CharField(max_length=300)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["user", "id"], name="digest_line_of_user")]

    def __str__(self) -> str:
        return f"digest line {self.pk}"
