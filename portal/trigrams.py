"""Indexes by which PostgreSQL finds any three letters in a text, for migrations of columns that are searched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import RunPython

Code = Callable[[Any, BaseDatabaseSchemaEditor], None]


def trigrams(table: str, name: str, *expressions: str) -> RunPython:
    """A migration step that makes `LIKE '%word%'` over SQL expressions of `table` fast, however rare the word.

    SQLite has no such index and does nothing. The extension pg_trgm comes with PostgreSQL, and whoever owns
    the database may add it. On a site that is in use, make the index beforehand with CREATE INDEX
    CONCURRENTLY under the same name: the step then finds it there and locks nothing.
    """
    return RunPython(_creator(table, name, expressions), _remover(name))


def _creator(table: str, name: str, expressions: Sequence[str]) -> Code:
    columns = ", ".join(f"({expression}) gin_trgm_ops" for expression in expressions)

    def create(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
        if editor.connection.vendor == "postgresql":
            editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            editor.execute(
                f'CREATE INDEX IF NOT EXISTS "{name}" ON "{table}" USING gin ({columns})'
            )

    return create


def _remover(name: str) -> Code:
    def remove(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
        if editor.connection.vendor == "postgresql":
            editor.execute(f'DROP INDEX IF EXISTS "{name}"')

    return remove
