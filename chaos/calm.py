"""After the last fault: people come to an end, what is due is sealed, and everything that waits is waited for."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import psycopg
from kombu.exceptions import OperationalError

from chaos import report
from chaos.authors import Author
from chaos.browser import NoAnswer
from chaos.environment import DATABASE_URL
from portal.celery import app

if TYPE_CHECKING:
    from chaos.run import Run

#: What is not done yet.
WAITS = """
    SELECT 'job ' || kind, count(*) FROM portal_job
     WHERE finished_at IS NULL AND failed_at IS NULL GROUP BY 1
    UNION ALL SELECT 'message ' || template, count(*) FROM portal_message
     WHERE finished_at IS NULL AND failed_at IS NULL GROUP BY 1
    UNION ALL SELECT 'batch to deliver', count(*) FROM stories_batch
     WHERE state = 'sealed' AND closed_at IS NULL HAVING count(*) > 0
    UNION ALL SELECT 'phase to open', count(*) FROM campaigns_phase
     WHERE state = 'planned' AND opens_at < now() + interval '1 day' HAVING count(*) > 0
"""
#: Time, moved on for what is held by the dead or put off: only while no worker runs.
HURRY = """
    UPDATE {table} SET leased_until = LEAST(leased_until, now() - interval '1 second'),
                       due_at = LEAST(due_at, now() - interval '20 seconds')
     WHERE finished_at IS NULL AND failed_at IS NULL
"""
LOOK_SECONDS = 0.5
WORKERS = ("worker-mail", "worker-work", "worker-files")


class Calm:
    """The end of a run, step by step."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.deadline = time.monotonic() + run.plan.calm

    def come(self) -> None:
        """Wait for people, then for the site; each within bounds."""
        run = self.run
        run.wait_until_ready(120)
        authors = [person for person in run.people if isinstance(person, Author)]
        self.wait(
            lambda: not any(author.is_alive() for author in authors), self.run.plan.last_words
        )
        self.say_who(authors)
        self.wait(lambda: self.nothing_to_read() == 0, self.run.plan.last_words)
        report.say(f"  {self.nothing_to_read()} stories are left to read")
        run.patience.ended.set()
        for person in run.people:
            person.join(90)
        if run.plan.hurry:
            self.hurry()
        self.wait(lambda: not self.waiting(), self.deadline - time.monotonic())
        self.seal_the_rest()
        self.wait(lambda: not self.waiting(), max(60.0, self.deadline - time.monotonic()))
        if waiting := self.waiting():
            report.say(f"still waiting: {waiting}")

    def say_who(self, authors: list[Author]) -> None:
        """Name a few of those who have not come to an end."""
        late = [f"{author.name} ({author.doing})" for author in authors if author.is_alive()]
        if late:
            report.say(f"  {len(late)} authors go on: {', '.join(late[:5])}")

    def wait(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Look until it holds or the time is over; says now and then what is waited for."""
        end = time.monotonic() + seconds
        told = time.monotonic()
        while not holds():
            if time.monotonic() > end:
                return False
            if time.monotonic() - told > 30:
                told = time.monotonic()
                report.say(f"  waiting: {self.waiting()}")
            time.sleep(LOOK_SECONDS)
        return True

    def waiting(self) -> dict[str, int]:
        """What waits, read from the tables."""
        with psycopg.connect(DATABASE_URL) as connection:
            return {str(what): int(count) for what, count in connection.execute(WAITS).fetchall()}

    def nothing_to_read(self) -> int:
        """How many stories a coordinator still has to decide about."""
        with psycopg.connect(DATABASE_URL) as connection:
            row = connection.execute(
                "SELECT count(*) FROM stories_story WHERE state IN ('submitted', 'in_review')"
            ).fetchone()
        return int(row[0]) if row else 0

    def hurry(self) -> None:
        """End the workers as an upgrade does, and let their time be over before they come again."""
        supervisor = self.run.supervisor
        with supervisor.paused():
            for name in WORKERS:
                supervisor.end(name)
            with psycopg.connect(DATABASE_URL) as connection:
                for table in ("portal_job", "portal_message"):
                    connection.execute(HURRY.format(table=table))
        with contextlib.suppress(OperationalError):
            # The clock would ring within half a minute.
            for bell in ("portal.sweep", "portal.send_mail"):
                app.send_task(bell, retry=False)

    def seal_the_rest(self) -> None:
        """The lead seals once more for each partner, until told that it is done or nothing is due."""
        lead = self.run.lead
        for partner in lead.partners:
            for _ in range(20):
                try:
                    lead.seal(partner)
                    break
                except (NoAnswer, LookupError):
                    time.sleep(1)
