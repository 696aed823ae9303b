"""What a coordinator does with a story: claim, note, tag, propose an edit, decide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence, Set
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from portal import audit, outbox
from portal.errors import Refused
from portal.gathering import Gathering
from portal.links import absolute
from portal.models import User
from portal.moves import move
from stories.models import (
    Acceptance,
    Consent,
    Decision,
    DecisionKind,
    NameShown,
    Note,
    Revision,
    RevisionKind,
    Story,
    Tag,
)
from stories.rules import texts
from stories.rules.consent import marks_given_away, names_of, words_of
from stories.rules.words import quoted
from stories.states import STORY_MOVES
from stories.verbs.consenting import lock
from stories.verbs.surroundings import author_address_rows, author_addresses
from stories.verbs.telling import refuse_another_text, write_revision

audit.PAST_TENSE |= {
    "claim": "took",
    "hand_back": "handed back",
    "propose_edit": "edited",
    "approve": "approved",
    "ask_changes": "asked for changes to",
    "decline": "declined",
}


def claim(*, by: User, story: Story) -> None:
    """Take a submitted story into review. Of two who claim at once, one has it."""
    with transaction.atomic():
        move(story, STORY_MOVES["claim"], claimed_by=by, claimed_at=timezone.now())
        audit.record(by, "claim", story)


def hand_back(*, by: User, story: Story) -> None:
    """Put a story back into the queue for any colleague."""
    with transaction.atomic():
        move(story, STORY_MOVES["hand_back"], claimed_by=None, claimed_at=None)
        audit.record(by, "hand_back", story)


def add_note(*, by: User, story: Story, text: str) -> Note:
    """Write an internal note."""
    with transaction.atomic():
        note = Note.objects.create(story=story, by=by, text=text)
        audit.record(by, "add_note", story, note=note.pk)
        return note


def set_tags(*, by: User, story: Story, names: Sequence[str]) -> None:
    """Make these the story's tags; new words become tags of the society."""
    with transaction.atomic():
        tags = [Tag.objects.get_or_create(society=story.society, name=name)[0] for name in names]
        story.tags.set(tags)
        audit.record(by, "set_tags", story, tags=[tag.pk for tag in tags])


def propose_edit(
    *,
    by: User,
    story: Story,
    read: Revision,
    hook: str,
    answers: Sequence[texts.Answer],
    remark: str,
) -> Revision:
    """Send the author an edited text to sign off. `read` is the revision that the edit was made from."""
    with transaction.atomic():
        story = lock(story)
        refuse_another_text(story, read)
        if given := given_away(
            story,
            texts.all_words(hook, answers),
            names_shown(story),
            checked=texts.all_words(read.hook, read.answers),
        ):
            raise Refused(
                "The author chose that somebody gets this story with no name, or with the first one only, "
                f"and your edit contains {quoted(given)}. Please leave that out, or put it another way where it is an ordinary "
                "word: only the author can say that it is not about them."
            )
        sha256 = texts.revision_sha256(hook, answers, read.photo.sha256 if read.photo else None)
        if sha256 == read.sha256:
            raise Refused(
                "Nothing is changed yet. Edit the text first, or decide about it as it is."
            )
        revision = write_revision(
            story,
            by=by,
            kind=RevisionKind.EDIT,
            hook=hook,
            answers=answers,
            photo=read.photo,
            remark=remark,
        )
        move(story, STORY_MOVES["propose_edit"], current_revision=revision)
        audit.record(by, "propose_edit", story, revision=revision.number, sha256=revision.sha256)
        tell_author(story, "please_sign_off", "stories:sign_off")
        return revision


def approve(*, by: User, story: Story, read: Revision) -> None:
    """Let the text leave in the next batch. It must be one that its author submitted or signed off."""
    with transaction.atomic():
        story = lock(story)
        refuse_another_text(story, read)
        if not Acceptance.objects.filter(revision=read, sha256=read.sha256).exists():
            raise Refused("The author has not signed off this text yet.")
        move(
            story,
            STORY_MOVES["approve"],
            held=True,
            approved_revision=read,
            approved_at=timezone.now(),
        )
        decide(story, read, DecisionKind.APPROVE, by=by)
        tell_author(story, "approved")


