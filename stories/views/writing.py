"""The writing door: begin, write, save, preview, submit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.models import Participation
from portal import access, kept
from portal.errors import Refused, TooLate
from portal.models import User
from stories.forms.story import StoryForm
from stories.forms.typed import Typed, typed_in, typed_of
from stories.models import ImportedStory, Photo, Story
from stories.rules.consent import permission_of
from stories.rules.disclosure import Disclosed, disclose
from stories.rules.photos import MAX_BYTES, too_large
from stories.rules.texts import revision_sha256
from stories.states import StoryState
from stories.verbs import importing, photos, telling
from stories.verbs.surroundings import NAMED
from stories.views.desk import Desk, desk_of, last_reason, new_window, refuse_ended


@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, slug: str) -> HttpResponse:
    """POST opens a draft; GET shows what was begun before in this campaign, and a button.

    Whoever comes by the button that joins (`?joined`) wants to write: not an empty draft beside what waits.
    """
    participation = access.fetch(request, Participation, campaign__slug=slug)
    user = access.person(request)
    if request.method == "POST":
        if "joined" in request.GET and told_before(user, participation):
            return redirect("stories:mine")
        story = telling.begin(by=user, participation=participation)
        return redirect("stories:write", story.ref)
    drafts = Story.objects.filter(participation=participation, state=StoryState.DRAFT)
    context = {
        "campaign": participation.campaign,
        "drafts": drafts.select_related("draft").order_by("-pk")[:20],
    }
    return render(request, "stories/member/begin.html", context)


def told_before(user: User, participation: Participation) -> bool:
    """Whether a story of this person's is in the campaign already, or waits there since a survey."""
    surveyed = ImportedStory.objects.waiting_for(user).filter(campaign=participation.campaign_id)
    return Story.objects.filter(participation=participation).exists() or surveyed.exists()


