"""Questions whose SQL is made once: for what every request asks, making it takes longer than answering it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

#: Stands in a question for a value that comes later. No key is as low, and a key's column can hold it.
MARK = -2_000_000_000


class Prepared:
    """A question about keys: `ask` makes its queryset, is called once, and takes each key by name.

    Whatever else `ask` says is the same for ever after, so nothing of it may depend on the moment or the
    person. What `ask` does with a key must end in the SQL as a value: a key that it drops or changes is
    found out the first time, and raises ValueError.
    """

    def __init__(self, ask: Callable[..., QuerySet[Any]]) -> None:
        self.ask = ask
        self._made: tuple[str, tuple[Any, ...], dict[int, str]] | None = None

    def __call__(self, **keys: int | None) -> tuple[str, list[Any]]:
        """The SQL and its values."""
        sql, values, places = self._made or self._make(keys)
        return sql, [keys[places[n]] if n in places else value for n, value in enumerate(values)]

    def _make(self, keys: dict[str, int | None]) -> tuple[str, tuple[Any, ...], dict[int, str]]:
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
        self._made = sql, values, places
        return self._made
