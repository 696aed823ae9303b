"""Questions about stories, consents, batches and recalls, named after the screen that asks them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Self, TypeVar
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from portal.models import User
from stories.states import BatchState, RecallState, StoryState

if TYPE_CHECKING:
    from stories.models import Batch

M = TypeVar("M", bound=models.Model)


class StoryQuerySet(models.QuerySet[M]):
    """Questions about stories."""

    def own(self, user: User) -> Self:
        """What a person wrote."""
        return self.filter(member__user=user)

    def reviewable_by(self, user: User) -> Self:
        """What a coordinator reads: their societies' stories, once submitted. Drafts are the author's."""
        return self.filter(society__coordinators__user=user, submitted_at__isnull=False)

    def approved_for_lead(self, user: User) -> Self:
        """What a campaign lead reads: approved stories of the campaigns they lead."""
        return self.filter(campaign__leads=user, state=StoryState.APPROVED)


class ConsentQuerySet(models.QuerySet[M]):
    """Questions about consents."""

    def live(self) -> Self:
        """Given and not ended. Whether the last day has passed is another question."""
        return self.filter(ended_at=None)

    def due_for(self, batch: Batch, today: dt.date) -> Self:
        """What an open batch holds: one consent for each story that would leave if it were sealed now.

        An approved story of the campaign, with a live consent for the partner that still runs `today`
        (a date in the campaign's time zone), whose approved text the partner does not have under
        exactly this consent.
        """
        handed_over = apps.get_model("stories", "Item")._default_manager.filter(
            ended_at=None,
            partner=batch.partner_id,
            consent=OuterRef("pk"),
            accepted=OuterRef("story__approved_revision"),
        )
        return self.live().filter(
            ~Exists(handed_over),
            partner=batch.partner_id,
            partner__partnerships__campaign=batch.campaign_id,
            until__gte=today,
            story__campaign=batch.campaign_id,
            story__state=StoryState.APPROVED,
        )


class BatchQuerySet(models.QuerySet[M]):
    """Questions about batches. A manifest can be large: lists leave it in the database."""

    def inbox_of(self, user: User) -> Self:
        """What was delivered to a partner user's organization."""
        return self.filter(
            partner__officers__user=user,
            state__in=(BatchState.DELIVERED, BatchState.ACKNOWLEDGED),
        ).defer("manifest")

    def led_by(self, user: User) -> Self:
        """The batches of the campaigns that a person leads."""
        return self.filter(campaign__leads=user).defer("manifest")

    def to_deliver(self) -> Self:
        """Sealed, and neither in the partner's inbox nor closed."""
        return self.filter(state=BatchState.SEALED, closed_at=None).defer("manifest")


class ItemQuerySet(models.QuerySet[M]):
    """Questions about batch items."""

    def live(self) -> Self:
        """Sealed and neither recalled, replaced nor reissued."""
        return self.filter(ended_at=None)

    def usable_by(self, user: User) -> Self:
        """The stories that a partner user may use now: delivered, live, and their time not over.

        "Until" is a day in the campaign's time zone. A consent that was widened since is no hindrance:
        what the item's own consent allowed still is.
        """
        zones = apps.get_model("campaigns", "Campaign")._default_manager.values_list(
            "time_zone", flat=True
        )
        runs = Q(pk__in=[])
        for zone in zones.order_by("time_zone").distinct():
            today = timezone.localdate(timezone=ZoneInfo(zone))
            runs |= Q(batch__campaign__time_zone=zone, consent__until__gte=today)
        return self.live().filter(
            runs,
            partner__officers__user=user,
            batch__state__in=(BatchState.DELIVERED, BatchState.ACKNOWLEDGED),
        )

    def in_full(self) -> Self:
        """With all that a line of an export is made of, in one query."""
        return self.select_related(
            "batch__campaign",
            "story",
            "accepted__revision__photo",
            "consent__text",
            "replaces__batch__campaign",
            "replaces__story",
            "replaces__accepted__revision__photo",
            "replaces__consent__text",
        ).defer("batch__manifest", "replaces__batch__manifest")


class RecallQuerySet(models.QuerySet[M]):
    """Questions about recalls."""

    def unanswered(self) -> Self:
        """The partner still owes an answer."""
        return self.filter(state=RecallState.ASKED)

    def asked_of(self, user: User) -> Self:
        """A partner user's recalls: all that their organisation was asked, answered or not."""
        return self.filter(partner__officers__user=user).exclude(state=RecallState.NEVER_TAKEN)
