"""The consents door: who may use a story, changed at any time, with what will happen said first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal import access
from portal.errors import Refused, TooLate
from stories.forms.consents import ConsentForm
from stories.forms.typed import Typed, lines_in, words
from stories.models import Item, Recall, Story
from stories.rules.consent import Permission, is_narrower, permission_of
from stories.states import BatchState, RecallState, StoryState
from stories.verbs.consenting import change_consents, consent_changes, undecided_asks
from stories.verbs.surroundings import NAMED
from stories.views.desk import Desk, desk_of


@dataclass(frozen=True)
class Holder:
    """A partner that has the story, or is about to: whether it fetched it, and from which batch."""

    partner: int
    name: str
    batch: int
    has_it: bool

    @property
    def what_happens(self) -> str:
        """What follows here when the permission ends or becomes narrower."""
        if self.has_it:
            return (
                f"{self.name} has your story from batch {self.batch}. It will be asked at once to give "
                "it up, and you will read its answer here. What is published already cannot always "
                "be taken back."
            )
        return (
            f"Your story is in batch {self.batch} for {self.name}, which nobody there has opened yet. "
            "It will be taken out."
        )


def holders_of(story: Story) -> list[Holder]:
    """Every partner that would have something to give back: an item, also of an earlier text."""
    return holders_by_story([story])[story.pk]


def holders_by_story(stories: Sequence[Story]) -> dict[int, list[Holder]]:
    """The same for many stories in two queries, by the story's id."""
    recalls = Recall.objects.filter(story__in=stories).exclude(state=RecallState.NEVER_TAKEN)
    given_back = {
        (story, partner): item
        for story, partner, item in recalls.order_by("item").values_list("story", "partner", "item")
    }
    items = (
        Item.objects.filter(story__in=stories, recall=None)
        .select_related("partner", "batch")
        .with_taken()
        .order_by("partner__name", "-pk")
    )
    kept = [item for item in items if item.pk > given_back.get((item.story_id, item.partner_id), 0)]
    found: dict[int, dict[int, Holder]] = {story.pk: {} for story in stories}
    for item in kept:
        taken = item.taken or item.batch.state == BatchState.ACKNOWLEDGED  # type: ignore[attr-defined]
        holders = found[item.story_id]
        former = holders.get(item.partner_id)
        if (taken or item.ended_at is None) and (former is None or not former.has_it):
            holders[item.partner_id] = Holder(
                item.partner_id, str(item.partner), item.batch.number, has_it=taken
            )
    return {story: list(holders.values()) for story, holders in found.items()}


@require_http_methods(["GET", "HEAD", "POST"])
def consents(request: HttpRequest, ref: UUID) -> HttpResponse:
    """The grid as it stands. POST changes it; where something is narrowed that a partner has, it asks."""
    story = access.fetch(request, Story, ref=ref)
    if story.state == StoryState.DRAFT:
        return redirect("stories:write", ref)
    if story.state == StoryState.WITHDRAWN:
        raise TooLate("You took this story back, so there is nothing left to permit.")
    if request.method != "POST":
        return as_it_stands(request, story)
    with transaction.atomic():
        return change_held(request, access.fetch(request, Story, along=NAMED, held=True, ref=ref))


def change_held(request: HttpRequest, story: Story) -> HttpResponse:
    """Change the choices about a story that this transaction has locked: no edit comes between the look at its
    texts and the change.
    """
    desk = desk_of(access.person(request), story)
    typed = Typed(
        naming={name: words(request.POST, name) for name in ("full_name", "first_name")}
        | {"not_me": request.POST.getlist("not_me")},
        consents=lines_in(request.POST),
    )
    form = desk.consent_form(typed.as_data(), agreed=request.POST.get("consent_version", ""))
    if not form.is_valid():
        return consents_page(request, desk, form, status=400)
    affected = taken_back(desk, form.permissions(), holders_of(story))
    if affected and "confirmed" not in request.POST:
        return confirm_page(request, desk, affected)
    try:
        change_consents(
            by=desk.user,
            story=story,
            permissions=form.permissions(),
            text=desk.grid.text,
            seen=changes_seen(request),
        )
    except TooLate as late:
        return as_it_stands(request, story, problem=str(late), status=409)
    except Refused as refused:
        return consents_page(request, desk, form, problem=str(refused), status=400)
    messages.success(request, "Your choices are kept. " + what_was_done(affected))
    return redirect("stories:story", story.ref)


def as_it_stands(
    request: HttpRequest, story: Story, *, problem: str = "", status: int = 200
) -> HttpResponse:
    """The grid with what is allowed now."""
    # Counted before the grid is read: what changes in between is told as a change, not passed over.
    stands = consent_changes(story)
    desk = desk_of(access.person(request), story)
    form = desk.consent_form()
    return consents_page(request, desk, form, stands=stands, problem=problem, status=status)


def changes_seen(request: HttpRequest) -> int | None:
    """The number of changes that had been made when the page was; None where it does not say."""
    said = request.POST.get("stands", "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else None


def taken_back(
    desk: Desk, permissions: Sequence[Permission], holders: Sequence[Holder]
) -> list[Holder]:
    """The partners from whom these choices take something that they hold."""
    wanted = {permission.partner: permission for permission in permissions}
    affected = []
    for holder in holders:
        consent = desk.grid.consent_for(holder.partner)
        line = wanted.get(holder.partner)
        if consent is not None and (line is None or is_narrower(line, permission_of(consent))):
            affected.append(holder)
    return affected


def what_was_done(affected: Sequence[Holder]) -> str:
    """What follows, for the message after the change."""
    asked = [holder.name for holder in affected if holder.has_it]
    if asked:
        return f"Asked to give the story up: {', '.join(asked)}. You see each answer on this page."
    return "They hold from the next batch on."


def consents_page(
    request: HttpRequest,
    desk: Desk,
    form: ConsentForm,
    *,
    stands: int | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """The grid, who holds the story now, and partners that joined late and were asked about.

    `stands` is how often the consents had changed when the grid was read; a form that was sent keeps its own.
    """
    asks = undecided_asks([desk.story]).get(desk.story.pk, [])
    context = {
        "story": desk.story,
        "form": form,
        "consent_text": desk.grid.text,
        "holders": holders_of(desk.story),
        "asks": asks,
        "asked": [ask.partner_id for ask in asks],
        "stands": changes_seen(request) if stands is None else stands,
        "problem": problem,
        "problems": form.problems() if form.is_bound else [],
    }
    return render(request, "stories/member/consents.html", context, status=status)


def confirm_page(request: HttpRequest, desk: Desk, affected: Sequence[Holder]) -> HttpResponse:
    """What will happen at each partner that has the story, before it does."""
    sent = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken"
    ]
    context = {"story": desk.story, "affected": affected, "sent": sent}
    return render(request, "stories/member/confirm_consents.html", context)
