"""Questions about people's post and about work that waits."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any, Self, TypeVar

from django.contrib.auth.models import BaseUserManager
from django.db import connections, models, transaction
from django.db.models import F, Min, Q, Subquery
from django.utils import timezone

M = TypeVar("M", bound=models.Model)

# A failed attempt waits this many seconds before the next; after the last one the row is given up
# and shown to the operator. Twelve attempts spread over about a day and a half.
PAUSES = (10, 30, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 28800, 28800)

# The values of portal.models.Urgency, which stands above this module.
URGENCIES = (0, 5, 9)

WORKER_DIED = "the worker died on every attempt"


class UserManager(BaseUserManager[Any]):
    """Makes people; the e-mail address, in lower case, is the name."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Any:
        """A person with this address; without a password they sign in by mailed code."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> Any:
        """An operator of the site."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> Any:
        """Find a person by address, whatever its capitals."""
        return self.get(email=(username or "").strip().lower())


class LeasedQuerySet(models.QuerySet[M]):
    """Rows that are work: taken under a lease, finished, or put back with a growing pause."""

    def waiting(self) -> Self:
        """Neither finished nor given up."""
        return self.filter(finished_at=None, failed_at=None)

    def given_up(self) -> Self:
        """Failed too often: an operator must look."""
        return self.exclude(failed_at=None).filter(finished_at=None)

    def takeable(self) -> Self:
        """Due now and not under somebody's living lease."""
        now = timezone.now()
        return self.waiting().filter(
            Q(leased_until=None) | Q(leased_until__lt=now), due_at__lte=now
        )

    def take(self, pk: Any, *, seconds: int) -> M | None:
        """Lease one row for so many seconds; None where another worker was faster or it is not due."""
        now = timezone.now()
        lease = uuid.uuid4()
        won = (
            self.takeable()
            .filter(pk=pk)
            .update(
                lease=lease,
                leased_until=now + dt.timedelta(seconds=seconds),
                attempts=F("attempts") + 1,
            )
        )
        return self.filter(pk=pk, lease=lease).first() if won else None

    def renew(self, row: Any, *, seconds: int) -> bool:
        """Hold on to a lease; False where it was lost to another worker in the meantime."""
        return self._mark(row, leased_until=timezone.now() + dt.timedelta(seconds=seconds))

    def finish(self, row: Any, **changes: Any) -> bool:
        """Mark the work done, if the lease is still ours; `changes` are other columns to write."""
        return self._let_go(row, **({"finished_at": timezone.now(), "last_error": ""} | changes))

    def put_back(self, row: Any, error: str) -> bool:
        """Give the row back after a failure: the next pause, or given up after the last.

        `error` is the failure's kind in our words; it must hold no address and no text of a person.
        """
        if row.attempts >= len(PAUSES):
            return self.give_up(row, error)
        pause = dt.timedelta(seconds=PAUSES[row.attempts - 1])
        return self._let_go(row, due_at=timezone.now() + pause, last_error=error[:200])

    def give_up(self, row: Any, error: str) -> bool:
        """Give the row up at once, because trying again cannot help; `error` as in `put_back`."""
        return self._let_go(row, failed_at=timezone.now(), last_error=error[:200])

    def _let_go(self, row: Any, **changes: Any) -> bool:
        """Write an ending, and that nobody holds the row any more."""
        return self._mark(row, **({"leased_until": None, "lease": None} | changes))

    def _mark(self, row: Any, **changes: Any) -> bool:
        """Write columns of one row if its lease is still ours; False where it is not.

        The one statement that each message costs while a million of them leave. Django would make its SQL
        anew each time, which takes longer than PostgreSQL takes to run it.
        """
        database = connections[self.db]
        quoted = database.ops.quote_name
        fields = {field.name: field for field in self.model._meta.concrete_fields}
        columns = ", ".join(f"{quoted(str(fields[name].column))} = %s" for name in changes)
        update = f"UPDATE {quoted(self.model._meta.db_table)} SET {columns}"  # noqa: S608 (names of our own models)
        condition = {"id": row.pk, "lease": row.lease}
        values = [
            fields[name].get_db_prep_save(value, database)
            for name, value in [*changes.items(), *condition.items()]
        ]
        with database.cursor() as cursor:
            cursor.execute(f"{update} WHERE id = %s AND lease = %s AND finished_at IS NULL", values)
            return bool(cursor.rowcount)

    def release(self, rows: Sequence[Any]) -> int:
        """Give rows back that were taken and not tried: due at once, and no attempt is counted."""
        return sum(
            self.filter(pk=row.pk, lease=row.lease, finished_at=None).update(
                lease=None, leased_until=None, attempts=F("attempts") - 1
            )
            for row in rows
        )

    def give_up_killers(self) -> int:
        """Give up rows whose worker died on every attempt, so that nobody could put them back."""
        return (
            self.takeable()
            .filter(attempts__gte=len(PAUSES))
            .update(failed_at=timezone.now(), leased_until=None, lease=None, last_error=WORKER_DIED)
        )

    def overdue(self, seconds: int) -> Self:
        """Due for so many seconds and in nobody's hands: the bell for these rows was lost."""
        return self.takeable().filter(due_at__lte=timezone.now() - dt.timedelta(seconds=seconds))

    def leased(self) -> Self:
        """In a worker's hands now."""
        return self.waiting().filter(leased_until__gte=timezone.now())

    def retry(self) -> int:
        """Start given-up rows afresh; returns how many."""
        return self.given_up().update(
            failed_at=None, attempts=0, due_at=timezone.now(), leased_until=None, lease=None
        )


