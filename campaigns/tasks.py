"""This package's Celery tasks. Each may run twice at once; each calls one verb."""

from __future__ import annotations

from campaigns.verbs import invitations, phases, roster_imports
from portal.celery import app
from portal.work import work_on


@app.task(name="campaigns.open_phases")
def open_phases() -> None:
    """Open what is due; look for members who became eligible since their phase opened."""
    phases.open_due_phases()
    invitations.look_again()


@app.task(name="campaigns.invite")
def invite(job_pk: int) -> None:
    """Tell the newly eligible members of a phase, each once."""
    work_on(job_pk, invitations.invite)


@app.task(name="campaigns.check_roster")
def check_roster(job_pk: int) -> None:
    """The dry run of an uploaded roster."""
    work_on(job_pk, roster_imports.check_job)


@app.task(name="campaigns.import_roster")
def import_roster(job_pk: int) -> None:
    """The import of a confirmed roster."""
    work_on(job_pk, roster_imports.import_job)


@app.task(name="campaigns.forget_uploads")
def forget_uploads() -> None:
    """Delete roster files that nobody confirmed."""
    roster_imports.forget_uploads()
