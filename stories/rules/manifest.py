"""The manifest of a batch and its list of hashes, which come out the same every time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any, BinaryIO

import orjson

from stories.rules.formats.json_format import Array, photo_object, replaced_object
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


class Manifest:
    """A manifest in the making. Its items are added in order; its memory is flat."""

    def __init__(self, spool: BinaryIO) -> None:
        self._items = Array(spool)

    def add(self, lines: Sequence[Line]) -> None:
        """Take in the next items."""
        self._items.add(map(item_object, lines))

    def pieces(self, head: Head, files: Iterable[FileFact]) -> Iterator[bytes]:
        """The file's bytes, piece by piece: the head's fields, then one file and one item a line."""
        named = Array(BytesIO())
        named.add(map(asdict, files))
        yield orjson.dumps({"schema": SCHEMA, **asdict(head)}).removesuffix(b"}")
        yield b',\n"files":[\n'
        yield from named.pieces()
        yield b'],\n"items":[\n'
        yield from self._items.pieces()
        yield b"]}\n"


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


def _name(fact: FileFact) -> str:
    return fact.name
