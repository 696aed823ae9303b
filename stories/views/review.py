"""The review door: one story's page, and what a coordinator does with it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from portal import access
from portal.errors import Refused, TooLate
from stories.forms.review import EditForm, NoteForm, ReasonForm, TagsForm
from stories.models import NameShown, Revision, Story
from stories.rules.consent import words_of
from stories.rules.differences import passages
from stories.rules.words import quoted
from stories.verbs import reviewing
from stories.verbs.surroundings import NAMED
from stories.views.queue import FILTERS, next_story, remembered_filters

#: What a story's page says of it besides its texts.
SHOWN = (*NAMED, "claimed_by")

#: What each decision that needs words asks for.
REASONS = {
    "ask_changes": (
        "What should the author change?",
        "They get this by e-mail and can send a new version.",
    ),
    "decline": (
        "Why is this story not for this campaign?",
        "The author reads this. Be kind; they gave you their time.",
    ),
}


@require_safe
def review(request: HttpRequest, ref: UUID) -> HttpResponse:
    """One story: its text, permissions, history, notes, and what can be done now."""
    return review_page(request, access.fetch(request, Story, along=SHOWN, ref=ref))


def review_page(
    request: HttpRequest,
    story: Story,
    *,
    problem: str = "",
    status: int = 200,
    **forms_with_words: forms.Form,
) -> HttpResponse:
    """The story's page, with `problem` on top and whatever was typed still in its form."""
    revisions = list(story.revisions.select_related("by", "photo", "acceptance"))
    revision = next((r for r in revisions if r.pk == story.current_revision_id), None)
    if revision is None:
        raise Http404
    consents = list(story.consents.live().select_related("partner"))
    shown = {NameShown(consent.name_shown) for consent in consents}
    context: dict[str, object] = {
        "story": story,
        "revision": revision,
        "accepted": hasattr(revision, "acceptance"),
        "consents": consents,
        "given_away": quoted(reviewing.given_away(story, words_of(revision), shown)),
        "nameless": NameShown.NONE in shown,
        "edits": edits(revisions),
        "decisions": story.decisions.select_related("by", "revision"),
        "notes": story.notes.select_related("by"),
        "problem": problem,
        "note_form": NoteForm(),
        "tags_form": TagsForm(initial={"tags": ", ".join(str(tag) for tag in story.tags.all())}),
        "edit_form": EditForm(revision=revision),
        "ask_changes_form": reason_form("ask_changes"),
        "decline_form": reason_form("decline"),
        "filters": list(remembered_filters(request).items()),
        "queue": request.session.get(FILTERS, ""),
    }
    context |= forms_with_words | {"typed": bool(forms_with_words)}
    return render(request, "stories/review/story.html", context, status=status)


def edits(revisions: list[Revision]) -> list[tuple[Revision, list[object]]]:
    """Every later revision with what it changed against the one before, newest first."""
    pairs = pairwise(revisions)
    changed = [
        (new, list(passages(old.hook, old.answers, new.hook, new.answers))) for old, new in pairs
    ]
    return [(new, list[object](found)) for new, found in reversed(changed)]


def reason_form(decision: str, data: object = None) -> ReasonForm:
    """The form for one kind of decision."""
    label, help_text = REASONS[decision]
    return ReasonForm(data, label=label, help_text=help_text, prefix=decision)


def act(
    request: HttpRequest, story: Story, deed: Callable[[], object], said: str, **typed: forms.Form
) -> HttpResponse:
    """Do it and say so; or show the page again with the reason and every word that was typed.

    Afterwards the story's page opens, or the next story where the button says so.
    """
    try:
        deed()
    except (TooLate, Refused) as problem:
        story.refresh_from_db()
        status = 409 if isinstance(problem, TooLate) else 400
        return review_page(request, story, problem=str(problem), status=status, **typed)
    if "next" in request.POST:
        # It stands on the next story's page, so it says of which one it speaks.
        messages.success(request, f"“{hook_of(story)}”: {said}")
        return next_story(request, remembered_filters(request))
    messages.success(request, said)
    return redirect(way_back(request, story))


def hook_of(story: Story) -> str:
    """The story in one line."""
    return story.current_revision.hook if story.current_revision else ""


def way_back(request: HttpRequest, story: Story) -> str:
    """The page that a form names in `back`, if it is one of ours; else the story's own."""
    back = request.POST.get("back", "")
    if back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return back
    return reverse("stories:review", args=[story.ref])


