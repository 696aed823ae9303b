#!/usr/bin/env python3
"""Check a batch of stories that was handed over: nothing changed, nothing missing, nothing added.

    python verify_batch.py FOLDER_OR_ZIP --key key.pem

Needs Python 3.10 or newer and the package `cryptography`, and nothing else: no database, no network.
The key is the public one that the site serves under /keys/. Exits with 0 where everything holds, with 1
where something does not, and says what.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import csv
import hashlib
import io
import json
import lzma
import struct
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

MANIFEST = "manifest.json"
SIGNATURE = "manifest.json.sig"
SUMS = "SHA256SUMS"
PIECE = 1 << 20

#: The fields that an item of the manifest and its story in stories.json have in common.
SHARED = (
    "position",
    "story",
    "revision_sha256",
    "consent_version",
    "uses",
    "name_shown",
    "name",
    "until",
    "state",
    "district",
    "replaces",
)


#: What reading a damaged zip can raise.
BAD_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
)


class Failed(Exception):
    """The batch does not hold; the message says what is wrong with it."""


class Source:
    """The files of a batch, in a folder or in its zip."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.zip: zipfile.ZipFile | None = None
        if place.is_dir():
            files = (path for path in place.rglob("*") if not path.is_dir())
            self.names = [path.relative_to(place).as_posix() for path in files]
        elif place.is_file():
            self.zip = zipfile.ZipFile(place)
            self.names = self.zip.namelist()
        else:
            raise Failed(f"There is no folder or file named {place}.")

    def open(self, name: str) -> IO[bytes]:
        """One file, to read."""
        return self.zip.open(name) if self.zip else (self.place / name).open("rb")

    def read(self, name: str) -> bytes:
        """One file, whole."""
        if name not in self.names:
            raise Failed(f"{name} is missing.")
        with self.open(name) as file:
            return file.read()


