"""Columns that the database itself refuses to change, for migrations of rows that must stay as written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import RunPython

Code = Callable[[Any, BaseDatabaseSchemaEditor], None]


def freeze(table: str, *columns: str, once: bool = False) -> RunPython:
    """A migration step that makes UPDATEs of `columns` of `table` fail in the database.

    With `once`, a column may still be filled while it is empty (NULL or ''), and never again.
    Works on SQLite and PostgreSQL; rows can still be deleted, which needs its own rule.
    """
    return RunPython(_creator(table, columns, once), _remover(table))


def thaw(table: str, *former: RunPython) -> RunPython:
    """A migration step that ends all freezing of a table, so that a later one can freeze it anew.

    `former` are the steps that had frozen it; going back takes them again.
    """

    def freeze_as_before(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
        for step in former:
            step.code(apps, editor)

    return RunPython(_remover(table), freeze_as_before)


def _changed(columns: tuple[str, ...], once: bool, vendor: str) -> str:
    """The SQL condition under which an UPDATE touches something frozen."""
    distinct = "IS NOT" if vendor == "sqlite" else "IS DISTINCT FROM"
    parts = []
    for column in columns:
        part = f'OLD."{column}" {distinct} NEW."{column}"'
        if once:
            part = (
                f'(OLD."{column}" IS NOT NULL AND CAST(OLD."{column}" AS text) <> \'\' AND {part})'
            )
        parts.append(part)
    return " OR ".join(parts)


def _creator(table: str, columns: tuple[str, ...], once: bool) -> Code:
    def create(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
        vendor = editor.connection.vendor
        changed = _changed(columns, once, vendor)
        words = f"{table} is frozen: what was written stays as written"
        name = f"frozen_{table}" + ("_once" if once else "")
        if vendor == "sqlite":
            editor.execute(
                f'CREATE TRIGGER "{name}" BEFORE UPDATE ON "{table}" WHEN {changed} '
                f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
            )
        else:
            editor.execute(
                f'CREATE OR REPLACE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS $$ '
                f"BEGIN RAISE EXCEPTION '{words}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
            )
            editor.execute(
                f'CREATE TRIGGER "{name}" BEFORE UPDATE ON "{table}" FOR EACH ROW '
                f'WHEN ({changed}) EXECUTE FUNCTION "{name}"()'
            )

    return create


def _remover(table: str) -> Code:
    def remove(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
        for name in (f"frozen_{table}", f"frozen_{table}_once"):
            if editor.connection.vendor == "sqlite":
                editor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
            else:
                editor.execute(f'DROP TRIGGER IF EXISTS "{name}" ON "{table}"')
                editor.execute(f'DROP FUNCTION IF EXISTS "{name}"()')

    return remove
