"""The picture of a story: put it there, take it away, show it to those who may see it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Exists, OuterRef, Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from portal import access
from portal.errors import Refused
from stories.forms.typed import typed_in
from stories.models import Draft, Photo, Revision, Story
from stories.verbs import telling
from stories.views.writing import add_photo, keep_everything, own_desk, write_page


def photo_response(photo: Photo) -> FileResponse:
    """A photo for somebody whose right to see it was checked; no cache keeps it."""
    file = default_storage.open(str(photo.file.name))
    response = FileResponse(file, content_type="image/jpeg", filename="photo.jpg")
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store, private"
    return response


@require_POST
def photo(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Take an uploaded picture; whatever was typed on the same page is saved as well."""
    desk = own_desk(request, ref)
    upload = request.FILES.get("photo")
    if "hook" in request.POST:
        if refusal := keep_everything(request, desk, typed_in(request.POST, desk.prompts)):
            return refusal
    elif isinstance(upload, UploadedFile):
        try:
            add_photo(desk, upload)
        except Refused as refused:
            words = str(refused)
            form = desk.form(desk.typed)
            return write_page(request, desk, form, photo_problem=words, status=400)
    if upload is None:
        words = "Choose a photo first."
        form = desk.form(desk.typed)
        return write_page(request, desk, form, photo_problem=words, status=400)
    messages.success(request, "Your photo is there. Please say below what it shows.")
    return redirect(f"{request.path.removesuffix('photo/')}write/#photo")


@require_POST
def photo_remove(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Take the picture away; whatever was typed on the same page is saved first."""
    desk = own_desk(request, ref)
    if "hook" in request.POST and (
        refusal := keep_everything(request, desk, typed_in(request.POST, desk.prompts))
    ):
        return refusal
    telling.set_photo(by=desk.user, story=desk.story, photo=None)
    messages.success(request, "The photo is gone.")
    return redirect(f"{request.path.removesuffix('photo/remove/')}write/#photo")


@require_safe
def photo_file(request: HttpRequest, ref: UUID, pk: int) -> FileResponse:
    """The author's own picture: of the draft, or of one of the story's versions."""
    story = access.fetch(request, Story, ref=ref)
    held = Q(Exists(Draft.objects.filter(photo=OuterRef("pk"), story=story))) | Q(
        Exists(Revision.objects.filter(photo=OuterRef("pk"), story=story))
    )
    found = Photo.objects.filter(held, pk=pk).first()
    if found is None:
        raise Http404
    return photo_response(found)
