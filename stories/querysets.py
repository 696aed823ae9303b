"""Questions about stories, consents, batches and recalls, named after the screen that asks them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Self, TypeVar
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from portal.models import User
from stories.states import BatchState, RecallState, StoryState

if TYPE_CHECKING:
    from stories.models import Batch

M = TypeVar("M", bound=models.Model)


class StoryQuerySet(models.QuerySet[M]):
    """Questions about stories."""

    def own(self, user: User) -> Self:
        """What a person wrote. Their member's key is a value of the query, so that an index gives the order."""
        members = apps.get_model("campaigns", "Member")._default_manager.filter(user=user)
        return self.filter(member=Subquery(members.values("pk")[:1]))

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

    def due_in(self, campaign: int, today: dt.date) -> Self:
        """What the open batches of a campaign hold: one consent for each story and partner.

        An approved story of the campaign, with a live consent for one of its partners that still runs
        `today` (a date in the campaign's time zone), whose approved text the partner does not have
        under exactly this consent.
        """
        handed_over = apps.get_model("stories", "Item")._default_manager.filter(
            ended_at=None,
            partner=OuterRef("partner"),
            consent=OuterRef("pk"),
            accepted=OuterRef("story__approved_revision"),
        )
        return self.live().filter(
            ~Exists(handed_over),
            partner__partnerships__campaign=campaign,
            until__gte=today,
            story__campaign=campaign,
            story__state=StoryState.APPROVED,
        )

    def due_for(self, batch: Batch, today: dt.date) -> Self:
        """What an open batch holds: one consent for each story that would leave if it were sealed now."""
        return self.due_in(batch.campaign_id, today).filter(partner=batch.partner_id)

    def readable_for(self, campaign: int, partner: int, today: dt.date) -> Self:
        """Approved stories as one partner may have them, handed over already or not."""
        return self.live().filter(
            partner=partner,
            until__gte=today,
            story__campaign=campaign,
            story__state=StoryState.APPROVED,
        )


class BatchQuerySet(models.QuerySet[M]):
    """Questions about batches."""

    def inbox_of(self, user: User) -> Self:
        """What was delivered to a partner user's organization."""
        return self.filter(
            partner__officers__user=user,
            state__in=(BatchState.DELIVERED, BatchState.ACKNOWLEDGED),
        )

    def led_by(self, user: User) -> Self:
        """The batches of the campaigns that a person leads."""
        return self.filter(campaign__leads=user)

    def sealed_of(self, campaign: int) -> Self:
        """What a campaign has handed over or is handing over."""
        return self.filter(campaign=campaign).exclude(state=BatchState.OPEN)

    def to_deliver(self) -> Self:
        """Sealed, and neither in the partner's inbox nor closed."""
        return self.filter(state=BatchState.SEALED, closed_at=None)


class ItemQuerySet(models.QuerySet[M]):
    """Questions about batch items."""

    def live(self) -> Self:
        """Sealed and neither recalled, replaced nor reissued."""
        return self.filter(ended_at=None)

    def by_keys(self, keys: Collection[int]) -> Self:
        """These items, whatever this one was narrowed down to."""
        found: Self = self.model._default_manager.filter(pk__in=keys)  # type: ignore[assignment]
        return found

    def with_taken(self) -> Self:
        """With `taken`: whether the partner has fetched anything of the item's batch."""
        downloads = apps.get_model("stories", "Download")._default_manager
        return self.annotate(taken=Exists(downloads.filter(batch=OuterRef("batch"))))

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
        """With all that a partner reads of it, in one query."""
        return self.select_related(
            "batch__campaign",
            "story",
            "accepted__revision__photo",
            "consent__text",
            "replaces__batch",
        )


class RecallQuerySet(models.QuerySet[M]):
    """Questions about recalls."""

    def unanswered(self) -> Self:
        """The partner still owes an answer."""
        return self.filter(state=RecallState.ASKED)

    def asked(self) -> Self:
        """The partner was asked, and has answered or not; what it never fetched was not asked for."""
        return self.exclude(state=RecallState.NEVER_TAKEN)

    def asked_of(self, user: User) -> Self:
        """A partner user's recalls: all that their organization was asked."""
        return self.asked().filter(partner__officers__user=user)


class ImportedStoryQuerySet(models.QuerySet[M]):
    """Questions about stories from a survey tool."""

    def from_addresses_of(self, user: User) -> Self:
        """They came from an address that this person has proved theirs."""
        addresses = apps.get_model("account", "EmailAddress")._default_manager.filter(
            user=user, verified=True
        )
        return self.filter(email__in=addresses.values("email")).exclude(email="")

    def waiting_for(self, user: User) -> Self:
        """The same, as far as nobody has taken them up."""
        return self.from_addresses_of(user).filter(story=None)

    def with_joined(self, user: User) -> Self:
        """With `joined`: whether this person takes part in the campaign."""
        participations = apps.get_model("campaigns", "Participation")._default_manager.filter(
            campaign=OuterRef("campaign"), member__user=user
        )
        return self.annotate(joined=Exists(participations))


class TokenQuerySet(models.QuerySet[M]):
    """Questions about the keys of partners' programs."""

    def made_by(self, user: User) -> Self:
        """Every key that a partner user ever made."""
        return self.filter(officer__user=user)

    def of_officer(self, user: User) -> Self:
        """A partner user's own keys that still work."""
        return self.made_by(user).filter(revoked_at=None)

    def working(self) -> Self:
        """Not revoked, and of an officer who may sign in."""
        return self.filter(revoked_at=None, officer__user__is_active=True)
