"""This package's rows of the permission table."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from campaigns.models import Campaign, Participation
from campaigns.roles import COORDINATOR, LEAD, LEAD_OR_COORDINATOR, MEMBER, PARTNER_USER
from portal.access import PUBLIC, Row
from portal.models import User
from stories.models import Batch, ImportedStory, Item, PartnerToken, Recall, Story


def reviewable(user: User) -> QuerySet[Story]:
    """A coordinator's stories: their own societies', once submitted."""
    return Story.objects.reviewable_by(user)


def own(user: User) -> QuerySet[Story]:
    """What a person wrote."""
    return Story.objects.own(user)


def joined(user: User) -> QuerySet[Participation]:
    """The campaigns that a person has joined."""
    return Participation.objects.filter(member__user=user)


def waiting_for(user: User) -> QuerySet[ImportedStory]:
    """What came from a survey tool under one of a person's proved addresses, taken up already or not."""
    return ImportedStory.objects.from_addresses_of(user)


OWN = Row(role=MEMBER, see=own, by_key=True)
#: Where an author types: what a signed-out author sends is taken up again on the writing page. A photo
#: that is too large is refused there in words and costs no typed text, so more than a photo comes in.
TYPED = Row(role=MEMBER, see=own, by_key=True, keeps="stories:write", takes=64 * 1024 * 1024)


def led(user: User) -> QuerySet[Campaign]:
    """The campaigns that a person leads."""
    return Campaign.objects.filter(leads=user)


def watched(user: User) -> QuerySet[Campaign]:
    """The campaigns that a person leads, or in which a society that they coordinate takes part."""
    with_own = Campaign.objects.filter(societies__coordinators__user=user)
    return Campaign.objects.filter(Q(leads=user) | Q(pk__in=with_own.values("pk"))).distinct()


def approved(user: User) -> QuerySet[Story]:
    """A lead's stories: the approved ones of their campaigns."""
    return Story.objects.approved_for_lead(user)


def led_batches(user: User) -> QuerySet[Batch]:
    """A lead's batches."""
    return Batch.objects.led_by(user)


def delivered(user: User) -> QuerySet[Batch]:
    """A partner user's batches: what was delivered to their own partner."""
    return Batch.objects.inbox_of(user)


def usable(user: User) -> QuerySet[Item]:
    """A partner user's stories: what their own partner may use now."""
    return Item.objects.usable_by(user)


def asked_back(user: User) -> QuerySet[Recall]:
    """A partner user's recalls."""
    return Recall.objects.asked_of(user)


def own_tokens(user: User) -> QuerySet[PartnerToken]:
    """A partner user's own keys for programs."""
    return PartnerToken.objects.of_officer(user)


def made_tokens(user: User) -> QuerySet[PartnerToken]:
    """The same with those that were revoked: revoking twice is once, not a page that is not there."""
    return PartnerToken.objects.made_by(user)


REVIEW = Row(role=COORDINATOR, see=reviewable, by_key=True)
LED = Row(role=LEAD, see=led)
APPROVED = Row(role=LEAD, see=approved)
INBOX = Row(role=PARTNER_USER, see=delivered)
LIBRARY = Row(role=PARTNER_USER, see=usable)
RECALLS = Row(role=PARTNER_USER, see=asked_back)
TOKENS = Row(role=PARTNER_USER, see=own_tokens)
API_BATCHES = Row(role=PARTNER_USER, see=delivered, by_token=True)
API_RECALLS = Row(role=PARTNER_USER, see=asked_back, by_token=True)

ROWS: dict[str, Row] = {
    "stories:mine": OWN,
    "stories:begin": Row(role=MEMBER, see=joined),
    "stories:adopt": Row(role=MEMBER, see=waiting_for),
    "stories:story": OWN,
    "stories:write": OWN,
    "stories:save": TYPED,
    "stories:photo": TYPED,
    "stories:photo_remove": TYPED,
    "stories:photo_file": OWN,
    "stories:preview": TYPED,
    "stories:submit": TYPED,
    "stories:sign_off": OWN,
    "stories:accept_edit": OWN,
    "stories:refuse_edit": OWN,
    "stories:consents": OWN,
    "stories:withdraw": OWN,
    "stories:queue": REVIEW,
    "stories:take_next": REVIEW,
    "stories:review": REVIEW,
    "stories:claim": REVIEW,
    "stories:hand_back": REVIEW,
    "stories:note": REVIEW,
    "stories:tags": REVIEW,
    "stories:edit": REVIEW,
    "stories:approve": REVIEW,
    "stories:ask_changes": REVIEW,
    "stories:decline": REVIEW,
    "stories:review_photo": REVIEW,
    "stories:lead_campaigns": LED,
    "stories:lead_batches": LED,
    "stories:lead_next": LED,
    "stories:seal": LED,
    "stories:lead_batch": Row(role=LEAD, see=led_batches),
    "stories:lead_stories": LED,
    # The page itself shows a coordinator who does not lead their own societies' numbers alone.
    "stories:coverage": Row(role=LEAD_OR_COORDINATOR, see=watched),
    "stories:lead_story": APPROVED,
    "stories:lead_photo": APPROVED,
    "stories:inbox": INBOX,
    "stories:batch": INBOX,
    "stories:batch_file": INBOX,
    "stories:acknowledge": INBOX,
    "stories:library": LIBRARY,
    "stories:library_sheet": LIBRARY,
    "stories:library_story": LIBRARY,
    "stories:library_photo": LIBRARY,
    "stories:library_export": LIBRARY,
    "stories:recalls": RECALLS,
    "stories:recall": RECALLS,
    "stories:answer_recall": RECALLS,
    "stories:verify_script": PUBLIC,
    "stories:tokens": TOKENS,
    "stories:revoke_token": Row(role=PARTNER_USER, see=made_tokens),
    "stories:api:batches": API_BATCHES,
    "stories:api:batch": API_BATCHES,
    "stories:api:file": API_BATCHES,
    "stories:api:acknowledge": API_BATCHES,
    "stories:api:changes": API_BATCHES,
    "stories:api:recalls": API_RECALLS,
    "stories:api:answer_recall": API_RECALLS,
    # The description of the API is no secret.
    "stories:api:openapi-json": PUBLIC,
    "stories:api:api-root": PUBLIC,
}