class MessageQuerySet(LeasedQuerySet[M]):
    """Questions about outgoing post."""

    def most_urgent_first(self) -> Self:
        """The order in which post leaves: a recall before a receipt before an invitation."""
        return self.order_by("urgency", "due_at", "pk")

    def take_handful(self, count: int, *, seconds: int) -> list[M]:
        """Lease up to `count` due messages, the most urgent first, each with its person.

        Two workers never get the same message: on PostgreSQL the second one skips what the first is
        taking, on SQLite it waits; and the condition stands in the UPDATE once more.
        """
        lease = uuid.uuid4()
        until = timezone.now() + dt.timedelta(seconds=seconds)
        with transaction.atomic(using=self.db):
            due = self.takeable().most_urgent_first().select_for_update(skip_locked=True)
            keys = list(due.values_list("pk", flat=True)[:count])
            if not keys:
                return []
            self.takeable().filter(pk__in=keys).update(
                lease=lease, leased_until=until, attempts=F("attempts") + 1
            )
        taken = self.filter(pk__in=keys, lease=lease).select_related("user")
        return list(taken.most_urgent_first())

    def due_since(self) -> dict[int, dt.datetime | None]:
        """For each urgency, when the longest waiting message that is due now became due.

        One look into the index for each urgency instead of a scan of everything that waits, and all of
        them in one statement.
        """
        due = self.waiting().filter(due_at__lte=timezone.now()).order_by("due_at")
        oldest = (
            Subquery(due.filter(urgency=urgency).values("due_at")[:1]) for urgency in URGENCIES
        )
        found = self.waiting().order_by().values_list(*oldest)[:1]
        return dict(zip(URGENCIES, next(iter(found), [None] * len(URGENCIES)), strict=True))

    def put_off_since(self, last_left: dt.datetime | None) -> dt.datetime | None:
        """When the oldest was written of those that are put off, of all written since the last one left.

        One address that is put off for a day beside others that are served does not count. Looks by urgency
        into the index, at what waits for another attempt and not at the million that wait for their first.
        """
        put_off = self.waiting().filter(
            urgency__in=URGENCIES, due_at__gt=timezone.now(), attempts__gt=0
        )
        if last_left is not None:
            put_off = put_off.filter(created_at__gt=last_left)
        oldest: dt.datetime | None = put_off.aggregate(oldest=Min("created_at"))["oldest"]
        return oldest

    def rememberable(self, before: dt.datetime) -> Self:
        """Sent before then, with the words and the address still kept."""
        return self.filter(finished_at__lt=before, forgotten_at=None)

    def hopeless(self, before: dt.datetime) -> Self:
        """Given up before then and not retried since."""
        return self.given_up().filter(failed_at__lt=before)


class AuditQuerySet(models.QuerySet[M]):
    """Questions about who did what."""

    def about(self, thing: models.Model) -> Self:
        """The lines about one object, oldest first."""
        return self.filter(object_type=thing._meta.label_lower, object_id=str(thing.pk)).order_by(
            "pk"
        )
