"""What somebody on a society's roster is searched by: pieces of names and addresses, and whole numbers.

One or two letters ("Li", "Wu", "Ng") begin a name, where longer words may stand in the middle of one: nearly
everybody has any two letters somewhere.
"""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Q, QuerySet

from campaigns.models import Member, RosterEntry, Society
from portal.paging import Search
from portal.tallies import MOST

MOST_WORDS = 6
#: A word that more people than this have is met soon in any list; counting further would take longer.
EVERYWHERE = 20_000
#: PostgreSQL's indexes know three letters or digits in a row, and by which one or two a word begins.
THREE = re.compile(r"[^\W_]{3}")
#: What stands between two names, or two parts of an address.
BETWEEN = " -."


class Names(Search):
    """Every word stands in a name or in the address that the society knows, or is the number.

    The conditions that look into texts have indexes of
    three letters, `member_names` and `roster_words`, over the expressions that PostgreSQL is asked with.
    """

    def __init__(self, typed: str, society: Society) -> None:
        super().__init__(typed.split()[:MOST_WORDS])
        self.entries = RosterEntry.objects.filter(society=society)

    def holds(self, word: str) -> Q:
        """Row by row: no index serves a condition that looks into two tables."""
        return of_entry(word) | of_member(word, "member__")

    def by_index(self) -> Q:
        """By the entries that indexes name for the rarest word; row by row where even that is everywhere."""
        indexed = [word for word in self.words if begins(word) or THREE.search(word)]
        held = {word: self._how_many(word) for word in indexed}
        rarest = min(held, key=held.__getitem__, default="")
        if not rarest or held[rarest] > EVERYWHERE:
            return self.scan
        holding = self._holding(rarest)
        # Few are named one by one, so that the database cannot hope to meet them in the list's order.
        keys = set(holding) if held[rarest] <= MOST else holding
        return Q(pk__in=keys) & self.scan

    def _how_many(self, word: str) -> int:
        """How many members and entries hold a word, of all societies' members and up to a limit."""
        members = Member.objects.filter(of_member(word)).values_list("pk")
        entries = self.entries.filter(of_entry(word)).values_list("pk")
        return members.union(entries, all=True)[: EVERYWHERE + 1].count()

    def _holding(self, word: str) -> QuerySet[Any]:
        """The keys of entries that hold a word, each table asked by itself; one may come twice."""
        named = Member.objects.filter(of_member(word))
        by_name = self.entries.filter(member__in=named.values("pk"))
        return (
            self.entries.filter(of_entry(word))
            .values_list("pk", flat=True)
            .union(by_name.values_list("pk", flat=True), all=True)
        )


def of_entry(word: str) -> Q:
    """What an entry of a roster holds of a word."""
    return _stands("email", word) | Q(number__iexact=word)


def of_member(word: str, path: str = "") -> Q:
    """What a member's names hold of a word; `path` leads to the member."""
    return _stands(f"{path}given_name", word) | _stands(f"{path}family_name", word)


def begins(word: str) -> bool:
    """Whether a word counts only where a name begins. A script without capitals may have names of one sign."""
    return not THREE.search(word) and word.upper() != word.lower()


def _stands(path: str, word: str) -> Q:
    if not begins(word):
        return Q(**{f"{path}__icontains": word})
    found = Q(**{f"{path}__istartswith": word})
    for sign in BETWEEN:
        found |= Q(**{f"{path}__icontains": f"{sign}{word}"})
    return found
