"""Small tables asked in one statement: a page that needs a few rows of each of many does not ask many times.

Each row comes as JSON, which the databases make in the same way, and becomes an object of its model again.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models import F, IntegerField, QuerySet, Value
from django.db.models.functions import JSONObject

M = TypeVar("M", bound=models.Model)


class Gathered:
    """The rows of several questions, by model."""

    def __init__(self, rows: Mapping[type[models.Model], Sequence[models.Model]]) -> None:
        self._rows = rows

    def of(self, model: type[M]) -> list[M]:
        """The rows of one model, by their keys."""
        return [row for row in self._rows[model] if isinstance(row, model)]


def gather(*questions: QuerySet[Any]) -> Gathered:
    """Ask them all at once; each is about another model, and its order and relations are left aside.

    A question may name relations in `select_related`: each of them comes with its row.
    """
    parts = [
        question.order_by().values_list(
            Value(place, output_field=IntegerField()),
            JSONObject(**{path: F(path) for path in _paths(question)}),
        )
        for place, question in enumerate(questions)
    ]
    found: dict[type[models.Model], list[models.Model]] = {q.model: [] for q in questions}
    for place, values in parts[0].union(*parts[1:], all=True):
        question = questions[place]
        found[question.model].append(_row(question, values))
    for rows in found.values():
        rows.sort(key=lambda row: row.pk)
    return Gathered(found)


def _related(question: QuerySet[Any]) -> list[str]:
    """The relations that come along."""
    named = question.query.select_related
    return sorted(named) if isinstance(named, dict) else []


def _paths(question: QuerySet[Any]) -> list[str]:
    """Every column of the rows and of what comes along, as lookups."""
    own = [field.attname for field in question.model._meta.concrete_fields]
    for name in _related(question):
        other = question.model._meta.get_field(name).related_model
        own += [f"{name}__{field.attname}" for field in other._meta.concrete_fields]
    return own


def _row(question: QuerySet[Any], values: Mapping[str, Any]) -> models.Model:
    """One object, with what comes along in its place."""
    row = _object(question.model, values, "")
    for name in _related(question):
        field = question.model._meta.get_field(name)
        there = values[field.attname] is not None
        setattr(row, name, _object(field.related_model, values, f"{name}__") if there else None)
    return row


def _object(model: type[models.Model], values: Mapping[str, Any], prefix: str) -> models.Model:
    """An object as if it had been fetched."""
    fields = model._meta.concrete_fields
    read = [_value(field, values[f"{prefix}{field.attname}"]) for field in fields]
    return model.from_db(connection.alias, [field.attname for field in fields], read)


def _value(field: models.Field[Any, Any], value: Any) -> Any:
    """What a column holds, out of its JSON."""
    if value is None:
        return None
    if isinstance(field, models.JSONField):
        # On SQLite a JSON column is text, and stands as such in what is made of it.
        return json.loads(value) if connection.vendor == "sqlite" else value
    if isinstance(field, models.DateTimeField):
        moment = dt.datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    if isinstance(field, models.ForeignKey | models.FileField):
        return value
    return field.to_python(value)
