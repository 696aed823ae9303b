"""The keys with which a partner's own programs use the API."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from campaigns.models import PartnerUser
from stories.querysets import TokenQuerySet


class PartnerToken(models.Model):
    """One program's key. It acts as the officer who made it, and goes when that officer's tie goes.

    Only the SHA-256 is kept: the key itself is shown once.
    """

    officer = models.ForeignKey(PartnerUser, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[TokenQuerySet[PartnerToken]] = TokenQuerySet["PartnerToken"].as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"token {self.pk}"
