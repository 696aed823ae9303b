"""What an author does with a story: begin, save, submit, withdraw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from campaigns.models import ConsentText, Participation
from campaigns.verbs.notices import tell_coordinators
from portal import audit, outbox
from portal.errors import TooLate
from portal.links import absolute
from portal.models import User
from portal.moves import move
from stories.models import (
    Acceptance,
    Draft,
    EndReason,
    Photo,
    RecallReason,
    Revision,
    RevisionKind,
    Story,
)
from stories.rules import texts
from stories.rules.consent import Permission
from stories.states import STORY_MOVES, StoryState
from stories.verbs.consenting import consent_changes, end_consent, lock, set_consents, take_back
from stories.verbs.photos import drop_unused
from stories.verbs.surroundings import Surroundings, surroundings_of

audit.PAST_TENSE |= {
    "begin": "began",
    "submit": "submitted",
    "withdraw": "withdrew",
}
audit.TIME_ZONE_AT |= {"stories.story": "campaign__time_zone"}

#: More often than this nobody saves one draft: no version of it is that of a later text's.
SAVES_OF_A_TEXT = 50_000

WITHDRAWN = "This story is withdrawn; its draft is gone with it."


def begin(*, by: User, participation: Participation) -> Story:
    """Open a new draft in a campaign that the member has joined, or the empty one that is there."""
    with transaction.atomic():
        # Two clicks take turns here, so that the second finds what the first has opened.
        Participation.objects.select_for_update().get(pk=participation.pk)
        empty = Story.objects.filter(
            participation=participation,
            state=StoryState.DRAFT,
            draft__version=0,
            draft__hook="",
            draft__photo=None,
        ).first()
        return empty or open_draft(by=by, participation=participation)


def open_draft(
    *,
    by: User,
    participation: Participation,
    hook: str = "",
    answers: Mapping[str, Any] | None = None,
) -> Story:
    """A new story with its draft, which may hold words already. Runs in the caller's transaction."""
    story = Story.objects.create(
        campaign=participation.campaign,
        participation=participation,
        member=participation.member,
        society=participation.society,
        us_state=participation.state,
        district=participation.district,
    )
    Draft.objects.create(story=story, hook=hook, answers=dict(answers or {}))
    audit.record(by, "begin", story)
    return story


def working_copy(story: Story) -> Draft:
    """The author's draft; where there is none, an unsaved one made from the text that stands now."""
    kept = Draft.objects.filter(story=story).select_related("photo").first()
    return kept or draft_from(story, story.current_revision)


def draft_from(story: Story, revision: Revision | None) -> Draft:
    """An unsaved draft with a revision's text.

    Its version goes by the text and counts the changes of the story's consents, so that a page that was
    opened before either changed cannot bring the former text or choices back.
    """
    if revision is None:
        return Draft(story=story)
    return Draft(
        story=story,
        version=revision.number * SAVES_OF_A_TEXT + consent_changes(story),
        hook=revision.hook,
        answers={str(answer["prompt"]): answer["value"] for answer in revision.answers},
        photo=revision.photo,
    )


def draft_of(story: Story) -> Draft:
    """The author's draft as a row; where there is none, one is made from the text that stands now.

    Raises TooLate for a withdrawn story. A new draft takes its turn with the withdrawal and with what
    another window hands in; so none is left behind by either.
    """
    with transaction.atomic():
        copy = working_copy(story)
        if copy._state.adding:
            fresh = lock(story)
            if fresh.state == StoryState.WITHDRAWN:
                raise TooLate(WITHDRAWN)
            copy = working_copy(fresh)
            if copy._state.adding:
                copy.save()
        return copy


