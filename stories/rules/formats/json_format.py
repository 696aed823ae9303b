"""JSON: the author's exact words. One story a line, so that a reader can stream it too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

import orjson

from stories.rules.formats.lines import Line, Replaced

SCHEMA = 1
PIECE = 1 << 20


class Array:
    """What stands inside a JSON array, one object a line, kept in a file while it grows.

    Compact: no spaces, letters as they are, keys in the order given.
    """

    def __init__(self, spool: BinaryIO) -> None:
        self._spool = spool
        self._empty = True

    def add(self, objects: Iterable[dict[str, Any]]) -> None:
        """Put the next objects behind those that are there."""
        if text := b",\n".join(map(orjson.dumps, objects)):
            self._spool.write(text if self._empty else b",\n" + text)
            self._empty = False

    def pieces(self) -> Iterator[bytes]:
        """All of it, with the end of its last line."""
        self._spool.seek(0)
        while piece := self._spool.read(PIECE):
            yield piece
        if not self._empty:
            yield b"\n"


class JsonExport:
    """The file: an object with `schema` and the array `stories`."""

    def __init__(self, spool: BinaryIO) -> None:
        self._stories = Array(spool)

    def add(self, lines: Sequence[Line]) -> None:
        """Take in the next lines."""
        self._stories.add(map(as_object, lines))

    def pieces(self) -> Iterator[bytes]:
        """The file's bytes, piece by piece."""
        yield f'{{"schema":{SCHEMA},"stories":[\n'.encode()
        yield from self._stories.pieces()
        yield b"]}\n"


def as_object(line: Line) -> dict[str, Any]:
    """One story; docs/manifest.md says what each field means."""
    story = line.story
    return {
        "story": story.story,
        "campaign": line.campaign,
        "batch": line.batch,
        "position": line.position,
        "hook": story.hook,
        "answers": [
            {"kind": answer["kind"], "label": answer["label"], "value": answer["value"]}
            for answer in story.answers
        ],
        "state": story.state,
        "district": story.district,
        "name": story.name,
        "name_shown": story.name_shown,
        "uses": list(story.uses),
        "until": story.until.isoformat(),
        "consent_version": story.consent_version,
        "revision_sha256": story.revision,
        "photo": photo_object(line),
        "replaces": replaced_object(line.replaces),
    }


def photo_object(line: Line) -> dict[str, str] | None:
    """The picture that goes with a story; `file` is empty where it does not lie beside the export."""
    story = line.story
    if story.photo is None:
        return None
    return {
        "file": line.photo_file,
        "sha256": story.photo,
        "description": story.photo_description,
    }


def replaced_object(replaced: Replaced | None) -> dict[str, int | str] | None:
    """What the story takes the place of."""
    if replaced is None:
        return None
    return {
        "batch": replaced.batch,
        "position": replaced.position,
        "revision_sha256": replaced.revision,
    }
