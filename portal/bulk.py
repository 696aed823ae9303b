"""Many rows in one statement, without an object for each of them.

The rows go to the database as one JSON document, which it takes apart itself: a value of its own in the
statement costs more, in Python and in PostgreSQL, than the row costs that it is written to.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models

#: What JSON has no way to write, and the database reads from its text.
WRITTEN_AS_TEXT = (uuid.UUID, dt.datetime)


def insert(
    model: type[models.Model],
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    ignore_conflicts: bool = False,
) -> None:
    """Insert rows whose values stand in the order of `names`.

    A row that a unique constraint does not allow raises IntegrityError; with `ignore_conflicts` it is left out.
    `names` are the model's own for its columns ("campaign_id", not "campaign"). Any other column takes
    its default, made once: one that differs from row to row must be named.
    """
    # The connection itself: the usual proxy looks it up for every value.
    database = connections[DEFAULT_DB_ALIAS]
    quoted = database.ops.quote_name
    fields = {
        field.attname: field for field in model._meta.concrete_fields if not field.primary_key
    }
    own = [fields[name] for name in names]
    others = [field for name, field in fields.items() if name not in names]
    if any(field.unique for field in others):
        raise ValueError("a unique column must be named")
    columns = ", ".join(quoted(str(field.column)) for field in [*own, *others])
    taken, source = _taken_apart(database, own)
    values = ", ".join([*taken, *(["%s"] * len(others))])
    statement = (
        f"INSERT INTO {quoted(model._meta.db_table)} ({columns}) SELECT {values} FROM {source}"  # noqa: S608 (names of our own models)
    )
    if ignore_conflicts:  # WHERE is for SQLite, which would take ON for a part of a join.
        statement += " WHERE true ON CONFLICT DO NOTHING"
    makers = [_maker(database, field) for field in own]
    document = [
        {name: make(value) for name, make, value in zip(names, makers, row, strict=True)}
        for row in rows
    ]
    with database.cursor() as cursor:
        cursor.execute(
            statement,
            [
                *(field.get_db_prep_save(field.get_default(), database) for field in others),
                json.dumps(document),
            ],
        )


def _taken_apart(database: Any, fields: Sequence[models.Field[Any, Any]]) -> tuple[list[str], str]:
    """What gives each column out of the document, and what stands behind FROM."""
    if database.vendor == "sqlite":
        return [f"json_extract(value, '$.{field.attname}')" for field in fields], "json_each(%s)"
    quoted = database.ops.quote_name
    shape = ", ".join(f"{quoted(field.attname)} {field.db_type(database)}" for field in fields)
    return [quoted(field.attname) for field in fields], f"json_to_recordset(%s) AS row({shape})"


def _maker(database: Any, field: models.Field[Any, Any]) -> Callable[[Any], Any]:
    """What makes a value as the database writes it; JSON is a part of the document as it is."""
    if isinstance(field, models.JSONField):
        return lambda value: value

    def make(value: Any) -> Any:
        written = field.get_db_prep_save(value, database)
        return str(written) if isinstance(written, WRITTEN_AS_TEXT) else written

    return make
