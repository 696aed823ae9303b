"""Questions that every request asks: making their SQL, and planning it, takes longer than answering them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any
from uuid import UUID
from weakref import WeakSet

from django.db import connection
from django.db.models import QuerySet
from django.db.models import query as django_query
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError

Key = int | UUID | None

#: Stands in a question for a value that comes later. No key is as low, and a key's column can hold it.
MARK = -2_000_000_000
#: The same for keys that are UUIDs: of the nil UUID's kind, which no generator makes.
MARK_UUID = 2**32

NUMBERS = count(1)


@dataclass(frozen=True)
class Made:
    """A question's SQL with its values; `places` says which of them are marks, and of which keys."""

    sql: str
    values: tuple[Any, ...]
    marks: Mapping[str, Key]
    places: Mapping[int, str]
    compiler: SQLCompiler

    def with_keys(self, keys: Mapping[str, Key]) -> list[Any]:
        """The values, with keys for the marks; a UUID as its column keeps it (SQLite: as hex)."""
        values = list(self.values)
        for n, name in self.places.items():
            key = keys[name]
            values[n] = key.hex if isinstance(key, UUID) and isinstance(values[n], str) else key
        return values

    @cached_property
    def reader(self) -> Reader:
        """What makes objects of its rows."""
        return Reader(self.compiler)


class Reader:
    """Makes objects of rows as `django.db.models.query.ModelIterable` does, but looks once at what they are."""

    def __init__(self, compiler: Any) -> None:
        self.compiler = compiler
        info, select = compiler.klass_info, compiler.select
        fields = info["select_fields"]
        self.model = info["model"]
        self.own = slice(fields[0], fields[-1] + 1)
        self.names = [column.target.attname for column, _, _ in select[self.own]]
        internals: Any = django_query  # a later Django's takes one argument more
        self.along = internals.get_related_populators(info, select, connection.alias)
        self.annotations = compiler.annotation_col_map or {}
        self.converters = compiler.get_converters([column for column, _, _ in select])

    def objects(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """The objects, with annotations and with what `select_related` names."""
        found = []
        for row in self.compiler.apply_converters(rows, self.converters):
            made = self.model.from_db(connection.alias, self.names, row[self.own])
            for relation in self.along:
                relation.populate(row, made)
            for name, place in self.annotations.items():
                setattr(made, name, row[place])
            found.append(made)
        return found


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
        self._told: WeakSet[Any] = WeakSet()

    def objects(self, **keys: Key) -> list[Any]:
        """The objects that the question finds, with annotations and with what `select_related` names."""
        rows = self.rows(**keys)
        assert self._made is not None
        return self._made.reader.objects(rows)

    def first(self, **keys: Key) -> Any:
        """The first of them, or None."""
        return next(iter(self.objects(**keys)), None)

    def rows(self, **keys: Key) -> list[tuple[Any, ...]]:
        """What the question finds, as the database gives it."""
        self._made = made = self._made or self._make(keys)
        if made.compiler.query.select_for_update and connection.get_autocommit():
            raise TransactionManagementError("rows are held by a transaction, and none has begun")
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                self._tell(cursor, made)
                places = ", ".join(["%s"] * len(made.marks))
                cursor.execute(
                    f"EXECUTE {self.name} ({places})", [keys[name] for name in made.marks]
                )
            else:
                cursor.execute(made.sql, made.with_keys(keys))
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def _make(self, keys: Mapping[str, Key]) -> Made:
        # In one order, whoever asks first: two threads may make it at once.
        marks = {
            name: UUID(int=MARK_UUID + number) if isinstance(keys[name], UUID) else MARK + number
            for number, name in enumerate(sorted(keys))
        }
        compiler = self.ask(**marks).query.get_compiler(connection=connection)
        sql, values = compiler.as_sql()
        names: dict[Any, str] = {mark: name for name, mark in marks.items()}
        names |= {mark.hex: name for name, mark in marks.items() if isinstance(mark, UUID)}
        places = {
            n: names[value]
            for n, value in enumerate(values)
            if isinstance(value, int | str | UUID) and value in names
        }
        if missing := keys.keys() - places.values():
            raise ValueError(f"the question says nothing about {sorted(missing)}")
        return Made(sql, tuple(values), marks, places, compiler)

    def _tell(self, cursor: Any, made: Made) -> None:
        """Tell PostgreSQL the question where this connection does not know it yet."""
        line: Any = connection.connection
        if line in self._told:
            return
        operations: Any = connection.ops  # compose_sql is PostgreSQL's alone
        text = operations.compose_sql(made.sql, made.values)
        for number, mark in enumerate(made.marks.values(), 1):
            text = text.replace(operations.compose_sql("%s", [mark]).strip(), f"${number}")
        types = ", ".join(
            "uuid" if isinstance(mark, UUID) else "bigint" for mark in made.marks.values()
        )
        cursor.execute(f"PREPARE {self.name} ({types}) AS {text}")
        self._told.add(line)
