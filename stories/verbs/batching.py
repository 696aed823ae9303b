"""Sealing: what an open batch holds becomes a numbered, immutable set of items."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from campaigns.models import Campaign, CampaignPartner, Partner, Rhythm
from campaigns.rules.clocks import in_words
from campaigns.rules.rhythm import is_due
from campaigns.states import CampaignState
from portal import audit, bulk, outbox
from portal.errors import Refused, TooLate
from portal.models import User
from portal.moves import move, too_late
from stories.models import Batch, Consent, EndReason, Item, ItemEnd, Story
from stories.states import BATCH_MOVES, BatchState

log = logging.getLogger(__name__)

audit.PAST_TENSE |= {"seal": "sealed"}
audit.TIME_ZONE_AT |= {"stories.batch": "campaign__time_zone"}

#: Items are made in chunks of this many; of all others only three keys each are in memory.
CHUNK = 2000


def today_in(campaign: Campaign) -> dt.date:
    """Today's date in the campaign's time zone, which is what "until" is measured in."""
    return timezone.localdate(timezone=ZoneInfo(campaign.time_zone))


def open_batch(*, campaign: Campaign, partner: Partner) -> Batch:
    """The campaign's open batch for a partner; the first call makes number 1."""
    batches = Batch.objects.filter(campaign=campaign, partner=partner)
    while True:
        found = batches.filter(state=BatchState.OPEN).first()
        if found is not None:
            return found
        last = batches.aggregate(Max("number"))["number__max"] or 0
        # Whoever was faster made the same number. Then theirs is the open batch, unless it was sealed
        # in the meantime; so look again.
        Batch.objects.bulk_create(
            [Batch(campaign=campaign, partner=partner, number=last + 1)], ignore_conflicts=True
        )


def seal(*, by: User | None, batch: Batch) -> Batch:
    """Seal an open batch with everything that is due, and have its files built.

    `by` None is the campaign's rhythm. Raises Refused where nothing is due and TooLate where somebody
    else has just sealed it.
    """
    with transaction.atomic():
        if not Batch.objects.select_for_update().filter(pk=batch.pk, state=BatchState.OPEN):
            raise TooLate(too_late(batch))
        count = fill(batch, today_in(batch.campaign))
        if count == 0:
            raise Refused(
                f"There is nothing for {batch.partner} yet: no approved story with a permission for "
                f"it that it does not already have. {_last_sealed(batch)}".strip()
            )
        # Not before: filling waits for authors who change their mind, and goes by what they say then.
        move(batch, BATCH_MOVES["seal"], sealed_at=timezone.now(), sealed_by=by, count=count)
        audit.record(by, "seal", batch, number=batch.number, count=count)
        outbox.start("stories.build_batch", key=f"build:{batch.pk}", total=count, batch=batch.pk)
        return batch


def _last_sealed(batch: Batch) -> str:
    """Who sealed the batch before this one and when, for somebody whose page was older than that."""
    former = (
        Batch.objects.filter(campaign=batch.campaign_id, partner=batch.partner_id)
        .exclude(sealed_at=None)
        .exclude(pk=batch.pk)
        .select_related("sealed_by", "campaign")
        .order_by("number")
        .last()
    )
    if former is None or former.sealed_at is None:
        return ""
    who = f" by {former.sealed_by}" if former.sealed_by else ""
    when = in_words(former.sealed_at, former.campaign.time_zone)
    return f"Batch {former.number} was sealed{who} on {when}."


def fill(batch: Batch, today: dt.date) -> int:
    """Make the items of a batch that is being sealed; returns how many.

    All stories are locked before the first item is touched, and their consents read again afterwards:
    whoever withdraws or narrows at the same time is either before this, and left out, or after it, and
    recalled. Locks are taken in the order of the stories' ids, here and in `consenting.take_back`, so
    that neither waits for the other in a circle.
    """
    consents = Consent.objects.due_for(batch, today)
    stories = Story.objects.select_for_update().filter(pk__in=consents.values("story"))
    locked = set(stories.order_by("pk").values_list("pk", flat=True))
    found = consents.order_by("story").values_list(*Due._fields)
    due = [one for one in map(Due._make, found) if one.story_id in locked]
    for start in range(0, len(due), CHUNK):
        add_items(batch, due[start : start + CHUNK], start)
    return len(due)


