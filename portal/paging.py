"""Pages by key: the next page begins after the last row's key, so page 1,000 costs what page 1 costs."""

from __future__ import annotations

import base64
import datetime as dt
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import (
    Case,
    DateTimeField,
    F,
    Field,
    IntegerField,
    Model,
    Q,
    QuerySet,
    Value,
    When,
)
from django.http import HttpRequest

M = TypeVar("M", bound=Model)

PAGE_ROWS = 30


@dataclass(frozen=True)
class Page(Generic[M]):
    """The rows of one page, the query string of the next (None where this is the last) and of the first.

    Both keep the filters that the list was asked with.
    """

    rows: list[M]
    next_query: str | None
    is_first: bool
    first_query: str = ""
    #: The place alone, for whoever does not page through a query string.
    next_after: str | None = None

    def __len__(self) -> int:
        return len(self.rows)


class Search(ABC):
    """Words that a list is asked for, each of which a row must hold; nothing is searched where there are none."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words

    def __bool__(self) -> bool:
        return bool(self.words)

    @property
    def scan(self) -> Q:
        """Whether a row holds all words; no index is used for it."""
        found = Q()
        for word in self.words:
            found &= self.holds(word)
        return found

    @abstractmethod
    def holds(self, word: str) -> Q:
        """Whether a row holds one word."""

    @abstractmethod
    def by_index(self) -> Q:
        """The same rows, found through an index: fast where they are few."""


#: How many rows of a list are read for words before an index is asked, and how many at most where so
#: many of the first ones held the words.
HEAD, LONG_HEAD, NOW_AND_THEN = 400, 4_000, 3


def page(
    request: HttpRequest,
    rows: QuerySet[M],
    order: Sequence[str],
    *,
    size: int = PAGE_ROWS,
    apart: Sequence[Q] = (),
    search: Search | None = None,
) -> Page[M]:
    """One page of `rows` in `order`, e.g. ("-submitted_at", "-id"); the last field must be unique.

    All fields must run in one direction. The place is kept in the query string as `after`; one that
    does not fit the order counts as the first page. Costs two queries, one where there is no row.

    `apart` are conditions of which exactly one holds for each row: an index that begins with what they
    name gives the rows of each in order, and the database merges them instead of sorting all. `search`
    narrows the rows to those that hold some words.
    """
    names = [field.lstrip("-") for field in order]
    after = _decode(request.GET.get("after", ""), rows.model, names)
    # First the narrow keys of all that fit, which are sorted, and then the wide rows of this page:
    # sorting ten thousand rows with their texts takes twenty times as long.
    asked = rows.select_related(None).prefetch_related(None)
    if after is not None:
        asked = asked.filter(_beyond(names, after, down=order[0].startswith("-")))
    keys = _first(asked, order, apart, size + 1, search)
    shown = [key[-1] for key in keys[:size]]
    found = list(rows.filter(pk__in=shown).order_by(*order)) if shown else []
    following, place = None, None
    if len(keys) > size:
        query = request.GET.copy()
        query["after"] = place = _encode(keys[size - 1][:-1])
        following = query.urlencode()
    first = request.GET.copy()
    first.pop("after", None)
    return Page(found, following, after is None, first.urlencode(), place)


def first_keys(
    rows: QuerySet[Any],
    order: Sequence[str],
    most: int,
    *,
    apart: Sequence[Q] = (),
    search: Search | None = None,
) -> list[Any]:
    """The primary keys of the first rows in `order`; `apart` and `search` as for a page."""
    return [key[-1] for key in _first(rows, order, apart, most, search)]


def _first(
    rows: QuerySet[Any], order: Sequence[str], apart: Sequence[Q], most: int, search: Search | None
) -> list[tuple[Any, ...]]:
    """The first rows in order as (order's fields ..., primary key), of those that hold the words."""
    if search is None:
        return _keys(rows, order, apart, most)
    return _searched(rows, order, apart, most, search)


def _keys(
    rows: QuerySet[Any], order: Sequence[str], apart: Sequence[Q], most: int, *more: Any
) -> list[tuple[Any, ...]]:
    """The first rows in order as (order's fields ..., `more` ..., primary key)."""
    names = [field.lstrip("-") for field in order]
    parts = [
        rows.filter(condition).values_list(*names, *more, F("pk")) for condition in apart or (Q(),)
    ]
    if len(parts) == 1:
        return list(parts[0].order_by(*order)[:most])
    if connections[rows.db].features.supports_slicing_ordering_in_compound:
        # Asked for its first rows alone, each part stops where its index has given them.
        parts = [part.order_by(*order)[:most] for part in parts]
    return list(parts[0].union(*parts[1:], all=True).order_by(*order)[:most])


def _searched(
    rows: QuerySet[Any], order: Sequence[str], apart: Sequence[Q], most: int, search: Search
) -> list[tuple[Any, ...]]:
    """The same, of those that hold the words.

    Words that many rows hold are met soon by reading the list; words that few hold are found soon by an
    index. Neither is fast for the other's, and the database cannot know beforehand, so the list's own
    beginning tells.
    """
    holds = Case(When(search.scan, then=Value(1)), default=Value(0), output_field=IntegerField())
    head = HEAD
    while True:
        read = _keys(rows, order, apart, head, holds)
        hits = [(*key[:-2], key[-1]) for key in read if key[-2]]
        if len(hits) >= most or len(read) < head:
            return hits[:most]
        if head > HEAD or len(hits) < NOW_AND_THEN:
            break
        # Twice as far as it takes if they go on turning up as they did; once, and not too far.
        head = min(2 * HEAD * most // len(hits), LONG_HEAD)
    return _keys(rows.filter(search.by_index()), order, apart, most)


def _beyond(names: list[str], values: list[Any], *, down: bool) -> Q:
    """Rows behind the key `values` in lexicographic order, which every database can use an index for."""
    comparison = "lt" if down else "gt"
    beyond = Q()
    for place, name in enumerate(names):
        same = Q(**dict(zip(names[:place], values[:place], strict=True)))
        beyond |= same & Q(**{f"{name}__{comparison}": values[place]})
    return Q(**{f"{names[0]}__{comparison}e": values[0]}) & beyond


def _encode(values: Sequence[Any]) -> str:
    plain = [
        {"at": value.isoformat()} if isinstance(value, dt.datetime) else value for value in values
    ]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _decode(token: str, model: type[Model], names: Sequence[str]) -> list[Any] | None:
    """The key in a token; None where there is none, or one that no page of this list gave out."""
    try:
        plain = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return [
            _fitting(_field(model, name), value) for name, value in zip(names, plain, strict=True)
        ]
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    """The field that a path of an order ends at."""
    field: Any = None
    for part in name.split("__"):
        field = (field.related_model if field else model)._meta.get_field(part)
    while field.is_relation:
        field = field.target_field
    fitting: Field[Any, Any] = field
    return fitting


def _fitting(field: Field[Any, Any], plain: Any) -> Any:
    """A value of a token, if the field can hold it; ValueError or the like where not."""
    if isinstance(field, DateTimeField):
        at = dt.datetime.fromisoformat(plain["at"])
        if at.tzinfo is None:
            raise ValueError
        return at.astimezone(dt.UTC)
    if isinstance(field, IntegerField):
        if isinstance(plain, bool) or not isinstance(plain, int) or abs(plain) >= 2**63:
            raise ValueError
        return plain
    if not isinstance(plain, str) or "\x00" in plain:
        raise ValueError
    plain.encode()  # half a surrogate pair is no text
    return plain
