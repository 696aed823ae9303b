"""What the header shows to a person and where they land: each package names its own rooms.

`settings.NAVIGATION` lists functions from a person to entries, `settings.START_PAGES` functions from a
person to the address of their first page, or None where the package has none for them. Each function
costs at most one query, whatever the person's ties.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string

from portal.models import User


@dataclass(frozen=True)
class Entry:
    """One link of the header. Lower `order` stands further left.

    `also` is a pattern of addresses that belong to it without lying under its own. `in_menu`: it stands in
    the menu under the person's name.
    """

    label: str
    url: str
    order: int = 50
    current: bool = False
    also: str = ""
    in_menu: bool = False


def entries(user: User, path: str) -> list[Entry]:
    """The header's links for a person; the one whose address `path` lies under is the current one."""
    found: list[Entry] = []
    for name in settings.NAVIGATION:
        part: Callable[[User], Sequence[Entry]] = import_string(name)
        found += part(user)
    found.sort(key=lambda entry: (entry.order, entry.label))
    here = max((entry.url for entry in found if path.startswith(entry.url)), key=len, default="")
    named = (entry.url for entry in found if entry.also and re.match(entry.also, path))
    here = next(named, here)
    return [replace(entry, current=bool(here) and entry.url == here) for entry in found]


def start_page(user: User) -> str | None:
    """Where a person lands after signing in; None where they have no tie yet."""
    for name in settings.START_PAGES:
        part: Callable[[User], str | None] = import_string(name)
        if url := part(user):
            return url
    return None


def of_operators(user: User) -> list[Entry]:
    """The operators' own rooms; no query."""
    if not user.is_staff:
        return []
    return [
        Entry("Post and work", reverse("operator"), 90),
        Entry("Accounts", reverse("admin:index"), 91),
    ]


def first_of_operators(user: User) -> str | None:
    """Where an operator lands who has no other part in a campaign."""
    return reverse("operator") if user.is_staff else None