def save_draft(
    *,
    by: User,
    story: Story,
    version: int,
    hook: str,
    answers: Mapping[str, Any],
    naming: Mapping[str, Any],
    consents: Mapping[str, Any],
    window: str = "",
) -> int:
    """Keep what was typed, valid or not; returns the draft's new version.

    `version` is the one that the page was made from. Raises TooLate where another window has saved
    since: then nothing is overwritten. With `window`, a later save of that same window does not count
    as another's: a button pressed while the page was saving itself is newer than what it overtook.
    """
    with transaction.atomic():
        if story.state == StoryState.WITHDRAWN:
            raise TooLate(WITHDRAWN)
        draft = draft_of(story)
        ours = Q(version=version)
        if window:
            ours |= Q(naming__window=window)
        won = Draft.objects.filter(ours, pk=draft.pk).update(
            hook=hook,
            answers=dict(answers),
            naming=dict(naming),
            consents=dict(consents),
            version=F("version") + 1,
            saved_at=timezone.now(),
        )
        if not won:
            raise TooLate(overtaken(story))
        return Draft.objects.values_list("version", flat=True).get(pk=draft.pk)


def overtaken(story: Story) -> str:
    """Why a draft was not the one that a page was made from any more."""
    state = Story.objects.values_list("state", flat=True).get(pk=story.pk)
    if state == StoryState.WITHDRAWN:
        return WITHDRAWN
    edited = ", or a coordinator edited it" if state == StoryState.AWAITING_SIGN_OFF else ""
    return (
        f"This story was saved from another window in the meantime{edited}. "
        "What you typed is still on this page."
    )


def delete_draft(story: Story, *, photo: Photo | None) -> None:
    """Delete the working copy of a locked story, and its picture where no revision holds it."""
    Draft.objects.filter(story=story).delete()
    drop_unused(photo)


def set_photo(*, by: User, story: Story, photo: Photo | None) -> None:
    """Put a picture with the draft, or take it away; the former one is deleted where nothing holds it.

    Raises TooLate for a withdrawn story; then the new picture is deleted, too.
    """
    try:
        with transaction.atomic():
            fresh = lock(story)
            if fresh.state == StoryState.WITHDRAWN:
                raise TooLate(WITHDRAWN)
            draft = draft_of(fresh)
            former = draft.photo
            Draft.objects.filter(pk=draft.pk).update(photo=photo, saved_at=timezone.now())
            audit.record(by, "set_photo", story, photo=photo.pk if photo else None)
            drop_unused(former)
    except TooLate:
        drop_unused(photo)
        raise


def submit(
    *,
    by: User,
    story: Story,
    hook: str,
    answers: Sequence[texts.Answer],
    photo: Photo | None,
    permissions: Sequence[Permission],
    consent_text: ConsentText,
    around: Surroundings | None = None,
) -> Revision:
    """Hand the story to the society's coordinators, with the author's choices of who may use it.

    Used for the first submission, for changes that were asked for, for the author's own version of an
    edit, and for corrections of an approved story. Raises TooLate where no phase is open for a first
    submission (the draft stays), or where the story can no longer be submitted.

    `around` is for a door that has locked the story in its own transaction and read its surroundings
    then: they are not read again.
    """
    with transaction.atomic():
        around = around or surroundings_of(lock(story))
        story = around.story
        first = story.submitted_at is None
        if first and not around.phase_is_open:
            raise TooLate(
                "This campaign is not taking new stories at the moment. Your story is safe: it is "
                "kept as a draft under “My stories”."
            )
        revision = write_revision(
            story, by=by, kind=RevisionKind.AUTHOR, hook=hook, answers=answers, photo=photo
        )
        fresh = revision.pk != story.current_revision_id
        move(
            story,
            STORY_MOVES["submit"],
            held=True,
            current_revision=revision,
            submitted_at=timezone.now(),
            claimed_by=None,
            claimed_at=None,
        )
        accept(revision, by=by, fresh=fresh)
        set_consents(by=by, around=around, permissions=permissions, text=consent_text)
        delete_draft(story, photo=around.draft.photo if around.draft else None)
        audit.record(by, "submit", story, revision=revision.number, sha256=revision.sha256)
        tell_about_submission(around, first=first)
        return revision


