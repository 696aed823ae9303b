"""Building the files of a sealed batch: the same rows give the same bytes, however often it is done."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import BinaryIO

from django.db.models import Q

from portal import signing
from portal.models import Job
from portal.work import LEASE_SECONDS, LostLease, advance
from stories.models import Batch, Item
from stories.querysets import ItemQuerySet
from stories.rules.formats import FORMATS
from stories.rules.formats.lines import Line, disclosed, lines_of, photo_name
from stories.rules.manifest import (
    MANIFEST,
    SIGNATURE,
    SUMS,
    FileFact,
    Head,
    head_of,
    manifest_pieces,
    sums_text,
)
from stories.verbs import batch_files
from stories.verbs.handing_over import mark_built
from stories.verification import write_archive

#: Items are read in chunks by their position. No cursor stays open while the job's lease is renewed:
#: on SQLite a reader cannot become a writer once somebody else has written.
CHUNK = 500


class Spoiled(Exception):
    """A picture in storage is not the one that its author submitted."""


def build(job: Job) -> None:
    """Work on a building job; `arguments` names the batch. Ends quietly where the batch is closed."""
    batch = Batch.objects.select_related("campaign", "partner").get(pk=job.arguments["batch"])
    Job.objects.filter(pk=job.pk).update(done=0)
    if batch.closed_at is None:
        try:
            Building(batch, job).build()
        except FileNotFoundError:
            # A story was taken back meanwhile, and the files were deleted while we wrote them.
            if not discard_closed(batch):
                raise
    discard_closed(batch)


def discard_closed(batch: Batch) -> bool:
    """Delete the files of a closed batch, so that no path can hand them out; False for one that is not."""
    closed = Batch.objects.filter(pk=batch.pk, closed_at__isnull=False).exists()
    if closed:
        batch_files.discard(batch)
    return closed


@dataclass
class Building:
    """One building of one batch's files. Nothing of it is visible before it is done."""

    batch: Batch
    job: Job | None = None
    photos: list[FileFact] = field(default_factory=list)
    spool: BinaryIO = field(init=False)

    def build(self) -> None:
        """Write all files, sign the manifest, and have the batch delivered."""
        self.photos = list(self.copy_photos())
        head = self.head()
        with self.spooled() as self.spool:
            self.write_files(head)

    def write_files(self, head: Head) -> None:
        """The exports, the manifest with its signature, the sums and the archive; then mark them as built."""
        exports = [
            batch_files.put(self.batch, f"stories.{form.suffix}", form.write(self.lines))
            for form in FORMATS.values()
        ]
        manifest = "".join(manifest_pieces(head, [*exports, *self.photos], self.counted_lines()))
        signature = self.batch.signature or signing.sign(manifest.encode())
        proofs = [
            batch_files.put(self.batch, MANIFEST, [manifest.encode()]),
            batch_files.put(self.batch, SIGNATURE, [f"{signature}\n".encode()]),
        ]
        sums = sums_text([*exports, *self.photos, *proofs])
        proofs.append(batch_files.put(self.batch, SUMS, [sums.encode()]))
        archive = self.write_archive(head.archive, [*exports, *proofs, *self.photos])
        mark_built(
            batch=self.batch,
            manifest=manifest,
            signature=signature,
            key_id=head.signing_key,
            files=[archive, *exports, *proofs],
        )

    def head(self) -> Head:
        """The manifest's head. A batch that was built before keeps it: names and keys may have changed."""
        batch = self.batch
        if batch.manifest:
            return head_of(batch.manifest)
        if batch.sealed_at is None:
            raise ValueError("only a sealed batch has files")
        return Head(
            campaign=batch.campaign.slug,
            campaign_name=batch.campaign.name,
            partner=batch.partner.slug,
            partner_name=batch.partner.name,
            batch=batch.number,
            ref=str(batch.ref),
            sealed_at=f"{batch.sealed_at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
            stories=batch.count,
            photos=len(self.photos),
            signing_key=signing.key_id(),
        )

    def chunks(self) -> Iterator[ItemQuerySet[Item]]:
        """The items in order, a chunk at a time; holds on to the job's lease meanwhile."""
        for last in range(0, self.batch.count, CHUNK):
            self.hold_on()
            yield self.batch.items.filter(position__gt=last, position__lte=last + CHUNK).order_by(
                "position"
            )

    def lines(self) -> Iterator[Line]:
        """The items as lines of an export, under the campaign's name in addresses as it was at first.

        Read from the database once and kept in a nameless file: every format goes through all of them,
        some twice, and making them out of rows is most of the work.
        """
        self.spool.seek(0)
        while True:
            self.hold_on()
            try:
                chunk: list[Line] = pickle.load(self.spool)  # noqa: S301 (our own file, which has no name)
            except EOFError:
                return
            yield from chunk

    def spooled(self) -> BinaryIO:
        """All lines, in chunks, in a file that is gone when it is closed, whatever happens."""
        manifest = self.batch.manifest
        slug = head_of(manifest).campaign if manifest else self.batch.campaign.slug
        spool = batch_files.nameless(self.batch)
        for chunk in self.chunks():
            lines = lines_of(chunk, with_photo_file=True)
            pickle.dump(
                [replace(line, campaign=slug) for line in lines], spool, pickle.HIGHEST_PROTOCOL
            )
        return spool

    def hold_on(self) -> None:
        """Hold on to the job's lease; LostLease where another worker has the job now."""
        if self.job and not Job.objects.renew(self.job, seconds=LEASE_SECONDS):
            raise LostLease(self.job.kind)

    def counted_lines(self) -> Iterator[Line]:
        """The same, and the job tells how far it is."""
        for count, line in enumerate(self.lines(), start=1):
            yield line
            if self.job and (count % CHUNK == 0 or count == self.batch.count):
                advance(self.job, cursor={}, done=(count - 1) % CHUNK + 1)

    def copy_photos(self) -> Iterator[FileFact]:
        """Put each picture that travels beside its story. Raises Spoiled for one that was altered."""
        with_photo = Q(accepted__revision__photo__isnull=False)
        for item in chain.from_iterable(
            chunk.in_full().filter(with_photo) for chunk in self.chunks()
        ):
            photo = item.accepted.revision.photo
            if photo is None or disclosed(item).photo is None:
                continue
            with photo.file.open("rb") as file:
                fact = batch_files.put(
                    self.batch, photo_name(item.position), batch_files.pieces_of(file.file)
                )
            if fact.sha256 != photo.sha256:
                raise Spoiled(f"photo {photo.pk}")
            yield fact

    def write_archive(self, name: str, facts: Iterable[FileFact]) -> FileFact:
        """One zip of all files; the same bytes every time."""
        parts = {fact.name: batch_files.place_of(self.batch, fact.name) for fact in facts}
        with batch_files.written_aside(self.batch, name) as file:
            write_archive(file, parts)
        return batch_files.fact_of(self.batch, name)
