"""What the site must be able to answer for: who did what, and with which key it signed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from portal.models.people import User
from portal.querysets import AuditQuerySet


class AuditLine(models.Model):
    """Who did what to which object, written in the same transaction; never changed, never deleted.

    `detail` holds ids, numbers and states; no text of a story, no name, no address.
    """

    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT)
    verb = models.CharField(max_length=50)
    object_type = models.CharField(max_length=50)
    object_id = models.CharField(max_length=40)
    detail = models.JSONField(default=dict)
    request_id = models.CharField(max_length=36, blank=True)

    objects: ClassVar[AuditQuerySet[AuditLine]] = AuditQuerySet["AuditLine"].as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["object_type", "object_id", "id"], name="audit_about_object")
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_type} {self.object_id}"


class Heartbeat(models.Model):
    """When the clock last rang and each queue's worker last answered."""

    name = models.CharField(max_length=50, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"


class PublishedKey(models.Model):
    """A public key that batches were signed with; it stays published after a newer one came."""

    key_id = models.CharField(max_length=16, primary_key=True)
    pem = models.TextField()
    since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.key_id
