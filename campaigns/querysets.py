"""Questions about societies, members, campaigns and phases, named after the screen that asks them."""

from __future__ import annotations

from typing import Self, TypeVar

from django.db import models
from django.utils import timezone

from campaigns.states import CampaignState, PhaseState

M = TypeVar("M", bound=models.Model)


class CampaignQuerySet(models.QuerySet[M]):
    """Questions about campaigns."""

    def running(self) -> Self:
        """Set up and not ended."""
        return self.filter(state=CampaignState.RUNNING)


class PhaseQuerySet(models.QuerySet[M]):
    """Questions about phases."""

    def due(self) -> Self:
        """The clock should have opened them: of a running campaign, begun, not over, not opened."""
        now = timezone.now()
        return self.filter(
            campaign__state=CampaignState.RUNNING,
            state=PhaseState.PLANNED,
            opens_at__lte=now,
            closes_at__gt=now,
        )

    def open(self) -> Self:
        """In their window now, whether or not the clock has got round to them."""
        now = timezone.now()
        return self.filter(
            campaign__state=CampaignState.RUNNING, opens_at__lte=now, closes_at__gt=now
        )
