"""What DESIGN.md calls "always true", read from the database by other means than the verbs use."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone

from campaigns.models import CampaignPartner, Invitation, Participation
from portal.models import AuditLine, Message
from stories.models import Batch, Consent, Item, Recall, Revision, Story
from stories.states import BatchState, RecallState, StoryState
from stories.verbs.batching import open_batch
from tests.house.people import World


def check_all(world: World, *, after: int = 0) -> None:
    """Assert every invariant that can be read from the rows.

    What is true of each story for itself is checked for the stories whose id is behind `after`.
    """
    stories = Story.objects.filter(pk__gt=after)
    for story in stories.select_related("member", "participation"):
        check_words(story)
        check_recall(story)
    for item in Item.objects.filter(story__in=stories).select_related(
        "batch__campaign", "accepted__revision", "consent", "story__member"
    ):
        check_item(item)
    check_batches()
    check_next_batch(world, stories)
    check_asked_once()
    check_targeting()
    check_audit()


def sha256_of(revision: Revision) -> str:
    """A revision's hash, computed here from its stored text."""
    text = {
        "answers": [
            {key: answer[key] for key in ("kind", "label", "value")} for answer in revision.answers
        ],
        "hook": revision.hook,
        "photo": revision.photo.sha256 if revision.photo else None,
    }
    plain = json.dumps(text, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def check_words(story: Story) -> None:
    """3: an approved text is one that its author accepted, and no text has changed since."""
    for revision in story.revisions.all():
        assert revision.sha256 == sha256_of(revision)
    if story.state == StoryState.APPROVED:
        approved = story.approved_revision
        assert approved is not None
        assert approved.acceptance.sha256 == approved.sha256
        assert approved.acceptance.by == story.member.user


def check_item(item: Item) -> None:
    """3 and 4: accepted text, consent that was live at the sealing, for this partner."""
    consent, batch = item.consent, item.batch
    assert batch.sealed_at is not None
    assert item.accepted.sha256 == item.accepted.revision.sha256
    assert item.accepted.by_id == item.story.member.user_id
    assert item.accepted.revision.story_id == item.story_id == consent.story_id
    assert item.partner_id == batch.partner_id == consent.partner_id
    assert consent.given_at <= batch.sealed_at
    assert consent.ended_at is None or consent.ended_at >= batch.sealed_at
    sealed_on = batch.sealed_at.astimezone(ZoneInfo(batch.campaign.time_zone)).date()
    assert consent.until >= sealed_on


def check_recall(story: Story) -> None:
    """7: nothing of a withdrawn story is live; whatever was taken back has its recall, once."""
    live = list(story.items.live().select_related("consent"))
    if story.state == StoryState.WITHDRAWN:
        assert live == []
        assert not story.consents.live().exists()
    for item in live:
        assert item.consent.ended_at is None or item.consent.ended_why == "replaced"
    for item in story.items.filter(ended_why="recalled").select_related("batch"):
        recall = Recall.objects.get(item=item)
        assert item.batch.closed_at is not None
        if recall.state == RecallState.NEVER_TAKEN:
            assert not item.batch.downloads.exists()
            assert item.batch.state != BatchState.ACKNOWLEDGED
        else:
            keys = Message.objects.filter(key__startswith=f"recall:{recall.pk}:", template="recall")
            assert keys.count() == recall.partner.officers.count()


def check_batches() -> None:
    """6: numbers without gaps or repeats, one open batch at most, counts as sealed, closed ones shut."""
    numbers: dict[tuple[int, int], list[int]] = {}
    for batch in Batch.objects.order_by("number"):
        numbers.setdefault((batch.campaign_id, batch.partner_id), []).append(batch.number)
        assert batch.items.count() == batch.count
        positions = list(batch.items.order_by("position").values_list("position", flat=True))
        assert positions == list(range(1, batch.count + 1))
        taken = batch.downloads.exists() or batch.state == BatchState.ACKNOWLEDGED
        if batch.closed_at is not None and not taken:
            assert not batch.items.live().exists()
    for found in numbers.values():
        assert found == list(range(1, len(found) + 1))


def check_next_batch(world: World, stories: QuerySet[Story]) -> None:
    """5: every approved story with a live consent is at its partner, as approved, or in the next batch."""
    today = timezone.localdate(timezone=ZoneInfo(world.campaign.time_zone))
    for tie in CampaignPartner.objects.filter(campaign=world.campaign):
        batch = open_batch(campaign=tie.campaign, partner=tie.partner)
        due = list(Consent.objects.due_for(batch, today).values_list("story", flat=True))
        held = Counter(
            Item.objects.live().filter(partner=tie.partner).values_list("story", flat=True)
        )
        assert max(held.values(), default=0) <= 1
        for story in stories.filter(campaign=world.campaign):
            allowed = story.consents.filter(
                partner=tie.partner, ended_at=None, until__gte=today
            ).first()
            current = Item.objects.live().filter(
                partner=tie.partner,
                story=story,
                accepted=story.approved_revision_id,
                consent=allowed,
            )
            wanted = story.state == StoryState.APPROVED and allowed is not None
            assert due.count(story.pk) == int(wanted and not current.exists())


def check_asked_once() -> None:
    """2: one invitation and one opening notice for a member and campaign."""
    pairs = Counter(Invitation.objects.values_list("campaign", "member"))
    assert max(pairs.values(), default=0) <= 1
    told = Counter(
        (message.user_id or message.address, message.context.get("campaign"))
        for message in Message.objects.filter(template="invitation")
    )
    assert max(told.values(), default=0) <= 1


def check_targeting() -> None:
    """1: who joined was a member of a society that takes part, in a phase that was open and covers them."""
    for joined in Participation.objects.select_related("phase", "campaign"):
        assert joined.campaign.societies.filter(pk=joined.society_id).exists()
        assert joined.phase.covers(joined.state)
        assert joined.phase.opens_at <= joined.joined_at < joined.phase.closes_at


def check_audit() -> None:
    """8 and 12: every state follows from the audit log, which holds nobody's words."""
    by_story: dict[str, list[AuditLine]] = {}
    for line in AuditLine.objects.filter(object_type="stories.story").order_by("pk"):
        by_story.setdefault(line.object_id, []).append(line)
        assert not set(_words(line.detail)) & {"Mia", "Chen", "Told", "Hook"}
    for story in Story.objects.all():
        assert _state_from(by_story.get(str(story.pk), [])) == story.state


def _state_from(lines: list[AuditLine]) -> str:
    """Where a story must be, from what was done to it."""
    state, was_approved = "draft", False
    for line in lines:
        match line.verb:
            case "submit" | "hand_back":
                state = "submitted"
            case "claim" | "sign_off" | "refuse_edit":
                state = "in_review"
            case "propose_edit":
                state = "awaiting_sign_off"
            case "ask_changes":
                state = "changes_requested"
            case "approve":
                state, was_approved = "approved", True
            case "decline":
                state = "approved" if was_approved else "declined"
            case "withdraw":
                state = "withdrawn"
    return state


def _words(detail: object) -> Iterator[str]:
    yield from json.dumps(detail).replace('"', " ").split()
