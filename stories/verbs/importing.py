"""Stories that came from a survey tool: kept as they came, and made into a draft by their author alone."""

from __future__ import annotations

from django.db import transaction

from campaigns.models import Participation
from portal import audit
from portal.errors import Refused, TooLate
from portal.models import User
from stories.models import ImportedStory, Story
from stories.verbs.telling import open_draft


def adopt_imported(*, by: User, imported: ImportedStory) -> Story:
    """Make a draft of an imported story for its author, who reads it, completes it and agrees there.

    Nothing of the row counts as a consent. Raises Refused where the author has not joined the campaign,
    and TooLate where the story was taken up before.
    """
    with transaction.atomic():
        row = ImportedStory.objects.select_for_update().get(pk=imported.pk)
        if row.story_id is not None:
            raise TooLate("You have taken this story up already; you find it under “My stories”.")
        participation = Participation.objects.filter(
            campaign=row.campaign_id, member__user=by
        ).first()
        if participation is None:
            raise Refused(
                "Please join the campaign first; then this story becomes a draft of yours."
            )
        story = open_draft(by=by, participation=participation, hook=row.hook, answers=row.answers)
        ImportedStory.objects.filter(pk=row.pk).update(story=story)
        audit.record(by, "adopt_imported", story, imported=row.pk)
        return story
