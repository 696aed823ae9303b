"""Permission given, changed and ended, and what must come back when it ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from campaigns.models import CampaignPartner, ConsentText, PartnerUser
from portal import audit, outbox
from portal.errors import Refused, TooLate
from portal.links import absolute
from portal.models import AuditLine, Urgency, User
from stories.models import (
    Batch,
    Consent,
    ConsentAsk,
    Draft,
    EndReason,
    Item,
    ItemEnd,
    Recall,
    RecallReason,
    Story,
)
from stories.rules.consent import Permission, is_narrower, permission_of
from stories.states import BatchState, RecallState, StoryState
from stories.verbs.surroundings import NAMED, Surroundings, surroundings_of

#: Items are moved in chunks of this many.
CHUNK = 500
#: Stories of which no partner that joins late receives anything.
NOT_ASKED_ABOUT = (StoryState.WITHDRAWN, StoryState.DECLINED, StoryState.DRAFT)


def change_consents(
    *,
    by: User,
    story: Story,
    permissions: Sequence[Permission],
    text: ConsentText,
    seen: int | None = None,
) -> None:
    """Replace the author's choices for a story that is already submitted.

    `permissions` holds one line for each partner and one for later ones; a line without a use, or a
    missing one, means no consent. Whatever is narrower than before is recalled where it was handed over.
    `seen` is what `consent_changes` was when the author's page was made: TooLate where it is another by
    now, because an old page would give back what was taken away since.
    """
    with transaction.atomic():
        story = lock(story)
        if story.state == StoryState.WITHDRAWN:
            raise Refused("This story is withdrawn, so there is nothing left to permit.")
        if seen is not None and seen != consent_changes(story):
            raise TooLate(
                "These choices have changed since you opened this page: in another window, or because a "
                "permission ran out. This is how they stand now; nothing of the old page was kept."
            )
        audit.record(by, "change_consents", story, text=text.version)
        around = surroundings_of(story)
        set_consents(by=by, around=around, permissions=permissions, text=text)
        # A draft must not bring the former choices back; a window that still shows them is told.
        Draft.objects.filter(story=story).update(naming={}, consents={}, version=F("version") + 1)


def consent_changes(story: Story) -> int:
    """How often the story's consents have changed; each beginning and each end counts."""
    changes = story.consents.aggregate(given=Count("pk"), ended=Count("ended_at"))
    return int(changes["given"] + changes["ended"])


def lock(story: Story) -> Story:
    """The story as it is now, held until the transaction ends: consent, seal and withdrawal take turns.

    What messages name comes along; none of that changes with a story.
    """
    return Story.objects.select_for_update(of=("self",)).select_related(*NAMED).get(pk=story.pk)


def set_consents(
    *,
    by: User,
    around: Surroundings,
    permissions: Sequence[Permission],
    text: ConsentText,
) -> None:
    """Bring the live consents of a locked story to `permissions`; ends come before beginnings."""
    story = around.story
    known = {tie.partner_id for tie in around.partnerships}
    wanted = {line.partner: line for line in permissions if not line.allows_nothing}
    if strangers := wanted.keys() - known - {None}:
        raise Refused(
            f"{len(strangers)} of the partners do not take part in this campaign any more."
        )
    # Always in this order: two authors whose stories are in the same batches lock them one after another.
    for consent in sorted(around.consents, key=lambda consent: consent.partner_id or 0):
        line = wanted.get(consent.partner_id)
        former = permission_of(consent)
        if line == former:
            del wanted[consent.partner_id]
            continue
        narrower = line is None or is_narrower(line, former)
        end_consent(consent, EndReason.NARROWED if narrower else EndReason.REPLACED)
        if narrower and consent.partner_id is not None:
            take_back(by=by, story=story, partner=consent.partner_id, reason=RecallReason.NARROWED)
    Consent.objects.bulk_create(
        Consent(
            story=story,
            partner_id=line.partner,
            text=text,
            lawmakers=line.lawmakers,
            publication=line.publication,
            press=line.press,
            name_shown=line.name_shown,
            name=line.name,
            until=line.until,
            given_by=by,
        )
        for line in wanted.values()
    )


