"""Building the files of a sealed batch: the same rows give the same bytes, however often it is done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from portal import signing
from portal.models import Job
from portal.work import LEASE_SECONDS, LostLease, advance
from stories.models import Batch
from stories.rules.formats import FORMATS
from stories.rules.formats.lines import Line, lines_of, photo_name
from stories.rules.manifest import MANIFEST, SIGNATURE, SUMS, FileFact, Head, Manifest, sums_text
from stories.verbs import batch_files
from stories.verbs.handing_over import mark_built
from stories.verification import write_archive

#: Items are read in chunks by their position. No cursor stays open while the job's lease is renewed:
#: on SQLite a reader cannot become a writer once somebody else has written.
CHUNK = 1000


#: Writes a file of pieces, or only measures it.
Put = Callable[[str, Iterable[bytes]], FileFact]


class Spoiled(Exception):
    """What lies in storage, or was made anew, is not what it was when it was submitted or signed."""


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

    def build(self) -> None:
        """Write all files, sign the manifest, and have the batch delivered.

        Every item is read once, and goes into each export and into the manifest together. Raises Spoiled
        for a picture that was altered, and where building again would give another manifest than was
        signed; then the files stay as they are.
        """
        with ExitStack() as stack:
            exports = {
                f"stories.{form.suffix}": form.begin(stack.enter_context(batch_files.nameless()))
                for form in FORMATS.values()
            }
            contents = Manifest(stack.enter_context(batch_files.nameless()))
            pictured: list[int] = []
            for lines in self.chunks():
                for export in exports.values():
                    export.add(lines)
                contents.add(lines)
                pictured += [line.position for line in lines if line.photo_file]
            photos = list(self.copy_photos(pictured))
            head = self.head(len(photos))

            def made(put: Put) -> list[FileFact]:
                """The exports and the manifest."""
                facts = [put(name, export.pieces()) for name, export in exports.items()]
                return [*facts, put(MANIFEST, contents.pieces(head, [*facts, *photos]))]

            signed = self.batch.manifest_sha256
            if signed and made(batch_files.measure)[-1].sha256 != signed:
                raise Spoiled(f"manifest of batch {self.batch.pk}")
            self.prove(head, made(self.put), photos)

    def prove(self, head: Head, facts: list[FileFact], photos: list[FileFact]) -> None:
        """Write the manifest's signature, the sums and the archive; then mark them all as built."""
        batch, manifest = self.batch, facts[-1]
        signature = batch.signature or signing.sign(
            batch_files.place_of(batch, MANIFEST).read_bytes()
        )
        facts = [*facts, self.put(SIGNATURE, [f"{signature}\n".encode()])]
        facts.append(self.put(SUMS, [sums_text([*facts, *photos]).encode()]))
        archive = self.write_archive(head.archive, [*facts, *photos])
        mark_built(
            batch=batch, head=head, manifest=manifest, signature=signature, files=[archive, *facts]
        )

    def head(self, photos: int) -> Head:
        """The manifest's head. A batch that was built before keeps it: names and keys may have changed."""
        batch = self.batch
        if batch.manifest_head:
            return Head(**batch.manifest_head)
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
            photos=photos,
            signing_key=signing.key_id(),
        )

    def chunks(self) -> Iterator[list[Line]]:
        """The items as lines, a chunk at a time, in order; the job tells how far it is.

        They bear the campaign's name in addresses as it was when the batch was built first.
        """
        slug = self.batch.manifest_head["campaign"] if self.batch.manifest_head else ""
        for last in range(0, self.batch.count, CHUNK):
            part = self.batch.items.filter(position__gt=last, position__lte=last + CHUNK)
            lines = list(lines_of(part.order_by("position"), with_photo_file=True, campaign=slug))
            yield lines
            if self.job:
                advance(self.job, cursor={}, done=len(lines))

    def put(self, name: str, pieces: Iterable[bytes]) -> FileFact:
        """Write one file of the batch, and hold on to the job's lease meanwhile."""
        return batch_files.put(self.batch, name, self.holding_on(pieces))

    def holding_on(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The same pieces; LostLease where another worker has the job now."""
        for piece in pieces:
            if self.job and not Job.objects.renew(self.job, seconds=LEASE_SECONDS):
                raise LostLease(self.job.kind)
            yield piece

    def copy_photos(self, positions: list[int]) -> Iterator[FileFact]:
        """Put each picture that travels beside its story. Raises Spoiled for one that was altered."""
        for start in range(0, len(positions), CHUNK):
            items = self.batch.items.filter(position__in=positions[start : start + CHUNK])
            for item in items.in_full().order_by("position"):
                photo = item.accepted.revision.photo
                if photo is None:
                    raise Spoiled(f"item {item.pk}")
                with photo.file.open("rb") as file:
                    fact = self.put(photo_name(item.position), batch_files.pieces_of(file.file))
                if fact.sha256 != photo.sha256:
                    raise Spoiled(f"photo {photo.pk}")
                yield fact

    def write_archive(self, name: str, facts: Iterable[FileFact]) -> FileFact:
        """One zip of all files; the same bytes every time."""
        parts = {fact.name: batch_files.place_of(self.batch, fact.name) for fact in facts}
        with batch_files.written_aside(self.batch, name) as file:
            write_archive(file, parts)
        return batch_files.fact_of(self.batch, name)
