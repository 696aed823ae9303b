"""The files behind photos: kept under a name that tells nothing, and deleted when nothing needs them."""

from __future__ import annotations

import uuid
from functools import partial

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from portal.errors import Refused
from stories.models import Draft, Photo, Revision
from stories.rules.photos import NotAPhoto, clean_photo


def keep_photo(upload: bytes) -> Photo:
    """Store an uploaded picture, cleaned; raises Refused with the reason in words where it is none."""
    try:
        clean = clean_photo(upload)
    except NotAPhoto as problem:
        raise Refused(str(problem), field="photo") from problem
    name = default_storage.save(f"photos/{uuid.uuid4().hex}.jpg", ContentFile(clean.content))
    return Photo.objects.create(
        file=name, sha256=clean.sha256, width=clean.width, height=clean.height
    )


def described(photo: Photo, description: str) -> Photo:
    """The photo under this description: a row of its own where a revision holds another one.

    What a revision shows never changes, its picture's description included.
    """
    if photo.description == description:
        return photo
    if Revision.objects.filter(photo=photo).exists():
        return Photo.objects.create(
            file=photo.file.name,
            sha256=photo.sha256,
            width=photo.width,
            height=photo.height,
            description=description,
        )
    Photo.objects.filter(pk=photo.pk).update(description=description)
    photo.description = description
    return photo


def drop_unused(photo: Photo | None) -> None:
    """Delete a photo that neither a draft nor a revision holds, and its file after the commit."""
    if photo is None:
        return
    held = (
        Draft.objects.filter(photo=photo).exists() or Revision.objects.filter(photo=photo).exists()
    )
    if held:
        return
    name = str(photo.file.name)
    photo.delete()
    if not Photo.objects.filter(file=name).exists():
        transaction.on_commit(partial(default_storage.delete, name))
