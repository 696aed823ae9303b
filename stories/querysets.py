"""Questions about stories, consents, batches and recalls, named after the screen that asks them."""

from __future__ import annotations

from typing import Self, TypeVar

from django.db import models

from portal.models import User
from stories.states import BatchState, RecallState

M = TypeVar("M", bound=models.Model)


class StoryQuerySet(models.QuerySet[M]):
    """Questions about stories."""

    def own(self, user: User) -> Self:
        """What a person wrote."""
        return self.filter(member__user=user)

    def reviewable_by(self, user: User) -> Self:
        """What a coordinator reads: their societies' stories, once submitted. Drafts are the author's."""
        return self.filter(society__coordinators__user=user, submitted_at__isnull=False)


class ConsentQuerySet(models.QuerySet[M]):
    """Questions about consents."""

    def live(self) -> Self:
        """Given and not ended. Whether the last day has passed is asked with `valid_on`."""
        return self.filter(ended_at=None)


class BatchQuerySet(models.QuerySet[M]):
    """Questions about batches."""

    def delivered_to(self, user: User) -> Self:
        """A partner user's inbox."""
        return self.filter(
            partner__officers__user=user,
            state__in=(BatchState.DELIVERED, BatchState.ACKNOWLEDGED),
        )


class ItemQuerySet(models.QuerySet[M]):
    """Questions about batch items."""

    def live(self) -> Self:
        """Handed over and neither recalled, replaced nor reissued."""
        return self.filter(ended_at=None)


class RecallQuerySet(models.QuerySet[M]):
    """Questions about recalls."""

    def unanswered(self) -> Self:
        """The partner still owes an answer."""
        return self.filter(state=RecallState.ASKED)

