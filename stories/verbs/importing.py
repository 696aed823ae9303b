"""Stories that came from a survey tool: kept as they came, and made into a draft by their author alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Count
from django.urls import reverse

from campaigns.models import Campaign, Member, Participation, RosterEntry, Society
from portal import audit, outbox
from portal.errors import Refused, TooLate
from portal.links import absolute
from portal.models import Message, Urgency, User
from stories.models import ImportedStory, Story
from stories.rules.survey_columns import RejectedRow, SurveyRow
from stories.rules.texts import HOOK_LENGTH
from stories.verbs.telling import open_draft

#: Rows are written in handfuls of this many.
CHUNK = 500
#: So many rejected lines are told one by one.
LINES_KEPT = 500


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


@dataclass
class Report:
    """How an import went. `lines` are (line, reason) of what was rejected, the first LINES_KEPT of them."""

    read: int = 0
    added: int = 0
    known: int = 0
    rejected: int = 0
    long_hooks: int = 0
    unlisted: int = 0
    told: int = 0
    lines: list[tuple[int, str]] = field(default_factory=list)


def import_stories(
    *,
    by: User | None,
    campaign: Campaign,
    society: Society,
    rows: Iterable[SurveyRow | RejectedRow],
    dry: bool = False,
    quiet: bool = False,
) -> Iterator[Report]:
    """Keep a survey's rows until their authors come; yields the report as it grows, chunk by chunk.

    No row becomes a consent. Rows that were imported before change nothing. Unless `quiet`, each
    author is told once by mail that a story waits. With `dry` nothing is written.
    """
    if not campaign.societies.filter(pk=society.pk).exists():
        raise Refused(f"{society} does not take part in {campaign}.")
    report = Report()
    for chunk in chunks(rows):
        with transaction.atomic():
            take_chunk(chunk, report, campaign=campaign, society=society, dry=dry)
            if not dry:
                audit.record_all(
                    by,
                    "import_stories",
                    ImportedStory,
                    campaign=campaign.pk,
                    society=society.pk,
                    read=len(chunk),
                )
        yield report
    if not dry and not quiet:
        report.told = tell_authors(campaign, society)
    yield report


def chunks(
    rows: Iterable[SurveyRow | RejectedRow],
) -> Iterator[list[SurveyRow | RejectedRow]]:
    """The rows in handfuls, so that memory does not grow with the file."""
    stream = iter(rows)
    while chunk := list(islice(stream, CHUNK)):
        yield chunk


def take_chunk(
    chunk: Sequence[SurveyRow | RejectedRow],
    report: Report,
    *,
    campaign: Campaign,
    society: Society,
    dry: bool,
) -> None:
    """Write what is new of a handful of rows and count it all."""
    report.read += len(chunk)
    fresh: dict[str, SurveyRow] = {}
    for row in chunk:
        if isinstance(row, RejectedRow):
            report.rejected += 1
            if len(report.lines) < LINES_KEPT:
                report.lines.append((row.line, row.reason))
        else:
            fresh.setdefault(row.sha256, row)
    known = set(
        ImportedStory.objects.filter(campaign=campaign, sha256__in=list(fresh)).values_list(
            "sha256", flat=True
        )
    )
    added = [row for sha256, row in fresh.items() if sha256 not in known]
    rejected = sum(isinstance(row, RejectedRow) for row in chunk)
    report.added += len(added)
    report.known += len(chunk) - rejected - len(added)
    report.long_hooks += sum(len(row.hook) > HOOK_LENGTH for row in added)
    report.unlisted += unlisted(society, added)
    if not dry:
        ImportedStory.objects.bulk_create(
            (
                ImportedStory(
                    campaign=campaign,
                    society=society,
                    email=row.email,
                    line=row.line,
                    row=dict(row.row),
                    hook=row.hook,
                    answers=dict(row.answers),
                    sha256=row.sha256,
                )
                for row in added
            ),
            ignore_conflicts=True,
        )


def unlisted(society: Society, rows: Sequence[SurveyRow]) -> int:
    """How many rows have an address that is not on the society's roster."""
    addresses = [row.email for row in rows if row.email]
    listed = set(
        RosterEntry.objects.filter(society=society, email__in=addresses, left_at=None).values_list(
            "email", flat=True
        )
    )
    return sum(address not in listed for address in addresses)


def tell_authors(campaign: Campaign, society: Society) -> int:
    """Write once to each address with a waiting story; returns to how many this was."""
    waiting = (
        ImportedStory.objects.filter(campaign=campaign, society=society, story=None)
        .exclude(email="")
        .values_list("email")
        .annotate(count=Count("pk"))
        .order_by("email")
    )
    stream, told = waiting.iterator(chunk_size=CHUNK), 0
    while chunk := list(islice(stream, CHUNK)):
        with transaction.atomic():
            told += tell_chunk(campaign, society, dict(chunk))
    return told


def tell_chunk(campaign: Campaign, society: Society, counts: dict[str, int]) -> int:
    """The letters to a handful of addresses; not to those that were told, or want no invitations."""
    members = members_at(list(counts))
    letters = []
    for email, count in counts.items():
        member = members.get(email)
        if member is not None and member.no_invitations_since is not None:
            continue
        way_out = reverse("campaigns:unsubscribe", args=[member.token]) if member else ""
        letters.append(
            outbox.compose(
                email,
                "imported_story",
                {
                    "campaign": str(campaign),
                    "society": str(society),
                    "count": count,
                    "url": absolute(reverse("stories:mine")),
                },
                urgency=Urgency.BULK,
                key=told_key(campaign, society, email),
                unsubscribe_url=absolute(way_out) if way_out else "",
            )
        )
    keys = [letter.key for letter in letters]
    before = set(Message.objects.filter(key__in=keys).values_list("key", flat=True))
    outbox.post([letter for letter in letters if letter.key not in before])
    return len(letters) - len(before)


def members_at(addresses: Sequence[str]) -> dict[str, Member]:
    """Whose these addresses are: on a roster, proven at the account, or the one that all societies know."""
    entries = RosterEntry.objects.filter(email__in=addresses).select_related("member")
    proven = EmailAddress.objects.filter(
        email__in=addresses, verified=True, user__member__isnull=False
    ).select_related("user__member")
    known = Member.objects.filter(email__in=addresses)
    return {
        **{entry.email: entry.member for entry in entries},
        **{member.email: member for member in known},
        **{address.email: address.user.member for address in proven},
    }


def told_key(campaign: Campaign, society: Society, email: str) -> str:
    """What an author is told once, without the address itself: keys outlive the message's address."""
    digest = hashlib.sha256(email.encode()).hexdigest()[:32]
    return f"imported:{campaign.pk}:{society.pk}:{digest}"
