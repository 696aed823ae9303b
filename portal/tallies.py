"""Counting no further than people read: beyond a limit a number says "1,000+" and costs no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import IntegerField, QuerySet, Subquery

#: Beyond so many rows the next one tells nobody anything.
MOST = 1_000


@dataclass(frozen=True)
class Tally:
    """How many rows there are; `more`: at least so many."""

    number: int
    more: bool = False

    def __str__(self) -> str:
        return f"{intcomma(self.number)}{'+' if self.more else ''}"

    def __bool__(self) -> bool:
        return self.number > 0 or self.more

    def of(self, noun: str, plural: str = "") -> str:
        """With its noun: "1 story", "12 stories", "1,000+ stories"."""
        one = self.number == 1 and not self.more
        return f"{self} {noun if one else plural or f'{noun}s'}"


class CountUpTo(Subquery):
    """How many rows a queryset has, counted up to one more than `most`: a number within another query."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()
    empty_result_set_value = 0

    def __init__(self, rows: QuerySet[Any], most: int = MOST) -> None:
        narrow = rows.select_related(None).prefetch_related(None).order_by()
        super().__init__(narrow.values("pk")[: most + 1])


def tally(found: int, most: int = MOST) -> Tally:
    """What counting up to one more than `most` has found."""
    return Tally(min(found, most), found > most)


def tally_of(rows: QuerySet[Any], most: int = MOST) -> Tally:
    """Count rows up to `most`, in one query that looks at no more of them."""
    narrow = rows.select_related(None).prefetch_related(None).order_by()
    return tally(narrow.values("pk")[: most + 1].count(), most)
