"""What an author may allow a partner, and how two permissions compare."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaigns.rules.usa import STATE_NAMES
from stories.models import Consent, NameShown
from stories.rules.texts import all_words, folded, names_given_away, parts_of

if TYPE_CHECKING:
    from campaigns.models import Member
    from stories.models import Revision
    from stories.rules.formats.lines import Row

#: From the least to the most that is shown of a name.
NAME_ORDER = (NameShown.NONE, NameShown.FIRST, NameShown.FULL)
USES = ("lawmakers", "publication", "press")
#: What each use is called inside a sentence.
USE_WORDS = {
    "lawmakers": "lawmakers’ offices",
    "publication": "publication",
    "press": "press",
}


@dataclass(frozen=True)
class Permission:
    """One line of the consent grid. `partner` is an id, or None for partners that join later."""

    partner: int | None
    lawmakers: bool
    publication: bool
    press: bool
    name_shown: NameShown
    name: str
    until: dt.date

    @property
    def uses(self) -> tuple[str, ...]:
        """The uses that are allowed, in the grid's order."""
        return tuple(use for use in USES if getattr(self, use))

    @property
    def allows_nothing(self) -> bool:
        """A line without any use is no consent."""
        return not self.uses


def permission_of(consent: Consent | Row) -> Permission:
    """A consent, or its columns in an item's row, as the rules see it."""
    return Permission(
        partner=consent.partner_id,
        lawmakers=consent.lawmakers,
        publication=consent.publication,
        press=consent.press,
        name_shown=NameShown(consent.name_shown),
        name=consent.name,
        until=consent.until,
    )


def is_narrower(new: Permission, old: Permission) -> bool:
    """Whether `new` takes away anything that `old` allowed: a use, a part of the name, or time."""
    loses_use = any(use not in new.uses for use in old.uses)
    loses_name = NAME_ORDER.index(new.name_shown) < NAME_ORDER.index(old.name_shown)
    return loses_use or loses_name or new.until < old.until


def name_to_show(name_shown: NameShown, full_name: str, first_name: str, state: str) -> str:
    """The name that a partner may print, letter by letter; empty for none."""
    if name_shown == NameShown.FULL:
        return full_name
    if name_shown == NameShown.FIRST:
        return f"{first_name}, {STATE_NAMES.get(state, state)}"
    return ""


def marks_given_away(
    text: str,
    shown: Collection[NameShown],
    *,
    names: Iterable[str],
    first_name: str,
    addresses: Iterable[str],
) -> list[str]:
    """The author's names and addresses in a text, as far as somebody gets it without them.

    `shown` are the names under which it travels: where one is none, every part of a name counts; where
    one is the first name, every other part.
    """
    parts = [part for name in names for part in parts_of(name)]
    if NameShown.NONE not in shown:
        if NameShown.FIRST not in shown:
            return []
        first = {folded(part) for part in parts_of(first_name)}
        parts = [part for part in parts if folded(part) not in first]
    return names_given_away(text, " ".join(parts), addresses)


def names_of(member: Member) -> list[str]:
    """An author's names as their society and their account have them."""
    return [f"{member.given_name} {member.family_name}", member.user.name if member.user else ""]


def words_of(revision: Revision) -> str:
    """Everything that can be read of a revision."""
    photo = revision.photo
    return all_words(revision.hook, revision.answers, photo.description if photo else "")


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day so many months later, or that month's last day where it is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
