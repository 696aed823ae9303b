"""Who takes part: the coalition of the tests, members who write, members who only get an invitation."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.utils import timezone

from campaigns.models import Coordinator, Member, Phase, Place, PlaceKind, RosterEntry
from campaigns.verbs.phases import add_phase
from portal.models import User
from tests.house.people import World, make_member, make_user, make_world
from tests.house.places import current_boundaries

HOMES = (("66045", "KS", 1), ("84322", "UT", 1), ("15213", "PA", 12), ("27701", "NC", 4))
#: Who reads beside the three of the tests' world; in the end each society has four.
COORDINATORS = ("Cleo One", "Dora Two", "Emil Three", "Finn Four", "Gus Five")
#: The states of the phases that open during the run; nobody who writes lives there.
LATER_STATES = ("CA", "NY", "TX", "FL", "OH", "WA", "GA", "IL", "MI", "VA")


@dataclass(frozen=True)
class Cast:
    """Everybody, and the cookie of each who has a browser."""

    world: World
    authors: list[User]
    coordinators: list[User]
    sessions: dict[int, str]
    invitees: int
    phases: list[Phase]


def make_cast(*, authors: int, invitees: int, phases: int, seconds: float) -> Cast:
    """Write everybody; the later phases open one after another within `seconds`."""
    with transaction.atomic():
        world = make_world()
        writing = [make_author(world, number) for number in range(authors)]
        for number, name in enumerate(COORDINATORS):
            society = world.isscr if number % 3 == 0 else world.rivers
            Coordinator.objects.create(society=society, user=make_user(name), notices="daily")
        staff = list(User.objects.filter(coordinates__isnull=False).exclude(pk=world.lee.pk))
        for user in [*staff, world.lee, world.paula, world.pete, world.fay, world.olga]:
            Authenticator.objects.create(
                user=user, type=Authenticator.Type.TOTP, data={"secret": "never asked"}
            )
        states = LATER_STATES[:phases]
        for number in range(invitees):
            make_invitee(world, number, states[number % phases])
    opening = [
        open_later(world, state, seconds * (number + 0.2) / phases)
        for number, state in enumerate(states)
    ]
    people = [*writing, *staff, world.lee, world.paula, world.pete, world.fay, world.olga]
    return Cast(
        world=world,
        authors=writing,
        coordinators=staff,
        sessions={user.pk: signed_in(user) for user in people},
        invitees=invitees,
        phases=opening,
    )


def make_author(world: World, number: int) -> User:
    """A member who will write, of one of the two societies, in one of the open states."""
    user = make_user(f"Author{number} Writer")
    society = world.isscr if number % 2 else world.rivers
    make_member(user, society, home=HOMES[number % len(HOMES)])
    return user


def make_invitee(world: World, number: int, state: str) -> None:
    """A member who is on a roster, lives where a later phase opens, and has no account."""
    email = f"invitee{number}@example.net"
    member = Member.objects.create(email=email, given_name="Invitee", family_name=f"No{number}")
    society = world.rivers if number % 2 else world.isscr
    RosterEntry.objects.create(society=society, member=member, email=email)
    Place.objects.create(
        member=member,
        kind=PlaceKind.HOME,
        zip="99999",
        state=state,
        district=1,
        boundaries=current_boundaries(),
        said_by_member=True,
    )


def open_later(world: World, state: str, seconds: float) -> Phase:
    """A phase that the clock opens in so many seconds."""
    now = timezone.now()
    return add_phase(
        by=world.lee,
        campaign=world.campaign,
        name=f"Phase of {state}",
        states=[state],
        all_states=False,
        opens_at=now + dt.timedelta(seconds=seconds),
        closes_at=now + dt.timedelta(days=30),
    )


def signed_in(user: User) -> str:
    """The key of a session in which this person has signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)