def read_revision(request: HttpRequest, story: Story) -> Revision:
    """The revision that the coordinator had on the screen; its number travels with every form."""
    number = request.POST.get("revision", "")
    if not number.isdecimal() or len(number) > 5:
        raise Http404
    current = story.current_revision
    if current is not None and current.number == int(number):
        return current
    return get_object_or_404(Revision, story=story, number=int(number))


@require_POST
def claim(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Take a story into review."""
    story = access.fetch(request, Story, ref=ref)
    user = access.person(request)
    return act(
        request,
        story,
        lambda: reviewing.claim(by=user, story=story),
        "It is yours to review. Colleagues see that you have taken it.",
    )


@require_POST
def hand_back(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Put it back for colleagues."""
    story = access.fetch(request, Story, ref=ref)
    user = access.person(request)
    return act(
        request,
        story,
        lambda: reviewing.hand_back(by=user, story=story),
        "Handed back: it waits in the queue for you or a colleague.",
    )


@require_POST
def note(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Write an internal note."""
    story = access.fetch(request, Story, ref=ref)
    user = access.person(request)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return review_page(request, story, status=400, note_form=form)
    words = form.cleaned_data["note"]
    return act(
        request,
        story,
        lambda: reviewing.add_note(by=user, story=story, text=words),
        "Your note is kept.",
        note_form=form,
    )


@require_POST
def tags(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Set the story's tags."""
    story = access.fetch(request, Story, ref=ref)
    user = access.person(request)
    form = TagsForm(request.POST)
    if not form.is_valid():
        return review_page(request, story, status=400, tags_form=form)
    names = form.cleaned_data["tags"]
    return act(
        request,
        story,
        lambda: reviewing.set_tags(by=user, story=story, names=names),
        "The tags are set.",
        tags_form=form,
    )


@require_POST
def edit(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Propose an edited text to the author."""
    story = access.fetch(request, Story, ref=ref)
    user = access.person(request)
    read = read_revision(request, story)
    form = EditForm(request.POST, revision=read)
    if not form.is_valid():
        return review_page(request, story, status=400, edit_form=form)
    return act(
        request,
        story,
        lambda: reviewing.propose_edit(
            by=user,
            story=story,
            read=read,
            hook=form.cleaned_data["hook"],
            answers=form.answers(),
            remark=form.cleaned_data["remark"],
        ),
        "Sent to the author, who is asked to sign it off. You will hear when they have answered.",
        edit_form=form,
    )


@require_POST
def approve(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Approve the text that was read."""
    story = access.fetch(request, Story, along=["current_revision"], ref=ref)
    user = access.person(request)
    read = read_revision(request, story)
    return act(
        request,
        story,
        lambda: reviewing.approve(by=user, story=story, read=read),
        "Approved. It goes out with each partner's next batch, as far as its author allows; "
        "the author has been told.",
    )


@require_POST
def ask_changes(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Ask the author for changes."""
    return decide_with_reason(
        request,
        ref,
        "ask_changes",
        reviewing.ask_changes,
        "The author has been asked. The story comes back to the queue when they answer.",
    )


@require_POST
def decline(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Decline the story."""
    return decide_with_reason(
        request,
        ref,
        "decline",
        reviewing.decline,
        "Declined; the author has been told why.",
    )


def decide_with_reason(
    request: HttpRequest, ref: UUID, name: str, verb: Callable[..., None], said: str
) -> HttpResponse:
    """One decision whose reason the author reads."""
    story = access.fetch(request, Story, along=["current_revision"], ref=ref)
    user = access.person(request)
    read = read_revision(request, story)
    form = reason_form(name, request.POST)
    typed: dict[str, forms.Form] = {f"{name}_form": form}
    if not form.is_valid():
        return review_page(request, story, problem="", status=400, **typed)
    reason = form.cleaned_data["reason"]
    return act(
        request,
        story,
        lambda: verb(by=user, story=story, read=read, reason=reason),
        said,
        **typed,
    )


@require_safe
def review_photo(request: HttpRequest, ref: UUID, number: int) -> FileResponse:
    """The picture of one revision."""
    story = access.fetch(request, Story, ref=ref)
    revision = get_object_or_404(
        Revision.objects.select_related("photo"), story=story, number=number
    )
    if revision.photo is None:
        raise Http404
    return FileResponse(
        revision.photo.file.open("rb"),
        content_type="image/jpeg",
        headers={"X-Content-Type-Options": "nosniff"},
    )
