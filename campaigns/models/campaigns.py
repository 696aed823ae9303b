"""Campaigns: phases, prompts, consent texts, who takes part and who was told."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from campaigns.models.people import Member, Partner, Society
from campaigns.models.places import BoundarySet
from campaigns.querysets import CampaignQuerySet, PhaseQuerySet
from campaigns.states import CampaignState, PhaseState
from portal.models import User


class Basis(models.TextChoices):
    """Which place makes a member eligible."""

    HOME = "home", "where members live"
    WORK = "work", "where members work"
    EITHER = "either", "where members live or work"


class Rhythm(models.TextChoices):
    """When open batches are sealed without anybody asking."""

    BY_HAND = "by_hand", "only when the lead seals them"
    DAILY = "daily", "every day"
    WEEKLY = "weekly", "every week"


class Campaign(models.Model):
    """One call for stories, set up by its leads."""

    name = models.CharField(max_length=120, unique=True)
    slug = models.SlugField(max_length=60, unique=True)
    summary = models.CharField(max_length=300, blank=True, help_text="One or two sentences.")
    brief = models.TextField(blank=True, help_text="What the campaign asks for, and why now.")
    state = models.CharField(max_length=10, choices=CampaignState, default=CampaignState.DRAFT)
    time_zone = models.CharField(max_length=50, default="America/New_York")
    basis = models.CharField(max_length=6, choices=Basis, default=Basis.EITHER)
    rhythm = models.CharField(max_length=10, choices=Rhythm, default=Rhythm.BY_HAND)
    # Local to time_zone. The weekday counts from Monday = 0, as Python's does.
    rhythm_weekday = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(6)])
    rhythm_hour = models.PositiveSmallIntegerField(default=9, validators=[MaxValueValidator(23)])
    consent_months = models.PositiveSmallIntegerField(
        default=12, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    societies = models.ManyToManyField(Society, blank=True, related_name="campaigns")
    leads = models.ManyToManyField(User, blank=True, related_name="leads")
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[CampaignQuerySet[Campaign]] = CampaignQuerySet["Campaign"].as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(rhythm_weekday__lte=6, rhythm_hour__lte=23),
                name="campaign_rhythm_exists",
            )
        ]

    def __str__(self) -> str:
        return self.name


class CampaignPartner(models.Model):
    """That a partner receives this campaign's batches, since when, and whether it leads."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="partnerships")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="partnerships")
    leads = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=timezone.now)
    # When authors who had written before the partner joined were asked about it.
    authors_asked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "partner"], name="partner_of_campaign_once"
            ),
            models.UniqueConstraint(
                fields=["campaign"], condition=Q(leads=True), name="one_leading_partner"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner} in {self.campaign}"


class Phase(models.Model):
    """A dated window of a campaign with the states that it targets. Empty `states` means all."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="phases")
    name = models.CharField(max_length=80)
    states = models.JSONField(default=list, blank=True)
    all_states = models.BooleanField(default=False)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=PhaseState, default=PhaseState.PLANNED)
    opened_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[PhaseQuerySet[Phase]] = PhaseQuerySet["Phase"].as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["opens_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="phase_closes_after_it_opens"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def window_holds(self, moment: dt.datetime) -> bool:
        """Whether a moment lies in this phase's window, as `PhaseQuerySet.open` asks of now."""
        return self.opens_at <= moment < self.closes_at

    def covers(self, state: str) -> bool:
        """Whether this phase targets a state, by its two letters."""
        return bool(state) and (self.all_states or state in self.states)


class PromptKind(models.TextChoices):
    """What sort of answer a prompt takes."""

    SHORT_TEXT = "short_text", "one line"
    LONG_TEXT = "long_text", "long text, with word limits"
    ONE_CHOICE = "one_choice", "one choice"
    SEVERAL = "several", "several choices"
    DATE = "date", "a date"
    LINK = "link", "a link"


class Prompt(models.Model):
    """One question of a campaign's story form. A question that stories answer is retired, not deleted."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="prompts")
    position = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(max_length=10, choices=PromptKind)
    label = models.CharField(max_length=200)
    help_text = models.CharField(max_length=500, blank=True)
    required = models.BooleanField(default=False)
    least_words = models.PositiveSmallIntegerField(null=True, blank=True)
    most_words = models.PositiveSmallIntegerField(null=True, blank=True)
    choices = models.JSONField(default=list, blank=True, help_text="One choice a line.")
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.label


class ConsentText(models.Model):
    """The exact wording that an author agrees to. A version never changes; a new wording is a new version."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="consent_texts")
    version = models.PositiveSmallIntegerField()
    text = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "version"], name="consent_version_once")
        ]

    def __str__(self) -> str:
        return f"consent text {self.version} of {self.campaign}"


class Invitation(models.Model):
    """That a member was told once that a campaign has opened for them."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="invitations")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="invitations")
    phase = models.ForeignKey(Phase, null=True, on_delete=models.SET_NULL)
    society = models.ForeignKey(Society, on_delete=models.CASCADE)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "member"], name="invited_once")]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class Wish(models.Model):
    """A member's wish to be told when a campaign opens for them."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="wishes")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="wishes")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "wishes"
        constraints = [models.UniqueConstraint(fields=["campaign", "member"], name="wish_once")]

    def __str__(self) -> str:
        return f"wish {self.pk}"


class Participation(models.Model):
    """That a member joined a campaign, with basis, place and phase as they were then."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="participations")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="participations")
    society = models.ForeignKey(Society, on_delete=models.PROTECT)
    phase = models.ForeignKey(Phase, on_delete=models.PROTECT)
    basis = models.CharField(max_length=6, choices=Basis)
    # Which place counted, and what it was.
    counted = models.CharField(max_length=4)
    zip = models.CharField(max_length=5, blank=True)
    state = models.CharField(max_length=2)
    district = models.PositiveSmallIntegerField(null=True, blank=True)
    boundaries = models.ForeignKey(BoundarySet, null=True, on_delete=models.PROTECT)
    joined_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "member"], name="joined_once"),
            models.CheckConstraint(condition=~Q(state=""), name="joined_for_a_state"),
        ]

    def __str__(self) -> str:
        return f"participation {self.pk}"
