"""My stories: the list, and one story with every step that it took."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, F, OuterRef, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from campaigns.models import Partner
from portal import access
from portal.models import AuditLine, User
from portal.paging import page
from stories.models import Consent, Download, ImportedStory, Item, Recall, Story
from stories.rules.next_steps import next_step
from stories.rules.timeline import Journey, Step, timeline
from stories.states import StoryState
from stories.verbs.consenting import undecided_asks
from stories.verbs.telling import working_copy
from stories.views.consents import holders_by_story, holders_of
from stories.views.desk import last_reason

#: Partners by name, those that join later last, on every database.
PARTNERS = F("partner__name").asc(nulls_last=True)
#: States in which a new text can be sent.
WRITABLE = (
    StoryState.DRAFT,
    StoryState.SUBMITTED,
    StoryState.IN_REVIEW,
    StoryState.CHANGES_REQUESTED,
    StoryState.AWAITING_SIGN_OFF,
    StoryState.APPROVED,
)


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """The person's stories, newest first, and those that wait from a survey."""
    user = access.person(request)
    permits = Consent.objects.live().filter(story=OuterRef("pk"), partner__isnull=False)
    stories = (
        access.rows(request, Story)
        .exclude(state=StoryState.WITHDRAWN, submitted_at=None)
        .select_related("campaign", "society", "current_revision", "draft")
        .annotate(permits=Exists(permits))
    )
    found = page(request, stories, ("-id",))
    holders = holders_by_story(found.rows)
    asks = undecided_asks(found.rows)
    rows = [
        (
            story,
            next_step(
                story,
                permits_somebody=story.permits,  # type: ignore[attr-defined]
                holders=[holder.name for holder in holders[story.pk] if holder.has_it],
                asked_about=[str(ask.partner) for ask in asks.get(story.pk, [])],
            ),
        )
        for story in found.rows
    ]
    context = {"page": found, "rows": rows, "imported": waiting(user) if found.is_first else []}
    return render(request, "stories/member/mine.html", context)


def waiting(user: User) -> list[ImportedStory]:
    """The first imported stories that wait for this person, with whether they have joined."""
    return list(
        ImportedStory.objects.waiting_for(user)
        .select_related("campaign", "society")
        .with_joined(user)
        .order_by("pk")[:30]
    )


@require_safe
def story(request: HttpRequest, ref: UUID) -> HttpResponse:
    """One story: where it stands, its text, who may use it, and every step until now."""
    found = access.fetch(request, Story, ref=ref)
    if found.state == StoryState.DRAFT:
        return redirect("stories:write", ref)
    consents = list(found.consents.live().select_related("partner").order_by(PARTNERS))
    revision = found.current_revision
    holders = holders_of(found)
    asks = undecided_asks([found]).get(found.pk, [])
    context = {
        "story": found,
        "revision": revision,
        "next": next_step(
            found,
            permits_somebody=any(c.partner_id for c in consents),
            holders=[holder.name for holder in holders if holder.has_it],
            asked_about=[str(ask.partner) for ask in asks],
            recalls=recalls_of(found),
        ),
        "reason": last_reason(found),
        "consents": consents,
        # Of an approved story the next step says it.
        "asks": [] if found.state == StoryState.APPROVED else asks,
        "steps": steps_of(found),
        "unsent": found.state in WRITABLE and not working_copy(found)._state.adding,
        "may_write": found.state in WRITABLE,
        "may_withdraw": found.state != StoryState.WITHDRAWN,
        "corrected": found.state in WRITABLE
        and revision is not None
        and found.approved_revision_id not in (None, revision.pk),
    }
    return render(request, "stories/member/story.html", context)


def recalls_of(story: Story) -> list[Recall] | None:
    """What partners were asked to give back of a story that its author withdrew, the oldest first."""
    if story.state != StoryState.WITHDRAWN:
        return None
    return list(story.recalls.asked().select_related("partner").order_by("pk"))


def steps_of(story: Story) -> list[Step]:
    """Everything that happened to a story, oldest first, in a set number of queries."""
    own_downloads = Download.objects.filter(Q(item=None) | Q(item__story=story)).order_by("at")
    items = (
        Item.objects.filter(story=story)
        .select_related("batch__receipt")
        .prefetch_related("batch__deliveries", Prefetch("batch__downloads", queryset=own_downloads))
        .order_by("pk")
    )
    return timeline(
        Journey(
            society=story.society.short_name,
            time_zone=story.campaign.time_zone,
            lines=AuditLine.objects.about(story),
            revisions=story.revisions.all(),
            decisions=story.decisions.all(),
            items=items,
            recalls=story.recalls.order_by("pk"),
            partners=dict(
                Partner.objects.filter(
                    Q(partnerships__campaign=story.campaign_id)
                    | Q(recalls__story=story)
                    | Q(item__story=story)
                ).values_list("pk", "name")
            ),
        )
    )
