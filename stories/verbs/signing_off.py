"""What an author answers to an edit: accept exactly that text, or keep their own."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse

from campaigns.verbs.notices import tell_coordinators
from portal import audit
from portal.errors import Refused
from portal.links import absolute
from portal.models import User
from portal.moves import move
from stories.models import Acceptance, Revision, Story
from stories.states import STORY_MOVES
from stories.verbs.consenting import lock
from stories.verbs.telling import refuse_another_text

audit.PAST_TENSE |= {
    "sign_off": "signed off the edit of",
    "refuse_edit": "refused the edit of",
}


def sign_off(*, by: User, story: Story, revision: Revision) -> None:
    """Accept, letter by letter, the text that a coordinator edited. `revision` is the one that was read."""
    with transaction.atomic():
        story = lock(story)
        refuse_another_text(story, revision)
        move(story, STORY_MOVES["sign_off"])
        Acceptance.objects.create(revision=revision, sha256=revision.sha256, by=by)
        audit.record(by, "sign_off", story, revision=revision.number, sha256=revision.sha256)
        tell_answer_to_edit(story, "edit_signed_off", "was signed off by its author")


def refuse_edit(*, by: User, story: Story, revision: Revision) -> None:
    """Keep the author's own last text; the coordinator decides about that one."""
    with transaction.atomic():
        story = lock(story)
        refuse_another_text(story, revision)
        own = story.revisions.filter(acceptance__isnull=False).order_by("-number").first()
        if own is None:
            raise Refused("There is no text of your own to go back to.")
        move(story, STORY_MOVES["refuse_edit"], current_revision=own)
        audit.record(by, "refuse_edit", story, revision=revision.number)
        tell_answer_to_edit(story, "edit_refused", "stays as its author wrote it")


def tell_answer_to_edit(story: Story, template: str, said: str) -> None:
    """Tell the coordinator who edited, through the society's notices."""
    path = reverse("stories:review", args=[story.ref])
    tell_coordinators(
        story.society,
        template=template,
        context={"campaign": str(story.campaign), "url": absolute(path)},
        line=f"An edited story for {story.campaign} {said}.",
        path=path,
    )
