"""Until the old web server has ended, it works on the new database: a release takes nothing that it still asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.db.migrations import operations as steps
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

from tests.house.reading import ROOT

TAKES = (steps.RemoveField, steps.RenameField, steps.DeleteModel, steps.RenameModel)
#: From before the first release, when nobody's old web server was in the way.
BEFORE = {"0004_lists_of_a_million", "0006_heads_of_manifests"}


def flat(operations: Sequence[Any]) -> Iterator[Any]:
    """The steps that touch the database."""
    for step in operations:
        if isinstance(step, steps.SeparateDatabaseAndState):
            yield from flat(step.database_operations)
        else:
            yield step


def breaks(step: Any) -> bool:
    """Whether older code would read what is gone, or write a row without what must be there."""
    if isinstance(step, steps.AddField):
        return not (
            step.field.null or step.field.many_to_many or step.field.db_default != NOT_PROVIDED
        )
    return isinstance(step, TAKES)


def test_what_a_migration_takes_was_out_of_use_in_an_earlier_release() -> None:
    released = re.findall(r"^## (\d\S*)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    bold = {
        name
        for (package, name), migration in MigrationLoader(None).disk_migrations.items()
        if package in {"portal", "campaigns", "stories"} and not migration.initial
        if any(breaks(step) for step in flat(migration.operations))
        if getattr(migration, "unused_since", None) not in released
    }
    assert bold == BEFORE
