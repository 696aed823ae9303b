"""What DESIGN.md calls "always true", read from the database by other means than the verbs use."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.db.models import Model
from django.utils import timezone

from campaigns.models import Campaign, CampaignPartner, Invitation, Participation, PartnerUser
from portal.models import AuditLine, Message
from stories.models import Batch, Consent, Download, Item, Recall, Revision, Story
from stories.states import BatchState, RecallState, StoryState
from tests.house.people import World

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Checked:
    """The last rows that were there at an earlier check."""

    participation: int = 0
    item: int = 0
    recall: int = 0


def check_all(world: World, *, after: int = 0, checked: Checked = Checked()) -> Checked:
    """Assert every invariant that can be read from the rows; returns how far it has read.

    What is true of each story for itself is checked for the stories whose id is behind `after`. What
    must be true when a row is made and may change later (a phase's states, a campaign's time zone, a
    partner's officers) is checked for rows behind those that were `checked` before. Every table is
    read once, so that a check after each of many steps stays cheap.
    """
    rows = Rows(after, checked)
    for story in rows.stories:
        check_words(story, rows)
        check_recall(story, rows)
    for item in rows.items:
        if item.story_id in rows.by_pk:
            check_item(item, rows)
    check_batches(rows)
    check_next_batch(world, rows)
    check_asked_once()
    last_joined = check_targeting(checked.participation)
    check_audit()
    return Checked(
        participation=last_joined,
        item=max((item.pk for item in rows.items), default=0),
        recall=max((recall.pk for recall in rows.recalls.values()), default=0),
    )


class Rows:
    """What the checks read: each table in one query, all relations looked up here."""

    def __init__(self, after: int, checked: Checked) -> None:
        self.checked = checked
        self.stories = list(Story.objects.filter(pk__gt=after).select_related("member"))
        self.by_pk = {story.pk: story for story in self.stories}
        revisions = Revision.objects.filter(story__gt=after).select_related("photo", "acceptance")
        self.revisions = {revision.pk: revision for revision in revisions.defer("searchable")}
        self.consents = list(Consent.objects.filter(story__gt=after))
        self.items = list(Item.objects.order_by("position"))
        batches = Batch.objects.select_related("campaign").order_by("number")
        self.batches = {batch.pk: batch for batch in batches}
        self.recalls = {recall.item_id: recall for recall in Recall.objects.all()}
        self.taken = set(Download.objects.values_list("batch", flat=True)) | {
            batch.pk for batch in self.batches.values() if batch.state == BatchState.ACKNOWLEDGED
        }
        self.items_of = grouped(self.items, "story_id")
        self.items_in = grouped(self.items, "batch_id")
        self.revisions_of = grouped(self.revisions.values(), "story_id")
        self.consents_of = grouped(self.consents, "story_id")
        self.consent = {consent.pk: consent for consent in self.consents}
        self.item = {item.pk: item for item in self.items}
        keys = Message.objects.filter(template="recall").values_list("key", flat=True)
        self.told = Counter((key or "").split(":")[1] for key in keys)
        self.officers = Counter(PartnerUser.objects.values_list("partner", flat=True))


def grouped(rows: Iterable[M], name: str) -> dict[int, list[M]]:
    """Rows by one of their columns."""
    found: dict[int, list[M]] = {}
    for row in rows:
        found.setdefault(getattr(row, name), []).append(row)
    return found


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


def check_words(story: Story, rows: Rows) -> None:
    """3: an approved text is one that its author accepted, and no text has changed since."""
    for revision in rows.revisions_of.get(story.pk, ()):
        assert revision.sha256 == sha256_of(revision)
    if story.state == StoryState.APPROVED:
        approved = rows.revisions[story.approved_revision_id or 0]
        assert approved.acceptance.sha256 == approved.sha256
        assert approved.acceptance.by_id == story.member.user_id


def check_item(item: Item, rows: Rows) -> None:
    """3 to 5: accepted text, consent that was live at the sealing, for this partner; what it replaces was not
    taken back in between.
    """
    consent, batch = rows.consent[item.consent_id], rows.batches[item.batch_id]
    revision, story = rows.revisions[item.accepted_id], rows.by_pk[item.story_id]
    assert batch.sealed_at is not None
    assert revision.acceptance.sha256 == revision.sha256
    assert revision.acceptance.by_id == story.member.user_id
    assert revision.story_id == item.story_id == consent.story_id
    assert item.partner_id == batch.partner_id == consent.partner_id
    assert consent.given_at <= batch.sealed_at
    assert consent.ended_at is None or consent.ended_at >= batch.sealed_at
    if former := rows.item.get(item.replaces_id or 0):
        assert (former.story_id, former.partner_id) == (item.story_id, item.partner_id)
        for between in rows.consents_of[item.story_id]:
            if (
                between.partner_id == item.partner_id
                and former.consent_id <= between.pk < consent.pk
            ):
                assert between.ended_why == "replaced"
    if item.pk <= rows.checked.item:
        return
    sealed_on = batch.sealed_at.astimezone(ZoneInfo(batch.campaign.time_zone)).date()
    assert consent.until >= sealed_on


def check_recall(story: Story, rows: Rows) -> None:
    """7: nothing of a withdrawn story is live; whatever was taken back has its recall, once."""
    items = rows.items_of.get(story.pk, [])
    live = [item for item in items if item.ended_at is None]
    if story.state == StoryState.WITHDRAWN:
        assert live == []
        assert all(consent.ended_at for consent in rows.consents_of.get(story.pk, ()))
    for item in live:
        consent = rows.consent[item.consent_id]
        assert consent.ended_at is None or consent.ended_why == "replaced"
    for item in items:
        if item.ended_why != "recalled":
            continue
        recall, batch = rows.recalls[item.pk], rows.batches[item.batch_id]
        assert batch.closed_at is not None
        if recall.state == RecallState.NEVER_TAKEN:
            assert batch.pk not in rows.taken
        elif recall.pk > rows.checked.recall:
            assert rows.told[str(recall.pk)] == rows.officers[recall.partner_id]


def check_batches(rows: Rows) -> None:
    """6: numbers without gaps or repeats, one open batch at most, counts as sealed, closed ones shut."""
    numbers: dict[tuple[int, int], list[int]] = {}
    for batch in rows.batches.values():
        numbers.setdefault((batch.campaign_id, batch.partner_id), []).append(batch.number)
        items = rows.items_in.get(batch.pk, [])
        assert [item.position for item in items] == list(range(1, batch.count + 1))
        if batch.closed_at is not None and batch.pk not in rows.taken:
            assert all(item.ended_at for item in items)
    for found in numbers.values():
        assert found == list(range(1, len(found) + 1))


def check_next_batch(world: World, rows: Rows) -> None:
    """5: every approved story with a live consent is at its partner, as approved, or in the next batch."""
    campaign = Campaign.objects.get(pk=world.campaign.pk)
    today = timezone.localdate(timezone=ZoneInfo(campaign.time_zone))
    found = Consent.objects.due_in(campaign.pk, today).values_list("story", "partner", "pk")
    due = Counter((story, partner) for story, partner, _ in found)
    live = [item for item in rows.items if item.ended_at is None]
    held = {(item.story_id, item.partner_id): item for item in live}
    assert len(held) == len(live)
    allowed = {
        (consent.story_id, consent.partner_id): consent.pk
        for consent in rows.consents
        if consent.ended_at is None and consent.until >= today
    }
    partners = CampaignPartner.objects.filter(campaign=campaign).values_list("partner", flat=True)
    for partner in partners:
        for story in rows.stories:
            if story.campaign_id != campaign.pk:
                continue
            consent, item = allowed.get((story.pk, partner)), held.get((story.pk, partner))
            current = (
                item is not None
                and item.accepted_id == story.approved_revision_id
                and item.consent_id == consent
            )
            wanted = story.state == StoryState.APPROVED and consent is not None
            assert due[story.pk, partner] == int(wanted and not current)


def check_asked_once() -> None:
    """2: one invitation and one opening notice for a member and campaign."""
    pairs = Counter(Invitation.objects.values_list("campaign", "member"))
    assert max(pairs.values(), default=0) <= 1
    told = Counter(
        (user or address, context["campaign"])
        for user, address, context in Message.objects.filter(
            template="invitation", forgotten_at=None
        ).values_list("user", "address", "context")
    )
    assert max(told.values(), default=0) <= 1


def check_targeting(after: int) -> int:
    """1: who joined was a member of a society that takes part, in a phase that was open and covers them.

    Returns the last who joined.
    """
    joined_since = Participation.objects.filter(pk__gt=after).select_related("phase", "campaign")
    for joined in joined_since:
        after = max(after, joined.pk)
        assert joined.campaign.societies.filter(pk=joined.society_id).exists()
        assert joined.phase.covers(joined.state)
        assert joined.phase.opens_at <= joined.joined_at < joined.phase.closes_at
    return after


def check_audit() -> None:
    """8 and 12: every state follows from the audit log, which holds nobody's words."""
    by_story: dict[str, list[str]] = {}
    lines = AuditLine.objects.filter(object_type="stories.story").order_by("pk")
    for pk, verb, detail in lines.values_list("object_id", "verb", "detail"):
        by_story.setdefault(pk, []).append(verb)
        assert not set(_words(detail)) & {"Mia", "Chen", "Told", "Hook"}
    for key, state in Story.objects.values_list("pk", "state"):
        assert _state_from(by_story.get(str(key), [])) == state


def _state_from(verbs: list[str]) -> str:
    """Where a story must be, from what was done to it."""
    state, was_approved = "draft", False
    for verb in verbs:
        match verb:
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