def verify(place: Path, pem: bytes, tell: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Check a whole batch and return its manifest. `tell` hears of each thing that holds.

    `pem` is one public key or several, one behind the other. Raises Failed at the first thing that
    does not hold.
    """
    try:
        source = Source(place)
        manifest = signed_manifest(source, pem)
        tell(f"The signature of key {manifest['signing_key']} is good.")
        files = check_files(source, manifest)
        tell(
            f"All {len(files)} files are there, and none other; each has the size and hash it should."
        )
        check_sums(source, files)
        tell(f"{SUMS} is as it was made.")
        check_counts(source, manifest)
        tell(f"It holds {manifest['stories']} stories and {manifest['photos']} photos, as it says.")
        check_stories(source, manifest)
        tell("Every story is, byte for byte, the text whose hash the manifest names.")
        if source.zip:
            check_archive(source, manifest)
            tell("The zip itself is as it was made.")
    except BAD_ZIP as problem:
        raise Failed(f"The zip is damaged: {problem}") from problem
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise Failed(f"A file is not in the form that it should have: {problem}") from problem
    return manifest


def signed_manifest(source: Source, pem: bytes) -> dict[str, Any]:
    """The manifest, once its signature is seen to be good."""
    text, signature = source.read(MANIFEST), source.read(SIGNATURE)
    try:
        raw = base64.b64decode(signature.removesuffix(b"\n"), validate=True)
    except binascii.Error as problem:
        raise Failed(f"{SIGNATURE} is no signature.") from problem
    if base64.b64encode(raw) + b"\n" != signature:
        raise Failed(f"{SIGNATURE} is not as it was made.")
    keys = public_keys(pem)
    for key_id, key in keys.items():
        try:
            key.verify(raw, text)
        except InvalidSignature:
            continue
        manifest: dict[str, Any] = json.loads(text)
        if manifest["signing_key"] != key_id:
            raise Failed("The manifest names another key than the one that signed it.")
        return manifest
    raise Failed(
        f"The signature does not fit: {MANIFEST} was changed, or it was signed with another key than "
        f"{' or '.join(keys) or 'any that was given'}."
    )


def public_keys(pem: bytes) -> dict[str, Ed25519PublicKey]:
    """The Ed25519 keys of a PEM file by their ids: 16 hex digits of SHA-256 of the raw key."""
    keys: dict[str, Ed25519PublicKey] = {}
    end = b"-----END PUBLIC KEY-----"
    for block in pem.split(end)[:-1]:
        key = load_pem_public_key(block.strip() + b"\n" + end + b"\n")
        if isinstance(key, Ed25519PublicKey):
            raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
            keys[hashlib.sha256(raw).hexdigest()[:16]] = key
    if not keys:
        raise Failed("The key file holds no Ed25519 public key in PEM form.")
    return keys


def check_files(source: Source, manifest: dict[str, Any]) -> dict[str, str]:
    """Hold every file against the manifest; returns all hashes, those of the proofs themselves too."""
    told = {fact["name"]: fact for fact in manifest["files"]}
    expected = {*told, MANIFEST, SIGNATURE, SUMS}
    if len(source.names) != len(set(source.names)):
        raise Failed("A file is in the zip twice.")
    if missing := expected - set(source.names):
        raise Failed(f"Missing: {', '.join(sorted(missing))}.")
    if added := set(source.names) - expected:
        raise Failed(f"Not part of the batch: {', '.join(sorted(added))}.")
    hashes = {}
    for name in sorted(expected - {SUMS}):
        with source.open(name) as file:
            size, hashes[name] = size_and_hash(file)
        if name in told and (size, hashes[name]) != (told[name]["size"], told[name]["sha256"]):
            raise Failed(f"{name} was changed: its size or hash is not the one that was signed.")
    return hashes


def size_and_hash(file: IO[bytes]) -> tuple[int, str]:
    """The size of a file and its SHA-256, read in pieces."""
    size, digest = 0, hashlib.sha256()
    while piece := file.read(PIECE):
        size += len(piece)
        digest.update(piece)
    return size, digest.hexdigest()


def check_sums(source: Source, hashes: Mapping[str, str]) -> None:
    """SHA256SUMS says exactly what the files' hashes are."""
    text = "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes))
    if source.read(SUMS) != text.encode():
        raise Failed(f"{SUMS} was changed.")


def check_counts(source: Source, manifest: dict[str, Any]) -> None:
    """As many items, photos and rows as the manifest's head says, in one unbroken order."""
    items, count = manifest["items"], manifest["stories"]
    if [item["position"] for item in items] != list(range(1, count + 1)):
        raise Failed(f"The manifest speaks of {count} stories and lists others.")
    photos = {item["photo"]["file"]: item["photo"]["sha256"] for item in items if item["photo"]}
    files = {fact["name"]: fact["sha256"] for fact in manifest["files"]}
    kept = {name: sha256 for name, sha256 in files.items() if name.startswith("photos/")}
    if photos != kept or len(photos) != manifest["photos"]:
        raise Failed("The photos are not those that the items name.")
    rows = rows_of(source)
    if rows != count + 1:
        raise Failed(f"stories.csv has {rows - 1} stories instead of {count}.")


def rows_of(source: Source) -> int:
    """How many rows stories.csv has, its header included."""
    # The limit is the whole process's: others who read a stranger's CSV rely on it.
    before = csv.field_size_limit(1 << 30)
    try:
        with (
            source.open("stories.csv") as file,
            io.TextIOWrapper(file, "utf-8-sig", newline="") as text,
        ):
            return sum(1 for _ in csv.reader(text))
    finally:
        csv.field_size_limit(before)


def check_stories(source: Source, manifest: dict[str, Any]) -> None:
    """Every story in stories.json hashes to its revision, and says what its item says."""
    stories = stories_of(source)
    for item in manifest["items"]:
        story = next(stories, None)
        if story is None:
            raise Failed("stories.json has fewer stories than the manifest.")
        position = item["position"]
        if any(story[name] != item[name] for name in SHARED):
            raise Failed(f"Story {position} is not what the manifest says of it.")
        photo = story["photo"]
        named = {"file": photo["file"], "sha256": photo["sha256"]} if photo else None
        if named != item["photo"]:
            raise Failed(f"The photo of story {position} is not the one that the manifest names.")
        if text_hash(story) != item["revision_sha256"]:
            raise Failed(f"The text of story {position} is not the one that its author released.")
    if next(stories, None) is not None:
        raise Failed("stories.json has more stories than the manifest.")


def stories_of(source: Source) -> Iterator[dict[str, Any]]:
    """The stories of stories.json, which has one a line."""
    with source.open("stories.json") as file:
        for line in file:
            if line.startswith(b'{"story":'):
                yield json.loads(line.rstrip(b"\n").removesuffix(b","))


def text_hash(story: dict[str, Any]) -> str:
    """SHA-256 of a story's text: UTF-8 JSON of answers, hook and photo, keys sorted, no spaces."""
    text = {
        "answers": [
            {name: answer[name] for name in ("kind", "label", "value")}
            for answer in story["answers"]
        ],
        "hook": story["hook"],
        "photo": story["photo"]["sha256"] if story["photo"] else None,
    }
    plain = json.dumps(text, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def check_archive(source: Source, manifest: dict[str, Any]) -> None:
    """The zip is what its files make when they are packed again in the way they were packed first."""
    names = [fact["name"] for fact in manifest["files"]]
    photos = [name for name in names if name.startswith("photos/")]
    exports = [name for name in names if not name.startswith("photos/")]
    order = [*exports, MANIFEST, SIGNATURE, SUMS, *photos]
    with tempfile.TemporaryFile() as again, source.place.open("rb") as given:
        write_archive(again, {name: partial(source.open, name) for name in order})
        again.seek(0)
        if size_and_hash(again) != size_and_hash(given):
            raise Failed(
                "The files in the zip are good, but the zip is not the one that was handed over. "
                "Fetch it again, or unpack it and check the folder."
            )


def write_archive(
    out: BinaryIO | IO[bytes], parts: Mapping[str, Path | Callable[[], IO[bytes]]]
) -> None:
    """Pack files so that the same files give the same bytes everywhere: stored, undated, in this order."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            with ExitStack() as stack:
                source = stack.enter_context(part.open("rb") if isinstance(part, Path) else part())
                info = zipfile.ZipInfo(name)
                info.create_system = 3
                info.external_attr = 0o644 << 16
                info.file_size = size_of(source)
                target = stack.enter_context(archive.open(info, "w"))
                while piece := source.read(PIECE):
                    target.write(piece)


def size_of(file: IO[bytes]) -> int:
    """The size of a file that is open at its beginning."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return size


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Check a batch of stories against its signature.")
    parser.add_argument("batch", type=Path, help="the batch: its zip, or a folder with its files")
    parser.add_argument(
        "--key", type=Path, required=True, help="the site's public key, a PEM file from /keys/"
    )
    asked = parser.parse_args(arguments)
    try:
        manifest = verify(asked.batch, asked.key.read_bytes(), say)
    except (Failed, OSError) as problem:
        sys.stderr.write(f"FAILED: {problem}\n")
        return 1
    say(f"Batch {manifest['batch']} for {manifest['partner_name']} is complete and unchanged.")
    return 0


def say(words: str) -> None:
    """One line to whoever runs this."""
    sys.stdout.write(f"{words}\n")


if __name__ == "__main__":
    sys.exit(main())
