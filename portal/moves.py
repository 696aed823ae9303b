"""Winning a row: the one way in which verbs change a state."""

from __future__ import annotations

from typing import Any

from django.db import connection, models
from django.utils.text import capfirst

from portal import audit
from portal.errors import TooLate
from portal.states import Move


def move(thing: models.Model, step: Move, *, held: bool = False, **changes: Any) -> None:
    """Make one legal move, whatever the copy in memory says; TooLate where somebody was faster.

    The condition stands in the UPDATE itself, so that of two people exactly one wins. `changes` are
    other columns to write in the same statement. Afterwards the copy is read anew; one that was read
    under a lock of this transaction (`held`) only takes up what was written.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a state changes inside a transaction, with its audit line")
    model = type(thing)
    won = model._default_manager.filter(pk=thing.pk, state__in=step.sources).update(
        state=step.target, **changes
    )
    if not won:
        raise TooLate(too_late(thing))
    if held:
        for name, value in {"state": str(step.target), **changes}.items():
            setattr(thing, name, value)
    else:
        thing.refresh_from_db()


def too_late(thing: models.Model) -> str:
    """Why a move is no longer possible: the state it is in, and who brought it there and when."""
    fresh = type(thing)._default_manager.get(pk=thing.pk)
    state = getattr(fresh, "get_state_display")()  # noqa: B009 (made by Django at run time)
    noun = str(thing._meta.verbose_name)
    words = f"This {noun} is “{str(state).lower()}” by now. {audit.last_act(fresh)}"
    return capfirst(words.strip())
