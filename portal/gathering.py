"""Small tables asked in one statement: a page that needs a few rows of each of many does not ask many times.

Each row comes as JSON, which the databases make in the same way, and becomes an object of its model again.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models import F, IntegerField, QuerySet, Value
from django.db.models.functions import JSONObject

from portal.prepared import Prepared

M = TypeVar("M", bound=models.Model)


class Gathered:
    """The rows of several questions, by model."""

    def __init__(self, rows: Mapping[type[models.Model], Sequence[models.Model]]) -> None:
        self._rows = rows

    def of(self, model: type[M]) -> list[M]:
        """The rows of one model, by their keys."""
        return [row for row in self._rows[model] if isinstance(row, model)]


class Gathering:
    """Several questions at once, of which each is about another model; a decorator of what makes them.

    `ask` takes keys by name and is called once, as `Prepared` says. The order of a question is left aside, and
    so are its relations but for those that it names in `select_related`: each of them comes with its row.
    """

    def __init__(self, ask: Callable[..., Sequence[QuerySet[Any]]]) -> None:
        self.ask = ask
        self.readers: list[_Reader] = []
        self.prepared = Prepared(self._all)

    def __call__(self, **keys: int | None) -> Gathered:
        """Ask them."""
        lines = self.prepared.rows(**keys)  # the first time, this makes the readers
        found: dict[type[models.Model], list[models.Model]] = {r.model: [] for r in self.readers}
        for place, columns in lines:
            reader = self.readers[place]
            found[reader.model].append(reader.read(json.loads(columns)))
        for rows in found.values():
            rows.sort(key=lambda row: row.pk)
        return Gathered(found)

    def _all(self, **keys: int) -> QuerySet[Any]:
        """The one question: of every row its question's number and its columns."""
        questions = self.ask(**keys)
        self.readers = [_Reader(question) for question in questions]
        parts = [
            question.order_by().values_list(
                Value(place, output_field=IntegerField()),
                JSONObject(**{path: F(path) for path in reader.paths}),
            )
            for place, (question, reader) in enumerate(zip(questions, self.readers, strict=True))
        ]
        return parts[0].union(*parts[1:], all=True)


class _Reader:
    """Makes objects of one model, and of what comes along, out of rows in JSON."""

    def __init__(self, question: QuerySet[Any]) -> None:
        self.model: type[models.Model] = question.model
        named = question.query.select_related
        related = sorted(named) if isinstance(named, dict) else []
        self.own = _Columns(self.model, "")
        self.along = [
            (field, _Columns(field.related_model, f"{field.name}__"))
            for field in map(self.model._meta.get_field, related)
        ]

    @property
    def paths(self) -> list[str]:
        """Every column of the rows and of what comes along, as lookups."""
        return [
            path for columns in (self.own, *(c for _, c in self.along)) for path in columns.paths
        ]

    def read(self, values: Mapping[str, Any]) -> models.Model:
        """One object, with what comes along in its place."""
        row = self.own.object(values)
        for field, columns in self.along:
            there = values[field.attname] is not None
            setattr(row, field.name, columns.object(values) if there else None)
        return row


class _Columns:
    """The columns of a model, under a prefix."""

    def __init__(self, model: Any, prefix: str) -> None:
        self.model = model
        fields = model._meta.concrete_fields
        self.names = [field.attname for field in fields]
        self.paths = [f"{prefix}{name}" for name in self.names]
        self.readers = [_reader_of(field) for field in fields]

    def object(self, values: Mapping[str, Any]) -> models.Model:
        """An object as if it had been fetched."""
        read = [
            None if (value := values[path]) is None else reader(value)
            for path, reader in zip(self.paths, self.readers, strict=True)
        ]
        found: models.Model = self.model.from_db(connection.alias, self.names, read)
        return found


def _reader_of(field: models.Field[Any, Any]) -> Callable[[Any], Any]:
    """What makes a column's value out of its JSON."""
    if isinstance(field, models.JSONField):
        # On SQLite a JSON column is text, and stands as such in what is made of it.
        return json.loads if connection.vendor == "sqlite" else _as_it_is
    if isinstance(field, models.DateTimeField):
        return _moment
    if isinstance(field, models.ForeignKey | models.FileField):
        return _as_it_is
    return field.to_python


def _as_it_is(value: Any) -> Any:
    return value


def _moment(value: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