def end_consent(consent: Consent, why: EndReason) -> None:
    """End one live consent; its row stays as the proof of what was allowed until then."""
    Consent.objects.live().filter(pk=consent.pk).update(ended_at=timezone.now(), ended_why=why)


def take_back(*, by: User | None, story: Story, partner: int, reason: RecallReason) -> None:
    """End what one partner has of a locked story, and ask for it back where the partner fetched it.

    Every batch that holds a text of the story is closed, those with earlier texts too: its files are
    handed to nobody again. Where nothing of a batch was fetched yet, its other items move to the next.
    The recall names the latest item that the partner fetched and stands for all earlier ones. An item in
    force that is not this one was never fetched, which is put on record beside it.
    """
    asked = Recall.objects.filter(story=story, partner=partner).exclude(
        state=RecallState.NEVER_TAKEN
    )
    last_asked = asked.aggregate(Max("item"))["item__max"] or 0
    unasked = Item.objects.filter(story=story, partner=partner, recall=None, pk__gt=last_asked)
    batches = Batch.objects.filter(pk__in=unasked.values("batch"))
    fetched = {batch.pk: close(batch) for batch in batches.select_for_update().order_by("pk")}
    latest_first = list(unasked.order_by("-pk"))
    in_force = next((item for item in latest_first if item.ended_at is None), None)
    last_fetched = next((item for item in latest_first if fetched[item.batch_id]), None)
    if in_force is not None:
        Item.objects.filter(pk=in_force.pk).update(
            ended_at=timezone.now(), ended_why=ItemEnd.RECALLED
        )
        if in_force != last_fetched:
            write_recall(in_force, reason, RecallState.NEVER_TAKEN, by=by)
    if last_fetched is not None:
        ask_back(write_recall(last_fetched, reason, RecallState.ASKED, by=by))
    reissue([batch for batch, was_fetched in fetched.items() if not was_fetched])


def reissue(batches: Sequence[int]) -> None:
    """Let the live items of closed batches, by the batches' ids, move to the next batch.

    They are locked in the same order as `batching.fill` locks what it replaces.
    """
    if not batches:
        return
    live = Item.objects.live().filter(batch__in=batches)
    locked = live.select_for_update().order_by("story", "pk")
    items = list(locked.values_list("pk", flat=True))
    for start in range(0, len(items), CHUNK):
        live.filter(pk__in=items[start : start + CHUNK]).update(
            ended_at=timezone.now(), ended_why=ItemEnd.REISSUED
        )


def close(batch: Batch) -> bool:
    """Close a locked batch and have its files deleted; returns whether the partner fetched any of it."""
    fresh = Batch.objects.filter(pk=batch.pk, closed_at=None).update(closed_at=timezone.now())
    if fresh:
        outbox.start("stories.discard_files", key=f"discard:{batch.pk}", batch=batch.pk)
    return batch.downloads.exists() or batch.state == BatchState.ACKNOWLEDGED


def write_recall(
    item: Item, reason: RecallReason, state: RecallState, *, by: User | None
) -> Recall:
    """The demand for one item; where the partner never fetched it, there is nothing to ask."""
    recall = Recall.objects.create(
        item=item,
        partner_id=item.partner_id,
        story_id=item.story_id,
        reason=reason,
        state=state,
        answered_at=None if state == RecallState.ASKED else timezone.now(),
    )
    audit.record(
        by,
        "recall",
        item.story,
        recall=recall.pk,
        partner=item.partner_id,
        reason=str(reason),
        state=str(state),
    )
    return recall


def ask_back(recall: Recall) -> None:
    """Write to every officer of the partner, ahead of all other post, and to the campaign's leads."""
    batch = recall.item.batch
    context = {
        "partner": str(batch.partner),
        "campaign": str(batch.campaign),
        "batch": batch.number,
        "position": recall.item.position,
        "reason": recall.get_reason_display(),
        "url": absolute(reverse("stories:recall", args=[recall.ref])),
    }
    for officer in PartnerUser.objects.filter(partner=recall.partner).select_related("user"):
        outbox.tell(
            officer.user,
            "recall",
            context,
            urgency=Urgency.AT_ONCE,
            key=f"recall:{recall.pk}:{officer.user_id}",
        )
    lead_context = context | {
        "url": absolute(reverse("stories:lead_batches", args=[batch.campaign.slug]))
    }
    for lead in batch.campaign.leads.all():
        outbox.tell(lead, "recall_for_lead", lead_context, key=f"recall:{recall.pk}:lead:{lead.pk}")


