"""The sign-off door: the author reads an edit and accepts it, keeps their own text, or writes on."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal import access
from stories.models import Revision, RevisionKind, Story
from stories.rules.differences import passages
from stories.states import StoryState
from stories.verbs import signing_off


@require_safe
def sign_off(request: HttpRequest, ref: UUID) -> HttpResponse:
    """The edit beside the author's text, every changed word marked, and the three answers."""
    story = access.fetch(request, Story, ref=ref)
    if story.state != StoryState.AWAITING_SIGN_OFF:
        messages.info(request, "There is nothing to sign off: the text stands as you see it here.")
        return redirect("stories:story", ref)
    edited = story.current_revision
    own = (
        story.revisions.filter(acceptance__isnull=False)
        .select_related("photo")
        .order_by("-number")
        .first()
    )
    if edited is None or own is None:
        raise Http404
    context = {
        "story": story,
        "edited": edited,
        "own": own,
        "passages": list(passages(own.hook, own.answers, edited.hook, edited.answers)),
    }
    return render(request, "stories/member/sign_off.html", context)


def read_revision(request: HttpRequest, story: Story) -> Revision:
    """The edit that was on the author's screen; its number comes with the form."""
    number = request.POST.get("revision", "")
    if not number.isdecimal() or len(number) > 5:
        raise Http404
    return get_object_or_404(story.revisions, number=int(number), kind=RevisionKind.EDIT)


@require_POST
def accept_edit(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Accept the edited text, letter by letter."""
    story = access.fetch(request, Story, ref=ref)
    revision = read_revision(request, story)
    signing_off.sign_off(by=access.person(request), story=story, revision=revision)
    messages.success(
        request, "You signed the text off. The coordinator decides now; you get an e-mail."
    )
    return redirect("stories:story", ref)


@require_POST
def refuse_edit(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Keep the author's own text."""
    story = access.fetch(request, Story, ref=ref)
    revision = read_revision(request, story)
    signing_off.refuse_edit(by=access.person(request), story=story, revision=revision)
    messages.success(
        request, "Your own text stays. The coordinator decides about it; you get an e-mail."
    )
    return redirect("stories:story", ref)
