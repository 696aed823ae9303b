"""What is handed over: batches, their items, deliveries, downloads, receipts and recalls."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from campaigns.models import Campaign, Partner
from portal.models import User
from stories.models.consents import Consent
from stories.models.stories import Acceptance, Story
from stories.querysets import BatchQuerySet, ItemQuerySet, RecallQuerySet
from stories.states import BatchState, RecallState


class Batch(models.Model):
    """A numbered set of revisions for one partner of one campaign; immutable once sealed.

    Its files live in storage under `ref`. Kept here is what a manifest cannot be made again without, its
    head, and what proves that it is the same: its SHA-256 and its signature. A batch from which a story was taken
    back is closed: `closed_at` is set and its files are handed to nobody again, because a sealed batch
    cannot be changed and nothing recalled may leave.
    """

    ref = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="batches")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="batches")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=BatchState, default=BatchState.OPEN)
    opened_at = models.DateTimeField(default=timezone.now)
    sealed_at = models.DateTimeField(null=True, blank=True)
    sealed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    count = models.PositiveIntegerField(default=0)
    # Written once by the worker that builds the files.
    built_at = models.DateTimeField(null=True, blank=True)
    manifest_head = models.JSONField(null=True, blank=True)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    signature = models.CharField(max_length=100, blank=True)
    key_id = models.CharField(max_length=16, blank=True)
    # The files that a partner fetches one by one, as [{"name", "size", "sha256"}]; photos stand in the manifest.
    files = models.JSONField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[BatchQuerySet[Batch]] = BatchQuerySet["Batch"].as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "batches"
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "partner", "number"], name="batch_number_once"
            ),
            models.UniqueConstraint(
                fields=["campaign", "partner"],
                condition=Q(state=BatchState.OPEN),
                name="one_open_batch",
            ),
        ]
        indexes = [models.Index(fields=["partner", "-sealed_at", "-id"], name="batch_of_partner")]

    def __str__(self) -> str:
        return f"batch {self.number} for {self.partner}"


class ItemEnd(models.TextChoices):
    """Why an item is no longer live."""

    RECALLED = "recalled", "recalled"
    REPLACED = "replaced", "replaced by a later item"
    REISSUED = "reissued", "moved to a later batch"


class Item(models.Model):
    """One revision in one sealed batch, under one consent. Only its end can be written later.

    `accepted` is the author's acceptance of the revision: what they did not accept cannot be an item.
    An item is reissued when its batch was closed before the partner had fetched anything of it.
    """

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="items")
    position = models.PositiveIntegerField()
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT)
    story = models.ForeignKey(Story, on_delete=models.PROTECT, related_name="items")
    accepted = models.ForeignKey(Acceptance, on_delete=models.PROTECT, related_name="items")
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="items")
    replaces = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=10, choices=ItemEnd, blank=True)

    objects: ClassVar[ItemQuerySet[Item]] = ItemQuerySet["Item"].as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="item_position_once"),
            models.UniqueConstraint(
                fields=["partner", "accepted"],
                condition=Q(ended_at=None),
                name="one_live_item_per_partner",
            ),
            models.UniqueConstraint(
                fields=["partner", "story"],
                condition=Q(ended_at=None),
                name="one_live_item_of_story_per_partner",
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "-id"], name="item_of_partner"),
            models.Index(
                fields=["partner", "-id"], name="live_item_of_partner", condition=Q(ended_at=None)
            ),
            models.Index(fields=["story", "id"], name="item_of_story"),
        ]

    def __str__(self) -> str:
        return f"item {self.position} of batch {self.batch_id}"


class Delivery(models.Model):
    """One attempt to hand a batch over through a channel, and how it ended."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="deliveries")
    channel = models.CharField(max_length=20, default="inbox")
    started_at = models.DateTimeField(default=timezone.now)
    delivered_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "channel"],
                condition=Q(delivered_at__isnull=False),
                name="delivered_once_per_channel",
            )
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}"


class Download(models.Model):
    """That a partner's user fetched a file of a batch, or read a story of it on screen.

    From the first one on the partner holds the batch.
    """

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="downloads")
    item = models.ForeignKey(Item, null=True, blank=True, on_delete=models.PROTECT)
    file = models.CharField(max_length=100, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"download {self.pk}"


class Receipt(models.Model):
    """A named partner user's acknowledgement of a batch."""

    batch = models.OneToOneField(Batch, on_delete=models.PROTECT, related_name="receipt")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=150)
    manifest_sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"receipt of batch {self.batch_id}"


class RecallReason(models.TextChoices):
    """Why a story is asked back."""

    WITHDRAWN = "withdrawn", "The author withdrew the story."
    NARROWED = "narrowed", "The author narrowed the permission."
    EXPIRED = "expired", "The permission ran out."


class Recall(models.Model):
    """The demand to give one item back, and the partner's answer."""

    ref = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="recall")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="recalls")
    story = models.ForeignKey(Story, on_delete=models.PROTECT, related_name="recalls")
    reason = models.CharField(max_length=10, choices=RecallReason)
    state = models.CharField(max_length=12, choices=RecallState, default=RecallState.ASKED)
    # Where it was published, or why it cannot be recalled: the partner's words.
    answer = models.CharField(max_length=1000, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    answered_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[RecallQuerySet[Recall]] = RecallQuerySet["Recall"].as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["partner", "-id"], name="recall_of_partner"),
            models.Index(
                fields=["partner", "-id"],
                name="open_recall_of_partner",
                condition=Q(state=RecallState.ASKED),
            ),
        ]

    def __str__(self) -> str:
        return f"recall {self.ref}"
