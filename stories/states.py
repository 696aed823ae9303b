"""The states of stories, batches and recalls, and the legal moves between them."""

from __future__ import annotations

from django.db import models

from portal.states import moves


class StoryState(models.TextChoices):
    """Where a story stands. "Delivered to X" is a fact of a batch item, not a state."""

    DRAFT = "draft", "draft"
    SUBMITTED = "submitted", "submitted"
    IN_REVIEW = "in_review", "in review"
    CHANGES_REQUESTED = "changes_requested", "changes requested"
    AWAITING_SIGN_OFF = "awaiting_sign_off", "waiting for the author's sign-off"
    APPROVED = "approved", "approved"
    DECLINED = "declined", "declined"
    WITHDRAWN = "withdrawn", "withdrawn"


S = StoryState
STORY_MOVES = moves(
    {
        # An author may send a new text at any time before the end; the coordinator who was reading
        # the former one is told when deciding.
        "submit": (
            (
                S.DRAFT,
                S.SUBMITTED,
                S.IN_REVIEW,
                S.CHANGES_REQUESTED,
                S.AWAITING_SIGN_OFF,
                S.APPROVED,
            ),
            S.SUBMITTED,
        ),
        "claim": ((S.SUBMITTED,), S.IN_REVIEW),
        "hand_back": ((S.IN_REVIEW,), S.SUBMITTED),
        "propose_edit": ((S.IN_REVIEW,), S.AWAITING_SIGN_OFF),
        "sign_off": ((S.AWAITING_SIGN_OFF,), S.IN_REVIEW),
        "refuse_edit": ((S.AWAITING_SIGN_OFF,), S.IN_REVIEW),
        "ask_changes": ((S.IN_REVIEW,), S.CHANGES_REQUESTED),
        "approve": ((S.IN_REVIEW,), S.APPROVED),
        "decline": ((S.IN_REVIEW,), S.DECLINED),
        # A correction that is not taken leaves the approved text as it was.
        "decline_correction": ((S.IN_REVIEW,), S.APPROVED),
        "withdraw": (
            (
                S.DRAFT,
                S.SUBMITTED,
                S.IN_REVIEW,
                S.CHANGES_REQUESTED,
                S.AWAITING_SIGN_OFF,
                S.APPROVED,
                S.DECLINED,
            ),
            S.WITHDRAWN,
        ),
    }
)


class BatchState(models.TextChoices):
    """How far a batch is on its way. What an open batch holds is a question, see StoryQuerySet.due_for."""

    OPEN = "open", "open"
    SEALED = "sealed", "sealed"
    DELIVERED = "delivered", "delivered"
    ACKNOWLEDGED = "acknowledged", "acknowledged"


B = BatchState
BATCH_MOVES = moves(
    {
        "seal": ((B.OPEN,), B.SEALED),
        "deliver": ((B.SEALED,), B.DELIVERED),
        "acknowledge": ((B.DELIVERED,), B.ACKNOWLEDGED),
    }
)


class RecallState(models.TextChoices):
    """What has become of the demand to give a story back."""

    ASKED = "asked", "asked"
    DELETED = "deleted", "deleted"
    PUBLISHED = "published", "already published"
    CANNOT = "cannot", "cannot recall"
    NEVER_TAKEN = "never_taken", "never fetched"


R = RecallState
RECALL_MOVES = moves(
    {
        "answer_deleted": ((R.ASKED,), R.DELETED),
        "answer_published": ((R.ASKED,), R.PUBLISHED),
        "answer_cannot": ((R.ASKED,), R.CANNOT),
    }
)
