"""JSON: the author's exact words. One story a line, so that a reader can stream it too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from stories.rules.formats.lines import Line, Lines, Replaced

SCHEMA = 1


def write(lines: Lines) -> Iterator[bytes]:
    """The file, piece by piece: an object with `schema` and the array `stories`."""
    yield f'{{"schema":{SCHEMA},"stories":[\n'.encode()
    first = True
    for line in lines():
        yield b"" if first else b",\n"
        yield compact(as_object(line)).encode()
        first = False
    yield b"]}\n" if first else b"\n]}\n"


def compact(value: Any) -> str:
    """JSON without spaces, letters as they are, keys in the order given."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


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
