"""Permission given, changed and ended, and what must come back when it ends."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from campaigns.models import CampaignPartner, ConsentText, PartnerUser
from portal import audit, outbox
from portal.errors import Refused
from portal.links import absolute
from portal.models import Urgency, User
from stories.models import (
    Batch,
    Consent,
    ConsentAsk,
    EndReason,
    Item,
    ItemEnd,
    NameShown,
    Recall,
    RecallReason,
    Story,
)
from stories.rules.consent import Permission, is_narrower
from stories.states import BatchState, RecallState, StoryState


def permission_of(consent: Consent) -> Permission:
    """A consent as the rules see it."""
    return Permission(
        partner=consent.partner_id,
        lawmakers=consent.lawmakers,
        publication=consent.publication,
        press=consent.press,
        name_shown=NameShown(consent.name_shown),
        name=consent.name,
        until=consent.until,
    )


def change_consents(
    *, by: User, story: Story, permissions: Sequence[Permission], text: ConsentText
) -> None:
    """Replace the author's choices for a story that is already submitted.

    `permissions` holds one line for each partner and one for later ones; a line without a use, or a
    missing one, means no consent. Whatever is narrower than before is recalled where it was handed over.
    """
    with transaction.atomic():
        story = lock(story)
        if story.state == StoryState.WITHDRAWN:
            raise Refused("This story is withdrawn, so there is nothing left to permit.")
        set_consents(by=by, story=story, permissions=permissions, text=text)
        audit.record(by, "change_consents", story, text=text.version)


def lock(story: Story) -> Story:
    """The story as it is now, held until the transaction ends: consent, seal and withdrawal take turns."""
    return Story.objects.select_for_update().get(pk=story.pk)


def set_consents(
    *, by: User, story: Story, permissions: Sequence[Permission], text: ConsentText
) -> None:
    """Bring the live consents of a locked story to `permissions`; ends come before beginnings."""
    known = set(CampaignPartner.objects.filter(campaign=story.campaign_id).values_list("partner", flat=True))
    wanted = {line.partner: line for line in permissions if not line.allows_nothing}
    if strangers := wanted.keys() - known - {None}:
        raise Refused(f"{len(strangers)} of the partners do not take part in this campaign any more.")
    for consent in story.consents.live():
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
    """End the live item of a locked story at one partner, and ask for it back if the partner has it.

    The batch is closed: its files are handed to nobody again. Where nothing of it was fetched yet,
    its other items move to the next batch.
    """
    item = Item.objects.live().filter(story=story, partner=partner).first()
    if item is None:
        return
    batch = Batch.objects.select_for_update().get(pk=item.batch_id)
    taken = batch.downloads.exists() or batch.state == BatchState.ACKNOWLEDGED
    now = timezone.now()
    Item.objects.filter(pk=item.pk).update(ended_at=now, ended_why=ItemEnd.RECALLED)
    Batch.objects.filter(pk=batch.pk, closed_at=None).update(closed_at=now)
    recall = Recall.objects.create(
        item=item,
        partner_id=partner,
        story=story,
        reason=reason,
        state=RecallState.ASKED if taken else RecallState.NEVER_TAKEN,
        answered_at=None if taken else now,
    )
    audit.record(by, "recall", story, recall=recall.pk, partner=partner, reason=str(reason))
    if taken:
        ask_back(recall, batch)
    else:
        batch.items.live().update(ended_at=now, ended_why=ItemEnd.REISSUED)


def ask_back(recall: Recall, batch: Batch) -> None:
    """Write to every officer of the partner, ahead of all other post, and to the campaign's leads."""
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
    """
    with transaction.atomic():
        story = lock(story)
        partner = partnership.partner
        decided = story.consents.filter(partner=partner).exists()
        if decided or story.state in (StoryState.WITHDRAWN, StoryState.DECLINED, StoryState.DRAFT):
            return
        general = story.consents.live().filter(partner=None, given_at__lt=partnership.joined_at).first()
        if general is not None:
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
