"""The review door's list: a society's queue, its filters, and the next story of it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal import access
from portal.errors import TooLate
from portal.paging import first_keys, page
from stories.forms.review import VIEWS, QueueFilter
from stories.models import Story
from stories.states import StoryState
from stories.verbs import reviewing

#: Where the session keeps the queue's filters.
FILTERS = "queue_filters"


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """The stories of the coordinator's societies, longest waiting first."""
    form = QueueFilter(request.GET, user=access.person(request))
    words = form.words
    stories = form.narrow(access.rows(request, Story)).select_related(
        "current_revision", "member__user", "campaign", "society", "claimed_by"
    )
    found = page(
        request,
        stories.prefetch_related("tags"),
        ("submitted_at", "id"),
        apart=form.apart(),
        search=words or None,
    )
    counts = form.tallies(access.rows(request, Story), words)
    remember_filters(request)
    return render(
        request,
        "stories/review/queue.html",
        {
            "form": form,
            "page": found,
            "views": [(key, label, counts[key]) for key, (label, _) in VIEWS.items()],
            "shown": form.cleaned_data.get("show") or "todo",
            "kept": kept_query(request),
        },
    )


def kept_query(request: HttpRequest) -> str:
    """The filters of the queue, for links that keep them."""
    return without_page(request.GET).urlencode()


def without_page(query: QueryDict) -> QueryDict:
    """The filters alone, without the view and the page."""
    filters = query.copy()
    filters.pop("after", None)
    filters.pop("show", None)
    return filters


def remember_filters(request: HttpRequest) -> None:
    """Keep where the queue stands for the story pages that follow; the session is written where that changed."""
    query = request.GET.urlencode()
    if request.session.get(FILTERS, "") != query:
        request.session[FILTERS] = query


def remembered_filters(request: HttpRequest) -> QueryDict:
    """The filters with which this person last looked at the queue, without its view and its page."""
    return without_page(QueryDict(request.session.get(FILTERS, "")))


@require_POST
def take_next(request: HttpRequest) -> HttpResponse:
    """Claim the story that has waited longest and fits the filters, and open it."""
    return next_story(request, request.POST)


def next_story(request: HttpRequest, filters: QueryDict) -> HttpResponse:
    """Claim and open the next one that fits `filters`; where none waits, one that the person took and left."""
    user = access.person(request)
    form = QueueFilter(filters, user=user)
    waiting = form.narrow(access.rows(request, Story)).filter(state=StoryState.SUBMITTED)
    order = ("submitted_at", "id")
    first = first_keys(waiting, order, 5, apart=form.apart(), search=form.words or None)
    for story in waiting.filter(pk__in=first).order_by(*order):
        try:
            reviewing.claim(by=user, story=story)
        except TooLate:
            continue  # a colleague was faster: the next one, then
        return redirect("stories:review", story.ref)
    begun = form.narrow(access.rows(request, Story)).filter(
        state=StoryState.IN_REVIEW, claimed_by=user
    )
    if first := first_keys(begun, order, 1, apart=form.apart(), search=form.words or None):
        messages.info(request, "Nothing else is waiting. You took this one before.")
        return redirect("stories:review", begun.get(pk=first[0]).ref)
    messages.info(request, "Nothing is waiting for review here. Well done.")
    return redirect("stories:queue")