def accept(revision: Revision, *, by: User, fresh: bool) -> None:
    """The author stands by a text; one that is not `fresh` may have been accepted before."""
    if fresh:
        Acceptance.objects.create(revision=revision, sha256=revision.sha256, by=by)
    else:
        Acceptance.objects.get_or_create(
            revision=revision, defaults={"sha256": revision.sha256, "by": by}
        )


def write_revision(
    story: Story,
    *,
    by: User,
    kind: RevisionKind,
    hook: str,
    answers: Sequence[texts.Answer],
    photo: Photo | None,
    remark: str = "",
) -> Revision:
    """The next revision of a locked story; the current one again where nothing in it would differ."""
    sha256 = texts.revision_sha256(hook, answers, photo.sha256 if photo else None)
    current = story.current_revision
    # The hash covers the picture and not its description, so the photo is compared as well.
    same = current is not None and (current.sha256, current.photo_id) == (
        sha256,
        photo.pk if photo else None,
    )
    if current is not None and same and kind == RevisionKind.AUTHOR:
        return current
    # The current one need not be the last: an edit that was declined stands behind it.
    numbers = story.revisions.order_by("-number").values_list("number", flat=True)
    last = numbers.first() if current is not None else None
    return Revision.objects.create(
        story=story,
        number=(last or 0) + 1,
        kind=kind,
        hook=hook,
        answers=list(answers),
        photo=photo,
        sha256=sha256,
        searchable=texts.searchable(hook, answers),
        by=by,
        remark=remark,
    )


def tell_about_submission(around: Surroundings, *, first: bool) -> None:
    """A receipt for the author, a notice for the society's coordinators."""
    story = around.story
    context = {"campaign": str(story.campaign), "society": str(story.society), "first": first}
    receipts = []
    if story.member.user:
        url = absolute(reverse("stories:story", args=[story.ref]))
        receipts = [outbox.compose(story.member.user, "submitted", context | {"url": url})]
    path = reverse("stories:review", args=[story.ref])
    tell_coordinators(
        story.society,
        ties=around.coordinators,
        template="new_story" if first else "story_changed",
        context=context | {"url": absolute(path)},
        line=f"A story for {story.campaign} was {'submitted' if first else 'changed by its author'}.",
        path=path,
        together_with=receipts,
    )


def refuse_another_text(story: Story, revision: Revision) -> None:
    """TooLate where the text on the person's screen is no longer the story's current one."""
    if story.current_revision_id != revision.pk:
        raise TooLate(
            "The text has changed since you opened this page. Please read the new one. "
            + audit.last_act(story)
        )


def withdraw(*, by: User, story: Story) -> None:
    """Take the story back for good: out of every open batch, and recalled from whoever holds it."""
    with transaction.atomic():
        story = lock(story)
        told = story.submitted_at is not None
        move(story, STORY_MOVES["withdraw"], claimed_by=None, claimed_at=None)
        audit.record(by, "withdraw", story)
        for consent in story.consents.live():
            end_consent(consent, EndReason.WITHDRAWN)
        # Also partners who hold only an earlier text, because the latest was not handed over yet.
        receivers = story.items.order_by("partner").values_list("partner", flat=True).distinct()
        for partner in list(receivers):
            take_back(by=by, story=story, partner=partner, reason=RecallReason.WITHDRAWN)
        draft = Draft.objects.filter(story=story).select_related("photo").first()
        delete_draft(story, photo=draft.photo if draft else None)
        if told:
            tell_about_withdrawal(story)


def tell_about_withdrawal(story: Story) -> None:
    """A confirmation for the author, a notice for the coordinators."""
    if story.member.user:
        outbox.tell(
            story.member.user,
            "withdrawn",
            {
                "campaign": str(story.campaign),
                "url": absolute(reverse("stories:story", args=[story.ref])),
            },
        )
    path = reverse("stories:review", args=[story.ref])
    tell_coordinators(
        story.society,
        template="story_withdrawn",
        context={"campaign": str(story.campaign), "url": absolute(path)},
        line=f"A story for {story.campaign} was withdrawn by its author.",
        path=path,
    )
