"""This package's rows of the permission table."""

from __future__ import annotations

from django.db.models import QuerySet

from campaigns.roles import COORDINATOR
from portal.access import Row
from portal.models import User
from stories.models import Story


def reviewable(user: User) -> QuerySet[Story]:
    """A coordinator's stories: their own societies', once submitted."""
    return Story.objects.reviewable_by(user)


REVIEW = Row(role=COORDINATOR, see=reviewable)

ROWS: dict[str, Row] = {
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
}
