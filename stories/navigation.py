"""The header's links to stories and batches, and where each role lands."""

from __future__ import annotations

from django.urls import reverse

from campaigns.navigation import Room, links
from campaigns.roles import ties
from portal.models import User
from portal.navigation import Entry

#: This package's links. Orders: member 10-19, coordinator 20-29, lead 30-39, partner user 40-49.
ROOMS: tuple[Room, ...] = (
    Room(frozenset({"member"}), "My stories", "stories:mine", 12),
    Room(frozenset({"coordinator"}), "Review", "stories:queue", 20),
    Room(
        frozenset({"lead"}),
        "Handing over",
        "stories:lead_campaigns",
        31,
        r"/lead/([^/]+/)?(batches|stories)/",
    ),
    Room(frozenset({"partner_user"}), "Batches", "stories:inbox", 40),
    Room(frozenset({"partner_user"}), "Stories", "stories:library", 41),
    Room(frozenset({"partner_user"}), "Recalls", "stories:recalls", 42),
)

#: The first tie that a person has decides where they land: (tie, URL name).
STARTS: tuple[tuple[str, str], ...] = (
    ("coordinator", "stories:queue"),
    ("partner_user", "stories:inbox"),
    ("member", "campaigns:list"),
)


def entries(user: User) -> list[Entry]:
    """This package's links for a person."""
    return links(ROOMS, ties(user))


def start(user: User) -> str | None:
    """Where a person lands after signing in; None without a tie."""
    tie = ties(user)
    return next((reverse(name) for name_of_tie, name in STARTS if getattr(tie, name_of_tie)), None)
