"""Rows that are written many at a time are the same as rows that are written one by one."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal import bulk
from portal.models import Message, Urgency
from tests.house.people import make_user

NAMES = ("message_id", "user_id", "address", "context", "key", "urgency", "due_at", "template")
WORDS = {
    "plain": "Jürgen ' \" \\ % %s {} $1 ? : \t\n\r 東京 🧪 \u2028 <b>",
    "nested": {"list": [1, 2.5, True, False, None, "", {"a": []}], "empty": {}},
    "number": 10**15,
}


def rows_of(*messages: Message) -> list[dict[str, object]]:
    """All columns but the ones that the database gives."""
    found = Message.objects.filter(pk__in=[message.pk for message in messages]).order_by("pk")
    return [
        {name: value for name, value in vars(row).items() if name not in {"id", "_state"}}
        for row in found
    ]


def test_a_row_is_the_same_as_one_written_alone(db: None) -> None:
    person, when = make_user("Mia Okafor"), timezone.now() + dt.timedelta(days=1, microseconds=7)
    with time_machine.travel(timezone.now(), tick=False):
        for number, address in enumerate(("", "o'brien%s@example.org")):
            values: dict[str, Any] = dict(
                zip(
                    NAMES,
                    (
                        uuid.uuid4(),
                        None if address else person.pk,
                        address,
                        WORDS,
                        None if address else "key: 'one'",
                        Urgency.BULK,
                        when,
                        "submitted",
                    ),
                    strict=True,
                )
            )
            alone = Message.objects.create(**values)
            [expected] = rows_of(alone)
            alone.delete()
            bulk.insert(Message, NAMES, [tuple(values.values())])
            written = Message.objects.get(message_id=values["message_id"])
            assert rows_of(written) == [expected], number
            assert Message.objects.filter(context__number=10**15).count() == number + 1


def test_what_a_unique_column_holds_stays_and_the_rest_is_written(db: None) -> None:
    names = ("message_id", "key", "template")
    bulk.insert(Message, names, [(uuid.uuid4(), "b", "first")])
    rows = [(uuid.uuid4(), key, "second") for key in ("a", "b", "c", "c")]
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert(Message, names, rows)
    bulk.insert(Message, names, rows, ignore_conflicts=True)
    assert list(Message.objects.order_by("key").values_list("key", "template")) == [
        ("a", "second"),
        ("b", "first"),
        ("c", "second"),
    ]


def test_thousands_cost_one_statement(
    db: None, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        bulk.insert(Message, ("message_id", "key"), [(uuid.uuid4(), str(n)) for n in range(5000)])
    assert Message.objects.count() == 5000
    assert Message.objects.filter(attempts=0, finished_at=None, lease=None).count() == 5000


def test_no_rows_are_none(db: None) -> None:
    bulk.insert(Message, ("message_id", "key"), [])
    assert not Message.objects.exists()


def test_a_unique_column_must_be_named(db: None) -> None:
    with pytest.raises(ValueError, match="must be named"):
        bulk.insert(Message, ("key",), [("a",)])


@pytest.mark.parametrize("strange", [uuid.uuid4(), timezone.now(), object()])
def test_a_context_that_is_no_json_is_not_written_as_something_else(
    db: None, strange: object
) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        bulk.insert(
            Message, ("message_id", "key", "context"), [(uuid.uuid4(), "a", {"x": strange})]
        )
    assert not Message.objects.exists()