def expire_consent(*, consent: Consent) -> None:
    """End a consent whose last day has passed, and ask for the story back. For the clock."""
    with transaction.atomic():
        story = lock(consent.story)
        if not Consent.objects.live().filter(pk=consent.pk).exists():
            return
        end_consent(consent, EndReason.EXPIRED)
        audit.record(None, "expire_consent", story, consent=consent.pk, partner=consent.partner_id)
        if consent.partner_id is None:
            return
        take_back(by=None, story=story, partner=consent.partner_id, reason=RecallReason.EXPIRED)
        if story.member.user:
            outbox.tell(
                story.member.user,
                "consent_expired",
                {
                    "partner": str(consent.partner),
                    "campaign": str(story.campaign),
                    "url": absolute(reverse("stories:consents", args=[story.ref])),
                },
                key=f"expired:{consent.pk}",
            )


def extend_to_late_partner(*, story: Story, partnership: CampaignPartner) -> None:
    """Give a partner that joined late what the author allowed later partners; else ask the author once.

    For the clock, for each story submitted before the partner joined. Repeating it changes nothing.
    Whoever has chosen anew since then may have had the partner on the page and ticked nothing: they are
    asked, too, whatever they allow later partners.
    """
    with transaction.atomic():
        story = lock(story)
        partner = partnership.partner
        decided = story.consents.filter(partner=partner).exists()
        if decided or story.state in NOT_ASKED_ABOUT:
            return
        general = (
            story.consents.live().filter(partner=None, given_at__lt=partnership.joined_at).first()
        )
        chose_since = choices_about([story.pk]).filter(at__gt=partnership.joined_at).exists()
        if general is not None and not chose_since:
            Consent.objects.create(
                story=story,
                partner=partner,
                text=general.text,
                lawmakers=general.lawmakers,
                publication=general.publication,
                press=general.press,
                name_shown=general.name_shown,
                name=general.name,
                until=general.until,
                given_by=general.given_by,
            )
            audit.record(None, "extend_consent", story, partner=partner.pk, consent=general.pk)
            return
        _, fresh = ConsentAsk.objects.get_or_create(story=story, partner=partner)
        if fresh and story.member.user:
            outbox.tell(
                story.member.user,
                "ask_for_late_partner",
                {
                    "partner": str(partner),
                    "campaign": str(story.campaign),
                    "url": absolute(reverse("stories:consents", args=[story.ref])),
                },
                key=f"late-partner:{story.pk}:{partner.pk}",
            )


def choices_about(stories: Iterable[int]) -> QuerySet[AuditLine]:
    """Every time that an author chose who may use one of these stories, by the stories' keys."""
    return AuditLine.objects.filter(
        object_type=Story._meta.label_lower,
        object_id__in=[str(key) for key in stories],
        verb__in=("change_consents", "submit"),
    )


def undecided_asks(stories: Iterable[Story]) -> dict[int, list[ConsentAsk]]:
    """For each story, by key, the partners that joined late about which its author has not decided since.

    None for a story that will not leave any more, whatever was asked before.
    """
    keys = [story.pk for story in stories if story.state not in NOT_ASKED_ABOUT]
    decided = dict(choices_about(keys).order_by().values_list("object_id").annotate(last=Max("at")))
    given = Consent.objects.filter(story=OuterRef("story"), partner=OuterRef("partner"))
    asks = ConsentAsk.objects.filter(~Exists(given), story__in=keys).select_related("partner")
    found: dict[int, list[ConsentAsk]] = {key: [] for key in keys}
    for ask in asks.order_by("pk"):
        last = decided.get(str(ask.story_id))
        if last is None or ask.at > last:
            found[ask.story_id].append(ask)
    return found
