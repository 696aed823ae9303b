"""The manifest of a batch and its list of hashes, as text that comes out the same every time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from stories.rules.formats.json_format import compact, photo_object, replaced_object
from stories.rules.formats.lines import Line

SCHEMA = 1

MANIFEST = "manifest.json"
SIGNATURE = "manifest.json.sig"
SUMS = "SHA256SUMS"


@dataclass(frozen=True)
class FileFact:
    """One file of a batch: its path inside the batch, its size in bytes and its SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Head:
    """What a manifest says of its batch as a whole. `sealed_at` is ISO 8601 in UTC, to the second.

    `signing_key` is the id of the key under which the manifest is signed.
    """

    campaign: str
    campaign_name: str
    partner: str
    partner_name: str
    batch: int
    ref: str
    sealed_at: str
    stories: int
    photos: int
    signing_key: str

    @property
    def archive(self) -> str:
        """The name of the one file that holds all others."""
        return f"storybank-{self.campaign}-{self.partner}-{self.batch:04d}.zip"


def sha256_text(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def manifest_pieces(head: Head, files: Sequence[FileFact], lines: Iterable[Line]) -> Iterator[str]:
    """The manifest, piece by piece: the head's fields, then one file and one item a line."""
    yield f'{{"schema":{SCHEMA},'
    yield compact(asdict(head))[1:-1]
    yield ',\n"files":[\n'
    yield from _array(asdict(fact) for fact in files)
    yield '],\n"items":[\n'
    yield from _array(item_object(line) for line in lines)
    yield "]}\n"


def item_object(line: Line) -> dict[str, Any]:
    """What the manifest says of one item: everything about the permission, nothing of the text."""
    story = line.story
    photo = photo_object(line)
    return {
        "position": line.position,
        "story": story.story,
        "revision_sha256": story.revision,
        "consent_version": story.consent_version,
        "uses": list(story.uses),
        "name_shown": story.name_shown,
        "name": story.name,
        "until": story.until.isoformat(),
        "state": story.state,
        "district": story.district,
        "photo": {"file": photo["file"], "sha256": photo["sha256"]} if photo else None,
        "replaces": replaced_object(line.replaces),
    }


def sums_text(files: Iterable[FileFact]) -> str:
    """The hashes in the form that `sha256sum -c` reads, sorted by name."""
    return "".join(f"{fact.sha256}  {fact.name}\n" for fact in sorted(files, key=_name))


def head_of(manifest: str) -> Head:
    """The head of a manifest that was made before. Reads its first line only."""
    first, _, _ = manifest.partition(",\n")
    fields = json.loads(first + "}")
    fields.pop("schema")
    return Head(**fields)


def _array(objects: Iterable[dict[str, Any]]) -> Iterator[str]:
    first = True
    for value in objects:
        yield ("" if first else ",\n") + compact(value)
        first = False
    if not first:
        yield "\n"


def _name(fact: FileFact) -> str:
    return fact.name
