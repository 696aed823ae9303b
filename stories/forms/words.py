"""Words that a list of stories is searched for: they stand in a revision's text, wherever the list meets it."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from portal.models import User
from portal.paging import Search
from portal.tallies import MOST, CountUpTo, Tally, tally
from stories.models import Revision

#: PostgreSQL's index over a text knows three letters in a row and nothing shorter.
INDEXED_LETTERS = 3
#: So many rows are read for words where no index has told how many hold them.
READ = 100


class Words(Search):
    """All these words stand in the text, as parts of words too and whatever their capitals.

    `text` is the path from the list's rows to a revision's text, `revision` the one to its key.
    """

    def __init__(self, typed: str, *, text: str, revision: str) -> None:
        super().__init__(typed.casefold().split())
        self.text, self.revision = text, revision
        #: The revisions that hold the words, where an index was asked and they are not many.
        self.few: list[int] | None = None

    def holds(self, word: str) -> Q:
        """Row by row: no index serves this."""
        return Q(GreaterThan(StrIndex(F(self.text), Value(word)), Value(0)))

    def by_index(self) -> Q:
        """By the revisions that an index names, where it names few; else as the database likes best."""
        if not any(len(word) >= INDEXED_LETTERS for word in self.words):
            return self.scan
        found = Revision.objects.all()
        for word in self.words:
            found = found.filter(searchable__contains=word)
        # Sorted by what no index gives, so that the database looks for all at once: looking for the
        # first ones only, it would hope to meet them soon and read a million texts for a rare word.
        keys = list(found.order_by(F("pk") + 0).values_list("pk", flat=True)[: MOST + 1])
        if len(keys) > MOST:
            return Q(**{f"{self.revision}__in": found.values("pk")})
        self.few = keys
        return Q(**{f"{self.revision}__in": keys})

    def tallies(self, lists: dict[str, QuerySet[Any]], user: User) -> dict[str, Tally]:
        """How many rows of each list hold the words, in one query.

        Where they are not few, only the beginning of a list is read, and the number says "at least".
        """
        asked: dict[str, CountUpTo] = {}
        for name, rows in lists.items():
            if self.few is not None:
                asked[name] = CountUpTo(rows.filter(**{f"{self.revision}__in": self.few}))
            else:
                asked[name] = CountUpTo(rows, READ)
                start = rows.order_by().values("pk")[:READ]
                held = rows.model._default_manager.filter(self.scan, pk__in=start)
                asked[f"{name}_held"] = CountUpTo(held, READ)
        found = counted(asked, user)
        return {
            name: tally(found[name])
            if self.few is not None
            else Tally(found[f"{name}_held"], found[name] > READ)
            for name in lists
        }


def counted(asked: dict[str, CountUpTo], user: User) -> dict[str, int]:
    """Several numbers in one query. It needs a row to stand on: the person who asks."""
    return User.objects.filter(pk=user.pk).values(**asked).get()
