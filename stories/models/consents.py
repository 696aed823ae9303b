"""The author's revocable permission."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from campaigns.models import ConsentText, Partner
from portal.models import User
from stories.models.stories import Story
from stories.querysets import ConsentQuerySet


class NameShown(models.TextChoices):
    """Under which name a partner may show a story."""

    FULL = "full", "my full name"
    FIRST = "first", "my first name and state"
    NONE = "none", "no name"


class EndReason(models.TextChoices):
    """Why a consent is over."""

    WITHDRAWN = "withdrawn", "the story was withdrawn"
    NARROWED = "narrowed", "the author narrowed it"
    REPLACED = "replaced", "the author gave a wider one"
    EXPIRED = "expired", "its time ran out"


class Consent(models.Model):
    """Which partner, which uses, under which name, until when, to which exact wording.

    A row never changes but for its end: another choice is another row. `partner` None is the line for
    partners that join later; when one does, a row of its own is derived from it. `name` is, letter by
    letter, what the partner may show, and empty for none: the author's other names stay here.
    """

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="consents")
    partner = models.ForeignKey(Partner, null=True, blank=True, on_delete=models.PROTECT)
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT)
    lawmakers = models.BooleanField(default=False)
    publication = models.BooleanField(default=False)
    press = models.BooleanField(default=False)
    name_shown = models.CharField(max_length=5, choices=NameShown, default=NameShown.NONE)
    name = models.CharField(max_length=200, blank=True)
    # The last day on which the story may be used, in the campaign's time zone.
    until = models.DateField()
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=10, choices=EndReason, blank=True)

    objects: ClassVar[ConsentQuerySet[Consent]] = ConsentQuerySet["Consent"].as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["story", "partner"],
                condition=Q(ended_at=None, partner__isnull=False),
                name="one_live_consent_per_partner",
            ),
            models.UniqueConstraint(
                fields=["story"],
                condition=Q(ended_at=None, partner=None),
                name="one_live_consent_for_later_partners",
            ),
            models.CheckConstraint(
                condition=Q(lawmakers=True) | Q(publication=True) | Q(press=True),
                name="consent_to_some_use",
            ),
            models.CheckConstraint(
                condition=~Q(name_shown=NameShown.NONE) | Q(name=""), name="no_name_means_no_name"
            ),
        ]
        indexes = [
            models.Index(fields=["until"], name="consent_expiry", condition=Q(ended_at=None)),
            models.Index(
                fields=["partner", "story"],
                name="live_consent_of_partner",
                condition=Q(ended_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"consent {self.pk}"


class ConsentAsk(models.Model):
    """That an author was asked once about a partner that joined after they had written."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="asks")
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["story", "partner"], name="asked_once")]

    def __str__(self) -> str:
        return f"ask {self.pk}"
