"""The partner's recalls: what has to come back, and the answer."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal import access
from portal.errors import TooLate
from portal.paging import page
from stories.forms.handing_over import AnswerForm
from stories.models import Item, Recall
from stories.states import RecallState
from stories.verbs import handing_over
from stories.views.library import of_own_partners

SHOWN = {"open": "To answer", "answered": "Answered", "all": "All"}


@require_safe
def recalls(request: HttpRequest) -> HttpResponse:
    """What was asked back, the newest first; at first only what waits for an answer."""
    shown = request.GET.get("show", "open")
    found = access.rows(request, Recall)
    if shown == "answered":
        found = found.exclude(state=RecallState.ASKED)
    elif shown != "all":
        shown, found = "open", found.filter(state=RecallState.ASKED)
    return render(
        request,
        "stories/partner/recalls.html",
        {
            "page": page(
                request,
                found.select_related("item__batch__campaign", "answered_by"),
                ("-id",),
                apart=of_own_partners(access.person(request)),
            ),
            "views": list(SHOWN.items()),
            "shown": shown,
        },
    )


@require_safe
def recall(request: HttpRequest, ref: UUID) -> HttpResponse:
    """One recall: which story, where it stands in the partner's files, why, and the three answers."""
    return recall_page(request, one(request, ref), AnswerForm())


@require_POST
def answer_recall(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Give the answer; what was typed stays on the page where somebody else was faster."""
    found = one(request, ref)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return recall_page(request, found, form, status=400)
    try:
        handing_over.answer_recall(
            by=access.person(request), recall=found, answer=form.answer_given()
        )
    except TooLate as problem:
        return recall_page(request, one(request, ref), form, problem=str(problem), status=409)
    messages.success(
        request, "Thank you. The author and the campaign’s lead have been told your answer."
    )
    return redirect("stories:recalls")


def one(request: HttpRequest, ref: UUID) -> Recall:
    """The recall that the address names."""
    recalls = access.fetch(request, Recall, ref=ref)
    return Recall.objects.select_related(
        "item__batch__campaign", "item__batch__partner", "story", "answered_by"
    ).get(pk=recalls.pk)


def recall_page(
    request: HttpRequest, found: Recall, form: AnswerForm, *, problem: str = "", status: int = 200
) -> HttpResponse:
    """The page of a recall. It names the story's place and reference, and nothing of its text."""
    return render(
        request,
        "stories/partner/recall.html",
        {
            "recall": found,
            "items": places(found),
            "form": form,
            "problem": problem,
            "answered": found.state != RecallState.ASKED,
        },
        status=status,
    )


def places(found: Recall) -> QuerySet[Item]:
    """Every batch in which the partner was handed this story, up to the item that is recalled."""
    items = Item.objects.filter(
        story=found.story_id, partner=found.partner_id, pk__lte=found.item_id
    )
    return items.select_related("batch", "accepted__revision", "consent").order_by("-pk")