def ask_changes(*, by: User, story: Story, read: Revision, reason: str) -> None:
    """Ask the author for changes; `reason` says which."""
    with transaction.atomic():
        story = lock(story)
        refuse_another_text(story, read)
        move(story, STORY_MOVES["ask_changes"], held=True)
        decide(story, read, DecisionKind.ASK_CHANGES, by=by, reason=reason)
        tell_author(story, "changes_requested", "stories:write", reason=reason)


def decline(*, by: User, story: Story, read: Revision, reason: str) -> None:
    """Decline a story, or decline a correction, in which case the approved text stays as it was."""
    with transaction.atomic():
        story = lock(story)
        refuse_another_text(story, read)
        approved = story.approved_revision
        if approved is None:
            move(story, STORY_MOVES["decline"])
        else:
            # Of the consents from before its approval the author was asked with this very text.
            anew = names_shown(story, since=story.approved_at)
            if given := given_away(story, words_of(approved), anew, checked=words_of(read)):
                raise Refused(
                    "The author has chosen since this story was approved that somebody gets it with no "
                    "name, or with the first one only. The approved text would stand again, and it "
                    f"contains {quoted(given)}. Please "
                    "ask for changes instead: until the author answers, neither text goes out."
                )
            move(story, STORY_MOVES["decline_correction"], current_revision=approved)
        decide(story, read, DecisionKind.DECLINE, by=by, reason=reason)
        tell_author(story, "declined", reason=reason, correction=approved is not None)


def names_shown(story: Story, *, since: dt.datetime | None = None) -> set[NameShown]:
    """The names under which a story may be had by its live consents, or by those given after a moment."""
    live = story.consents.live()
    if since:
        live = live.filter(given_at__gt=since)
    return {NameShown(how) for how in live.values_list("name_shown", flat=True)}


def given_away(story: Story, text: str, shown: Set[NameShown], *, checked: str = "") -> list[str]:
    """The marks of an author in a text that is to be had under these names, as far as they do not show them.

    Those that stand in `checked` as well do not count: the author was asked about them when they handed
    that text in, and may have said that the word means somebody else.
    """
    if not shown - {NameShown.FULL}:
        return []
    told = author_of(story=story.pk)
    given = told.of(Consent)
    firsts = [c.name.rpartition(", ")[0] for c in given if c.name_shown == NameShown.FIRST]
    fulls = [c.name for c in given if c.name_shown == NameShown.FULL]
    names = [*names_of(story.member), *firsts, *fulls]
    addresses = author_addresses(told, story)

    def marks(words: str) -> list[str]:
        """The author's marks in these words."""
        first_name = firsts[-1] if firsts else ""
        return marks_given_away(
            words, shown, names=names, first_name=first_name, addresses=addresses
        )

    known = marks(checked)
    return [mark for mark in marks(text) if mark not in known]


@Gathering
def author_of(*, story: int) -> tuple[QuerySet[Any], ...]:
    """What tells the names and the addresses of a story's author."""
    return (Consent.objects.filter(story=story), *author_address_rows(story))


def decide(story: Story, read: Revision, kind: DecisionKind, *, by: User, reason: str = "") -> None:
    """Write the decision and its audit line, which says where somebody decides about a story of their own."""
    Decision.objects.create(story=story, revision=read, kind=kind, by=by, reason=reason)
    own = {"own": True} if story.member.user_id == by.pk else {}
    audit.record(by, str(kind), story, revision=read.number, **own)


def tell_author(
    story: Story, template: str, url_name: str = "stories:story", **context: object
) -> None:
    """Write to the author, with a link to where they can answer."""
    if story.member.user is None:
        return
    outbox.tell(
        story.member.user,
        template,
        {
            "campaign": str(story.campaign),
            "society": str(story.society),
            "url": absolute(reverse(url_name, args=[story.ref])),
            **context,
        },
    )