@require_POST
def adopt(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a draft of a story that came from a survey; its author reads and agrees there."""
    imported = access.fetch(request, ImportedStory, pk=pk)
    story = importing.adopt_imported(by=access.person(request), imported=imported)
    messages.success(
        request,
        "This is what you wrote in the survey. Change what you like, then choose who may use it.",
    )
    return redirect("stories:write", story.ref)


def own_desk(request: HttpRequest, ref: UUID, *, held: bool = False) -> Desk:
    """The person's story, if it can still be written; `held`: locked by the caller's transaction."""
    story = access.fetch(request, Story, along=NAMED, held=held, ref=ref)
    refuse_ended(story)
    return desk_of(access.person(request), story)


def write_page(
    request: HttpRequest,
    desk: Desk,
    form: StoryForm,
    *,
    problem: str = "",
    photo_problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """The story form with everything typed in it, and `problem` on top."""
    story = desk.story
    first = story.submitted_at is None
    context = {
        "story": story,
        "desk": desk,
        "form": form,
        "consent_text": desk.grid.text,
        "photo": desk.draft.photo,
        "first": first,
        "closed": first and not desk.around.phase_is_open,
        "reason": last_reason(story),
        "problem": problem,
        "problems": form.problems() if form.is_bound else [],
        "photo_problem": photo_problem,
        "window": new_window(),
        "max_megabytes": MAX_BYTES // 1024 // 1024,
    }
    return render(request, "stories/member/write.html", context, status=status)


@require_safe
def write(request: HttpRequest, ref: UUID) -> HttpResponse:
    """The story form with the draft in it; `?from=edit` takes a coordinator's text to go on from."""
    desk = own_desk(request, ref)
    if post := kept.take(request):
        return take_up_again(request, desk, post)
    typed = desk.typed
    story = desk.story
    if request.GET.get("from") == "edit" and story.state == StoryState.AWAITING_SIGN_OFF:
        edited = typed_of(telling.draft_from(story, story.current_revision))
        typed = Typed(edited.hook, edited.answers, typed.naming, typed.consents, typed.version)
    return write_page(request, desk, desk.form(typed))


def take_up_again(request: HttpRequest, desk: Desk, post: QueryDict) -> HttpResponse:
    """Save what was sent after the person had been signed out; they are signed in again now."""
    typed = typed_in(post, desk.prompts)
    try:
        desk.keep(typed)
    except TooLate as problem:
        return write_page(request, desk, desk.form(typed), problem=saved_elsewhere(problem))
    messages.success(request, "Welcome back. What you had typed is here, and saved as a draft.")
    return redirect("stories:write", desk.story.ref)


@require_POST
def save(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Keep what was typed, valid or not: by itself (htmx, a line of status) or by the button."""
    desk = own_desk(request, ref)
    typed = typed_in(request.POST, desk.prompts)
    if getattr(request, "htmx", None):
        return save_by_itself(request, desk, typed)
    if refusal := keep_everything(request, desk, typed):
        return refusal
    messages.success(request, "Your draft is saved. You can come back to it at any time.")
    return redirect("stories:write", ref)


def save_by_itself(request: HttpRequest, desk: Desk, typed: Typed) -> HttpResponse:
    """The status line, with the draft's new version for the page's next save."""
    # What a page sends as it is left is newer than what it was just saving.
    window = str(typed.naming.get("window", "")) if "in_passing" in request.POST else ""
    try:
        desk.keep(typed, window=window)
    except TooLate as problem:
        context = {"problem": f"{problem} Use “Save draft” to keep this text."}
        return render(request, "stories/member/saved.html", context, status=409)
    return render(request, "stories/member/saved.html", {"desk": desk})


def saved_elsewhere(problem: TooLate) -> str:
    """What to do about a text that another window has overtaken."""
    return (
        f"{problem} Nothing was overwritten. To keep this text instead of the other one, press "
        "“Save draft” again."
    )


def keep_everything(request: HttpRequest, desk: Desk, typed: Typed) -> HttpResponse | None:
    """Save the words and the chosen photo; the page with everything on it where that fails."""
    try:
        desk.keep(typed, window=str(typed.naming.get("window", "")))
    except TooLate as problem:
        desk.story.refresh_from_db()
        refuse_ended(desk.story)
        words = saved_elsewhere(problem)
        return write_page(request, desk, desk.form(typed), problem=words, status=409)
    upload = request.FILES.get("photo")
    if isinstance(upload, UploadedFile):
        try:
            add_photo(desk, upload)
        except Refused as refused:
            return write_page(
                request, desk, desk.form(desk.typed), photo_problem=str(refused), status=400
            )
    return None


def add_photo(desk: Desk, upload: UploadedFile[Any]) -> None:
    """Clean an uploaded picture and put it with the draft; Refused where it is none."""
    if (upload.size or 0) > MAX_BYTES:
        raise Refused(too_large(upload.size or 0), field="photo")
    photo = photos.keep_photo(upload.read())
    telling.set_photo(by=desk.user, story=desk.story, photo=photo)
    desk.reload()


@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, ref: UUID) -> HttpResponse:
    """What each partner will receive. POST saves and checks what was typed first."""
    desk = own_desk(request, ref)
    if request.method == "POST":
        typed = typed_in(request.POST, desk.prompts)
        if refusal := keep_everything(request, desk, typed):
            return refusal
        form = desk.form(data=typed, agreed=typed.consent_version)
        if not form.is_valid():
            return write_page(request, desk, form, status=400)
        return redirect("stories:preview", ref)
    form = desk.form(data=desk.typed)
    if not form.is_valid():
        return write_page(request, desk, form)
    return preview_page(request, desk, form)


def preview_page(
    request: HttpRequest, desk: Desk, form: StoryForm, *, problem: str = "", status: int = 200
) -> HttpResponse:
    """What is disclosed to the partners and nothing else; what several read alike stands once."""
    permissions = {permission.partner: permission for permission in form.permissions()}
    allowed = [line for line in form.lines if line.partner in permissions]
    rows = [(line.label, disclosed(desk, form, line.key)) for line in allowed]
    first = desk.story.submitted_at is None
    context = {
        "story": desk.story,
        "desk": desk,
        "views": by_what_is_read(rows),
        "left_out": [line.label for line in form.lines if line not in allowed],
        "nobody": not permissions,
        "photo": desk.draft.photo,
        "consent_text": desk.grid.text,
        "closed": first and not desk.around.phase_is_open,
        "first": first,
        "problem": problem,
    }
    return render(request, "stories/member/preview.html", context, status=status)


def by_what_is_read(rows: list[tuple[str, Disclosed]]) -> list[list[tuple[str, Disclosed]]]:
    """The rows in groups that read the same words and see the same picture, in the rows' order."""
    groups: list[list[tuple[str, Disclosed]]] = []
    for label, row in rows:
        for group in groups:
            if group[0][1].to_read == row.to_read:
                group.append((label, row))
                break
        else:
            groups.append([(label, row)])
    return groups


def disclosed(desk: Desk, form: StoryForm, key: str) -> Disclosed:
    """What one line of the grid lets its partner receive."""
    photo, answers = desk.draft.photo, form.answers()
    sha256 = photo.sha256 if photo else None
    hook = form.cleaned_data["hook"]
    return disclose(
        story=str(desk.story.ref),
        revision=revision_sha256(hook, answers, sha256),
        hook=hook,
        answers=answers,
        state=desk.story.us_state,
        district=desk.story.district,
        permission=form.permission(key),
        consent_version=desk.grid.text.version,
        photo=sha256,
        photo_description=form.cleaned_data["photo_description"],
    )


@require_POST
def submit(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Hand the story in: the form as it was typed, or the draft as it was previewed.

    The story is locked before it is judged, so that what a form is checked against is what the verb finds.
    """
    if "hook" in request.POST:
        return submit_typed(request, ref)
    with transaction.atomic():
        return submit_draft(request, own_desk(request, ref, held=True))


def submit_typed(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Save the form, in a transaction of its own: what was typed stays, whatever becomes of the rest."""
    desk = own_desk(request, ref)
    typed = typed_in(request.POST, desk.prompts)
    if is_what_was_sent(desk, typed):
        return sent_already(request, ref)
    if refusal := keep_everything(request, desk, typed):
        return refusal
    saved = desk.draft.version
    with transaction.atomic():
        desk = own_desk(request, ref, held=True)
        desk.draft.version = saved  # the page goes on from what it saved itself
        return hand_in(request, desk, desk.form(data=typed, agreed=typed.consent_version))


def submit_draft(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The preview's button, which says only what the author had before them; of a locked story."""
    if desk.nothing_since_sent:
        return sent_already(request, desk.story.ref)
    seen = typed_in(request.POST, desk.prompts)
    form = desk.form(data=desk.typed, agreed=seen.consent_version)
    if seen.version != desk.draft.version and form.is_valid():
        words = "The draft was changed in another window. This is how it stands now."
        return preview_page(request, desk, form, problem=words, status=409)
    return hand_in(request, desk, form)


def is_what_was_sent(desk: Desk, typed: Typed) -> bool:
    """Whether the button was pressed twice: text and permissions are as they were handed in."""
    revision = desk.story.current_revision
    if not desk.nothing_since_sent or revision is None or typed.version == desk.draft.version:
        return False
    form = desk.form(data=typed)
    if not form.is_valid():
        return False
    live = {consent.partner_id: permission_of(consent) for consent in desk.grid.live}
    chosen = {permission.partner: permission for permission in form.permissions()}
    text = (form.cleaned_data["hook"], form.answers())
    return text == (revision.hook, revision.answers) and chosen == live


def sent_already(request: HttpRequest, ref: UUID) -> HttpResponse:
    """The answer to a button that was pressed twice."""
    messages.info(request, "Your story has been sent; there is nothing new to send.")
    return redirect("stories:story", ref)


def hand_in(request: HttpRequest, desk: Desk, form: StoryForm) -> HttpResponse:
    """Hand in what the form holds, of a locked story; or show the page again with what is not right."""
    if not form.is_valid():
        return write_page(request, desk, form, status=400)
    photo: Photo | None = desk.draft.photo
    if photo:
        photo = photos.described(photo, form.cleaned_data["photo_description"])
    try:
        telling.submit(
            by=desk.user,
            story=desk.story,
            hook=form.cleaned_data["hook"],
            answers=form.answers(),
            photo=photo,
            permissions=form.permissions(),
            consent_text=desk.grid.text,
            around=replace(desk.around, draft=desk.draft),
        )
    except TooLate as late:
        desk.story.refresh_from_db()
        refuse_ended(desk.story)
        return write_page(request, desk, form, problem=str(late), status=409)
    except Refused as refused:
        desk.story.refresh_from_db()
        return write_page(request, desk, form, problem=str(refused), status=400)
    messages.success(
        request,
        f"Thank you. Your story is with the coordinators of your society, {desk.story.society}; "
        "you get an e-mail as soon as they have read it.",
    )
    return redirect("stories:story", desk.story.ref)