class Due(NamedTuple):
    """The keys of what leaves: a story, the consent that lets it, and the revision that was approved."""

    story_id: int
    pk: int
    story__approved_revision: int


def add_items(batch: Batch, chunk: Sequence[Due], last: int) -> None:
    """Make items for a chunk of locked stories behind position `last`."""
    former = end_former_items(batch, [story for story, *_ in chunk])
    bulk.insert(
        Item,
        (
            "batch_id",
            "partner_id",
            "position",
            "story_id",
            "consent_id",
            "accepted_id",
            "replaces_id",
        ),
        [
            (batch.pk, batch.partner_id, position, story, consent, revision, former.get(story))
            for position, (story, consent, revision) in enumerate(chunk, start=last + 1)
        ],
    )


def end_former_items(batch: Batch, stories: Sequence[int]) -> dict[int, int | None]:
    """End what the partner has of these stories; returns story id -> id of the item that is replaced.

    An item that moved here from a closed batch replaces what it would have replaced there, unless the story
    was taken back on its way. The items are locked first: one may be about to move because another story of
    its batch is taken back.
    """
    earlier = Item.objects.filter(partner=batch.partner_id, story__in=stories)
    locked = (
        earlier.select_for_update()
        .order_by("story", "pk")
        .only("pk", "story_id", "consent_id", "ended_at", "ended_why", "replaces_id")
    )
    latest = {item.story_id: item for item in locked}
    live = {story: item.pk for story, item in latest.items() if item.ended_at is None}
    if live:
        Item.objects.by_keys(live.values()).update(
            ended_at=timezone.now(), ended_why=ItemEnd.REPLACED
        )
    moved = [item for item in latest.values() if item.ended_why == ItemEnd.REISSUED]
    gone = taken_back_since(moved, batch.partner_id)
    return {
        **live,
        **{item.story_id: item.replaces_id for item in moved if item.story_id not in gone},
    }


def taken_back_since(moved: Sequence[Item], partner: int) -> set[int]:
    """The stories, by id, that a partner had to give back after these items of theirs had moved on.

    Such an item's own permission, or a later one, has ended for another reason than a wider one.
    """
    if not moved:
        return set()
    sealed_under = {item.story_id: item.consent_id for item in moved}
    ended = Consent.objects.filter(story__in=sealed_under, partner=partner).exclude(
        ended_why__in=("", EndReason.REPLACED)
    )
    ends = ended.values_list("story", "pk")
    return {story for story, consent in ends if consent >= sealed_under[story]}


def seal_if_due(*, campaign: Campaign, partner: Partner, now: dt.datetime) -> Batch | None:
    """For the clock: seal a partner's open batch if the campaign's rhythm says so; None where it did not.

    Where the moment comes and nothing is due, the empty batch counts as opened `now`, so that the next
    story waits for the next moment of the rhythm.
    """
    batch = open_batch(campaign=campaign, partner=partner)
    if not is_due(
        campaign.rhythm,
        campaign.rhythm_weekday,
        campaign.rhythm_hour,
        campaign.time_zone,
        batch.opened_at,
        now,
    ):
        return None
    try:
        return seal(by=None, batch=batch)
    except TooLate:
        return None  # the lead or another clock was faster
    except Refused:
        Batch.objects.filter(pk=batch.pk, state=BatchState.OPEN).update(opened_at=now)
        return None


def partnerships(campaign: str = "", partner: str = "") -> QuerySet[CampaignPartner]:
    """Whom running campaigns seal batches for; `campaign` and `partner` are slugs that narrow it."""
    found = CampaignPartner.objects.filter(campaign__state=CampaignState.RUNNING)
    if campaign:
        found = found.filter(campaign__slug=campaign)
    if partner:
        found = found.filter(partner__slug=partner)
    return found.select_related("campaign", "partner").order_by("pk")


def seal_due_batches(*, now: dt.datetime) -> list[Batch]:
    """For the clock: seal every open batch whose campaign's rhythm says so. One failure stops no other."""
    sealed = []
    for tie in partnerships().exclude(campaign__rhythm=Rhythm.BY_HAND):
        try:
            batch = seal_if_due(campaign=tie.campaign, partner=tie.partner, now=now)
        except Exception:
            log.exception("sealing for partnership %s failed", tie.pk)
            continue
        if batch is not None:
            sealed.append(batch)
    return sealed
