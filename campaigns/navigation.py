"""What a person's ties add to the header."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from campaigns.roles import Ties, ties
from portal.models import User
from portal.navigation import Entry


@dataclass(frozen=True)
class Room:
    """One link for everybody with one of these ties."""

    ties: frozenset[str]
    label: str
    url_name: str
    order: int
    also: str = ""
    in_menu: bool = False


def links(rooms: Iterable[Room], tie: Ties) -> list[Entry]:
    """The links of those rooms that one of the ties opens."""
    return [
        Entry(room.label, reverse(room.url_name), room.order, also=room.also, in_menu=room.in_menu)
        for room in rooms
        if any(getattr(tie, name) for name in room.ties)
    ]


#: This package's links. Orders: member 10-19, coordinator 20-29, lead 30-39, partner user 40-49.
ROOMS: tuple[Room, ...] = (
    Room(frozenset({"member", "coordinator"}), "Campaigns", "campaigns:list", 10),
    Room(frozenset({"member"}), "Places", "campaigns:places", 14),
    Room(frozenset({"coordinator"}), "Roster", "campaigns:rosters", 22),
    Room(frozenset({"coordinator"}), "Requests", "campaigns:requests", 24),
    Room(frozenset({"coordinator"}), "Notices", "campaigns:notices", 26, in_menu=True),
    Room(frozenset({"lead"}), "Campaigns I lead", "campaigns:lead", 30),
)


def entries(user: User) -> list[Entry]:
    """This package's links for a person."""
    return links(ROOMS, ties(user))
