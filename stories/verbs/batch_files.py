"""Where the files of a batch lie: under `batches/<ref>/` of the default storage, written whole or not at all.

The one module that knows that the storage is a folder; another kind of storage is put in here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from django.core.files.storage import default_storage

from stories.models import Batch
from stories.rules.manifest import FileFact

PIECE = 1 << 20


def place_of(batch: Batch, name: str = "") -> Path:
    """The path of a batch's file, or of its folder."""
    return Path(default_storage.path(f"batches/{batch.ref}/{name}"))


@contextmanager
def written_aside(batch: Batch, name: str) -> Iterator[BinaryIO]:
    """A file to write into that takes its name only once it is whole and on the disk.

    Two workers may write the same file at once: each has its own, and both have the same bytes.
    """
    place = place_of(batch, name)
    place.parent.mkdir(parents=True, exist_ok=True)
    aside = place.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with aside.open("w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(place)
    finally:
        aside.unlink(missing_ok=True)


def nameless() -> BinaryIO:
    """A file for what is needed while others are made; it has no name and goes with its process."""
    place = Path(default_storage.path(""))
    place.mkdir(parents=True, exist_ok=True)
    return cast(BinaryIO, tempfile.TemporaryFile(dir=place))


def put(batch: Batch, name: str, pieces: Iterable[bytes]) -> FileFact:
    """Write one file piece by piece; returns its size and hash."""
    with written_aside(batch, name) as file:
        return measure(name, pieces, file.write)


def measure(name: str, pieces: Iterable[bytes], write: Callable[[bytes], object] = len) -> FileFact:
    """The size and hash that a file of these pieces has, each of which goes to `write`."""
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
        write(piece)
    return FileFact(name, size, digest.hexdigest())


def fact_of(batch: Batch, name: str) -> FileFact:
    """The size and hash of a file that lies there."""
    with place_of(batch, name).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileFact(name, place_of(batch, name).stat().st_size, digest)


def pieces_of(file: IO[bytes]) -> Iterator[bytes]:
    """An open file in pieces."""
    while piece := file.read(PIECE):
        yield piece


def discard(batch: Batch) -> None:
    """Delete all files of a batch; nothing happens where there are none."""
    shutil.rmtree(place_of(batch), ignore_errors=True)
