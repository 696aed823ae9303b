"""Delivering a sealed batch, and what the partner does with it: fetch, acknowledge, answer a recall."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import BinaryIO
from zoneinfo import ZoneInfo

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from campaigns.models import PartnerUser
from portal import audit, outbox, signing
from portal.errors import TooLate
from portal.links import absolute
from portal.models import User
from portal.moves import move
from stories.models import Batch, Delivery, Download, Item, Recall, Receipt
from stories.querysets import ItemQuerySet
from stories.rules.manifest import FileFact, Head
from stories.states import BATCH_MOVES, RECALL_MOVES, BatchState, RecallState
from stories.verbs import batch_files

#: The names of the pictures in a batch, which its list of files leaves out.
PHOTO = re.compile(r"photos/[1-9][0-9]{0,6}\.jpg")

audit.PAST_TENSE |= {
    "build": "built the files of",
    "deliver": "delivered",
    "acknowledge": "acknowledged",
    "answer_recall": "answered",
}
audit.TIME_ZONE_AT |= {"stories.recall": "item__batch__campaign__time_zone"}


def mark_built(
    *, batch: Batch, head: Head, manifest: FileFact, signature: str, files: Sequence[FileFact]
) -> None:
    """Keep what was signed of a batch whose files stand in storage, and have it delivered.

    `files` are those that a partner fetches one by one. Building again gives the same manifest, and
    then nothing changes here.
    """
    with transaction.atomic():
        fresh = Batch.objects.filter(pk=batch.pk, state=BatchState.SEALED, built_at=None).update(
            built_at=timezone.now(),
            manifest_head=asdict(head),
            manifest_sha256=manifest.sha256,
            signature=signature,
            key_id=head.signing_key,
            files=[asdict(fact) for fact in files],
        )
        if fresh:
            signing.publish()
            audit.record(None, "build", batch, manifest=manifest.sha256)
            outbox.start("stories.deliver_batch", key=f"deliver:{batch.pk}", batch=batch.pk)


def deliver(*, by: User | None, batch: Batch) -> None:
    """Put a built batch into the partner's inbox and tell its officers: a link, never an attachment.

    Delivering again changes nothing. A batch that was closed in the meantime is delivered to nobody;
    its stories are in the next one.
    """
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=batch.pk)
        if batch.closed_at or batch.built_at is None or batch.state != BatchState.SEALED:
            return
        move(batch, BATCH_MOVES["deliver"])
        Delivery.objects.create(batch=batch, delivered_at=timezone.now())
        audit.record(by, "deliver", batch, channel="inbox")
        context = {
            "partner": str(batch.partner),
            "campaign": str(batch.campaign),
            "number": batch.number,
            "count": batch.count,
            "url": absolute(reverse("stories:batch", args=[batch.ref])),
        }
        for officer in PartnerUser.objects.filter(partner=batch.partner_id).select_related("user"):
            outbox.tell(
                officer.user, "batch_delivered", context, key=f"batch:{batch.pk}:{officer.user_id}"
            )


def record_download(*, by: User, batch: Batch, file: str) -> None:
    """Note that a partner's user takes a file; from then on the partner holds the batch.

    Raises TooLate where a story of the batch was taken back: then the files leave no more.
    """
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=batch.pk)
        refuse_closed(batch)
        Download.objects.create(batch=batch, file=file, by=by)
        audit.record(by, "download", batch, file=file)


def read_story(*, by: User, item: Item) -> None:
    """Note that a partner's user reads a story on screen, once a person, item and UTC day.

    Raises TooLate where the story was taken back in this moment.
    """
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=item.batch_id)
        if not Item.objects.live().filter(pk=item.pk).exists():
            raise TooLate(
                "This story was taken back by its author, so it cannot be opened any more."
            )
        today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        if not Download.objects.filter(item=item, by=by, at__gte=today).exists():
            Download.objects.create(batch=batch, item=item, by=by)
            audit.record(by, "read_story", batch, item=item.pk)


def read_list(*, by: User, items: Sequence[Item]) -> list[Item]:
    """Note that a partner's user reads stories' first lines and names in a list; returns what may be shown.

    Once a batch: where nothing of it is on record yet, from then on the partner holds it, and is asked for
    what an author takes back. What is taken back in this moment is left out.
    """
    batches = Batch.objects.filter(pk__in={item.batch_id for item in items}, downloads=None)
    if not (fresh := set(batches.values_list("pk", flat=True))):
        return list(items)
    with transaction.atomic():
        held = Batch.objects.select_for_update().filter(pk__in=fresh).order_by("partner", "pk")
        keys = {batch.pk: batch for batch in held}
        asked = Item.objects.live().filter(pk__in=[item.pk for item in items], batch__in=keys)
        there = set(asked.values_list("pk", flat=True))
        read = [item for item in items if item.pk in there]
        Download.objects.bulk_create(
            Download(batch_id=item.batch_id, item=item, by=by) for item in read
        )
        for key in sorted({item.batch_id for item in read}):
            audit.record(by, "read_list", keys[key])
    return [item for item in items if item.batch_id not in fresh or item.pk in there]


def record_selection(*, by: User, items: ItemQuerySet[Item], file: str) -> ItemQuerySet[Item]:
    """Note that a partner's user takes a selection of stories: the partner holds each of their batches.

    The batches are locked meanwhile: a recall that comes now either left its story out, or finds that
    the partner has it. Returns the items that may leave now: those of these batches. What is delivered a
    moment later is on no record yet and waits for the next time. Partner by partner, as whoever takes a
    story back locks them: of an officer of two partners, neither waits for the other in a circle.
    """
    with transaction.atomic():
        held = list(
            Batch.objects.select_for_update()
            .filter(pk__in=items.order_by().values("batch"))
            .order_by("partner", "pk")
        )
        # While the locks were waited for, all that was wanted of a batch may have been taken back.
        wanted = items.order_by().filter(batch__in=held).values_list("batch", flat=True).distinct()
        left = set(wanted)
        batches = [batch for batch in held if batch.pk in left]
        Download.objects.bulk_create(Download(batch=batch, file=file, by=by) for batch in batches)
        for batch in batches:
            audit.record(by, "download", batch, file=file)
    return items.filter(batch__in=batches)


def take_file(*, by: User, batch: Batch, name: str) -> BinaryIO | None:
    """One file of a batch, open for reading; None where it has none of that name.

    That it was taken is on record before its first byte leaves. Raises TooLate for a closed batch, and
    OSError where a file that it has cannot be read: the folder of files is away.
    """
    known = {fact["name"] for fact in batch.files or []}
    if name not in known and not PHOTO.fullmatch(name):
        return None
    refuse_closed(batch)
    try:
        file = batch_files.place_of(batch, name).open("rb")
    except FileNotFoundError:
        if name not in known and batch_files.place_of(batch).is_dir():
            return None
        batch.refresh_from_db()
        refuse_closed(batch)  # closed a moment ago, and its files went
        raise
    try:
        record_download(by=by, batch=batch, file=name)
    except TooLate:
        file.close()
        raise
    return file


def refuse_closed(batch: Batch) -> None:
    """TooLate for a batch from which a story was taken back, or in which a permission has run out.

    The clock closes the latter within minutes; until it does, or while it stands still, the last day
    itself decides: also of a text that a later batch has replaced, because the files hold it still.
    """
    today = timezone.localdate(timezone=ZoneInfo(batch.campaign.time_zone))
    if batch.closed_at is not None or batch.items.filter(consent__until__lt=today).exists():
        raise TooLate(
            f"Batch {batch.number} is closed: the permission for one of its stories has ended, so its "
            "files cannot be fetched any more. Every story that you may still use is under “Stories”, "
            "where you can download it; or it comes with your next batch."
        )


def acknowledge(*, by: User, batch: Batch, name: str) -> Receipt:
    """A named person at the partner confirms that the batch arrived."""
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=batch.pk)
        if batch.closed_at is not None and not batch.downloads.exists():
            refuse_closed(batch)
        move(batch, BATCH_MOVES["acknowledge"])
        receipt = Receipt.objects.create(
            batch=batch, by=by, name=name, manifest_sha256=batch.manifest_sha256
        )
        audit.record(by, "acknowledge", batch, receipt=receipt.pk)
        for lead in batch.campaign.leads.all():
            outbox.tell(
                lead,
                "batch_acknowledged",
                {
                    "partner": str(batch.partner),
                    "campaign": str(batch.campaign),
                    "number": batch.number,
                    "count": batch.count,
                    "url": absolute(reverse("stories:lead_batches", args=[batch.campaign.slug])),
                },
            )
        return receipt


@dataclass(frozen=True)
class RecallAnswer:
    """One of the three answers, and the partner's words: where it was published, or why it cannot be."""

    state: RecallState
    words: str = ""


