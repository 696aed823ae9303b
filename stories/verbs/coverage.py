"""Counting where a campaign's stories come from, by the clock, so that no page has to count a million."""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet

from campaigns.models import Campaign
from campaigns.states import CampaignState
from stories.models import CoverageCount, CoverageLine, Item, Story
from stories.states import StoryState

log = logging.getLogger(__name__)

#: Keys that one query goes over, so that none runs for long.
CHUNK = 50_000
#: With the society or with the author: sent in, and not decided.
UNDECIDED = (
    StoryState.SUBMITTED,
    StoryState.IN_REVIEW,
    StoryState.CHANGES_REQUESTED,
    StoryState.AWAITING_SIGN_OFF,
)

#: Society, partner or None, state, district.
Place = tuple[int, int | None, str, int | None]
Counts = dict[Place, Counter[str]]


def count_all(*, now: dt.datetime) -> int:
    """For the clock: count every campaign that has begun; returns how many. One failure stops no other."""
    done = 0
    for campaign in Campaign.objects.exclude(state=CampaignState.DRAFT).order_by("pk"):
        try:
            done += count(campaign=campaign, now=now)
        except Exception:
            log.exception("counting campaign %s failed", campaign.pk)
    return done


def count(*, campaign: Campaign, now: dt.datetime) -> bool:
    """Count a campaign's stories anew; False where somebody who began later has counted already.

    The lines are replaced in one transaction, so that a page shows all of one counting.
    """
    found = told(campaign)
    for place, counts in handed_over(campaign).items():
        found.setdefault(place, Counter()).update(counts)
    with transaction.atomic():
        CoverageCount.objects.get_or_create(
            campaign=campaign, defaults={"at": dt.datetime.min.replace(tzinfo=dt.UTC)}
        )
        last = CoverageCount.objects.select_for_update().get(campaign=campaign)
        if last.at >= now:
            return False
        CoverageLine.objects.filter(campaign=campaign).delete()
        CoverageLine.objects.bulk_create(
            (
                CoverageLine(
                    campaign=campaign, society_id=society, partner_id=partner,
                    us_state=state, district=district, **counts,
                )
                for (society, partner, state, district), counts in found.items()
            ),
            batch_size=500,
        )  # fmt: skip
        CoverageCount.objects.filter(pk=last.pk).update(at=now)
    return True


def told(campaign: Campaign) -> Counts:
    """What was sent in and not taken back, by society and district."""
    found: Counts = {}
    stories = Story.objects.filter(campaign=campaign, submitted_at__isnull=False).exclude(
        state=StoryState.WITHDRAWN
    )
    for span in spans(stories):
        numbers = (
            stories.filter(span)
            .values_list("society", "us_state", "district")
            .annotate(
                submitted=Count("pk"),
                in_review=Count("pk", filter=Q(state__in=UNDECIDED)),
                approved=Count("pk", filter=Q(state=StoryState.APPROVED)),
            )
        )
        for society, state, district, submitted, in_review, approved in numbers.order_by():
            found.setdefault((society, None, state, district), Counter()).update(
                submitted=submitted, in_review=in_review, approved=approved
            )
    return found


def handed_over(campaign: Campaign) -> Counts:
    """What each partner was handed and has not been asked to give back."""
    found: Counts = {}
    items = Item.objects.live().filter(batch__campaign=campaign)
    for span in spans(items):
        numbers = (
            items.filter(span)
            .values_list("story__society", "partner", "story__us_state", "story__district")
            .annotate(Count("pk"))
        )
        for society, partner, state, district, number in numbers.order_by():
            found.setdefault((society, partner, state, district), Counter()).update(
                handed_over=number
            )
    return found


def spans(rows: QuerySet[Any]) -> Iterator[Q]:
    """Conditions that take rows apart by their keys."""
    last = rows.model._default_manager.aggregate(Max("pk"))["pk__max"] or 0
    for start in range(0, last + 1, CHUNK):
        yield Q(pk__gte=start, pk__lt=start + CHUNK)
