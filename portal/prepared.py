"""Questions that every request asks: making their SQL, and planning it, takes longer than answering them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.models import QuerySet

#: Stands in a question for a value that comes later. No key is as low, and a key's column can hold it.
MARK = -2_000_000_000

NUMBERS = count(1)


@dataclass(frozen=True)
class Made:
    """A question's SQL with its values; `places` says which of them are marks, and of which keys."""

    sql: str
    values: tuple[Any, ...]
    marks: Mapping[str, int]
    places: Mapping[int, str]

    def with_keys(self, keys: Mapping[str, int | None]) -> list[Any]:
        """The values, with keys for the marks."""
        return [
            keys[self.places[n]] if n in self.places else value
            for n, value in enumerate(self.values)
        ]


class Prepared:
    """A question about keys: `ask` makes its queryset, is called once, and takes each key by name.

    Whatever else `ask` says is the same for ever after, so nothing of it may depend on the moment or the
    person. What `ask` does with a key must end in the SQL as a value: a key that it drops or changes is
    found out the first time, and raises ValueError.

    PostgreSQL is told the question once for each connection (`PREPARE`), and keeps a plan that serves every
    key alike. So ask by keys that find a few rows through an index: a range of rows wants its own plan. A pooler that
    hands the connection to somebody else between transactions breaks this; docs/operators.md says so.
    """

    def __init__(self, ask: Callable[..., QuerySet[Any]]) -> None:
        self.ask = ask
        self.name = f"{ask.__name__}_{next(NUMBERS)}"
        self._made: Made | None = None
        self._told: WeakKeyDictionary[Any, str] = WeakKeyDictionary()

    def __call__(self, **keys: int | None) -> tuple[str, list[Any]]:
        """The SQL and its values."""
        self._made = made = self._made or self._make(keys)
        if connection.vendor == "postgresql":
            return self._call_of(made), [keys[name] for name in made.marks]
        return made.sql, made.with_keys(keys)

    def _make(self, keys: Mapping[str, int | None]) -> Made:
        marks = {name: MARK + number for number, name in enumerate(keys)}
        sql, values = self.ask(**marks).query.sql_with_params()
        names = {mark: name for name, mark in marks.items()}
        places = {
            n: names[value]
            for n, value in enumerate(values)
            if isinstance(value, int) and value in names
        }
        if missing := keys.keys() - places.values():
            raise ValueError(f"the question says nothing about {sorted(missing)}")
        return Made(sql, values, marks, places)

    def _call_of(self, made: Made) -> str:
        """The SQL that calls the question on this connection; PostgreSQL is told it where it was not yet."""
        connection.ensure_connection()
        line: Any = connection.connection
        if line not in self._told:
            operations: Any = connection.ops  # compose_sql is PostgreSQL's alone
            text = operations.compose_sql(made.sql, made.values)
            for number, mark in enumerate(made.marks.values(), 1):
                text = text.replace(str(mark), f"${number}")
            types = ", ".join(["bigint"] * len(made.marks))
            with connection.cursor() as cursor:
                cursor.execute(f"PREPARE {self.name} ({types}) AS {text}")
            places = ", ".join(["%s"] * len(made.marks))
            self._told[line] = f"EXECUTE {self.name} ({places})"
        return self._told[line]