#: Which move each answer makes.
ANSWERS = {
    RecallState.DELETED: RECALL_MOVES["answer_deleted"],
    RecallState.PUBLISHED: RECALL_MOVES["answer_published"],
    RecallState.CANNOT: RECALL_MOVES["answer_cannot"],
}


def answer_recall(*, by: User, recall: Recall, answer: RecallAnswer) -> None:
    """Give the partner's answer; the author and the campaign's leads hear it."""
    with transaction.atomic():
        move(
            recall,
            ANSWERS[answer.state],
            answer=answer.words,
            answered_by=by,
            answered_at=timezone.now(),
        )
        audit.record(by, "answer_recall", recall, answer=str(answer.state))
        batch = recall.item.batch
        context = {
            "partner": str(recall.partner),
            "campaign": str(batch.campaign),
            "answer": recall.get_state_display(),
            "words": answer.words,
        }
        if recall.story.member.user:
            path = reverse("stories:story", args=[recall.story.ref])
            outbox.tell(
                recall.story.member.user, "recall_answered", context | {"url": absolute(path)}
            )
        path = reverse("stories:lead_batches", args=[batch.campaign.slug])
        for lead in batch.campaign.leads.all():
            outbox.tell(lead, "recall_answered_for_lead", context | {"url": absolute(path)})
