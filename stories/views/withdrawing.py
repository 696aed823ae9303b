"""The way back: what withdrawing does at each partner, and doing it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal import access
from portal.errors import TooLate
from stories.models import Story
from stories.states import StoryState
from stories.verbs import telling
from stories.views.consents import holders_of


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, ref: UUID) -> HttpResponse:
    """GET says what will happen, POST does it. A draft that was never submitted is deleted."""
    story = access.fetch(request, Story, ref=ref)
    never_sent = story.submitted_at is None
    if story.state == StoryState.WITHDRAWN and never_sent:
        raise TooLate("You have deleted this draft already.")
    if request.method == "POST":
        telling.withdraw(by=access.person(request), story=story)
        if never_sent:
            messages.success(request, "The draft is deleted.")
            return redirect("stories:mine")
        messages.success(
            request, "Your story is withdrawn. Below you see each partner's answer as it comes."
        )
        return redirect("stories:story", ref)
    if story.state == StoryState.WITHDRAWN:
        return redirect("stories:story", ref)
    context = {"story": story, "holders": holders_of(story), "never_sent": never_sent}
    return render(request, "stories/member/withdraw.html", context)
