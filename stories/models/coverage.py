"""Where a campaign's stories come from, counted every few minutes: see stories.verbs.coverage."""

from __future__ import annotations

from django.db import models

from campaigns.models import Campaign, Partner, Society


class CoverageLine(models.Model):
    """How many stories of one society come from one district, and how many of them each partner has.

    A line without a partner holds what was told; a line with one, what that partner was handed. Nobody
    writes a line by hand: all lines of a campaign are replaced together.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="coverage")
    society = models.ForeignKey(Society, on_delete=models.CASCADE)
    partner = models.ForeignKey(Partner, null=True, on_delete=models.CASCADE)
    us_state = models.CharField(max_length=2)
    district = models.PositiveSmallIntegerField(null=True)
    submitted = models.PositiveIntegerField(default=0)
    in_review = models.PositiveIntegerField(default=0)
    approved = models.PositiveIntegerField(default=0)
    handed_over = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["campaign", "us_state", "district"], name="coverage_of_campaign")
        ]

    def __str__(self) -> str:
        return f"coverage line {self.pk}"


class CoverageCount(models.Model):
    """When the counting of a campaign's lines began; what happened later is not in them yet."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="counted")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"coverage counted {self.at:%Y-%m-%d %H:%M}"
