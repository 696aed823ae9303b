"""This package's Celery tasks. Each may run twice at once; each calls one verb."""

from __future__ import annotations

from django.utils import timezone

from portal.celery import app
from portal.models import Job
from portal.work import work_on
from stories.models import Batch
from stories.verbs import (
    batch_files,
    batching,
    building,
    coverage,
    expiring,
    handing_over,
    late_partners,
)


@app.task(name="stories.build_batch")
def build_batch(job_pk: int) -> None:
    """Build the files of a sealed batch."""
    work_on(job_pk, building.build)


@app.task(name="stories.deliver_batch")
def deliver_batch(job_pk: int) -> None:
    """Put a built batch into its partner's inbox."""
    work_on(job_pk, _deliver)


@app.task(name="stories.discard_files")
def discard_files(job_pk: int) -> None:
    """Delete the files of a closed batch."""
    work_on(job_pk, _discard)


@app.task(name="stories.ask_authors")
def ask_authors(job_pk: int) -> None:
    """Ask the authors who wrote before a partner joined."""
    work_on(job_pk, late_partners.ask_authors)


@app.task(name="stories.seal_batches")
def seal_batches() -> None:
    """Seal the open batches whose campaign's rhythm says so."""
    batching.seal_due_batches(now=timezone.now())


@app.task(name="stories.expire_consents")
def expire_consents() -> None:
    """End the consents whose last day is over."""
    expiring.expire_consents(now=timezone.now())


@app.task(name="stories.ask_for_late_partners")
def ask_for_late_partners() -> None:
    """Start asking for partners that joined since the last look."""
    late_partners.start_asking()


@app.task(name="stories.count_coverage")
def count_coverage() -> None:
    """Count anew where each campaign's stories come from."""
    coverage.count_all(now=timezone.now())


def _batch_of(job: Job) -> Batch:
    return Batch.objects.get(pk=job.arguments["batch"])


def _deliver(job: Job) -> None:
    handing_over.deliver(by=None, batch=_batch_of(job))


def _discard(job: Job) -> None:
    batch_files.discard(_batch_of(job))
