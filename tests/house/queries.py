"""The rule that a list costs as many queries with 30 rows as with one."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.http import HttpResponseBase
from django.test.utils import CaptureQueriesContext

MANY = 30


def equal_queries(make_rows: Callable[[int], object], get: Callable[[], HttpResponseBase]) -> int:
    """Call `get` with one row and with 30, assert the same number of queries, and return it.

    `make_rows(n)` adds n rows that the list shows. The first `get` fills caches and is not counted.
    """
    make_rows(1)
    get()
    few = _queries_of(get)
    make_rows(MANY - 1)
    get()  # what is looked up once a minute may have grown old meanwhile
    many = _queries_of(get)
    if len(few) != len(many):
        extra = [sql for sql in many if many.count(sql) > few.count(sql)] or many
        told = "\n".join(f"  {sql[:300]}" for sql in extra[:8])
        raise AssertionError(
            f"{len(few)} queries with 1 row, {len(many)} with {MANY}; among the new ones:\n{told}"
        )
    return len(many)


def _queries_of(get: Callable[[], HttpResponseBase]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        response = get()
        if response.status_code != 200:
            raise AssertionError(f"the list answered {response.status_code}")
    return [str(query["sql"]) for query in captured.captured_queries]
