"""Legal moves between states, as tables that verbs, tests and diagrams share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Move:
    """One legal move: the states that it may start from and the one that it ends in."""

    sources: frozenset[str]
    target: str


def moves(table: Mapping[str, tuple[tuple[str, ...], str]]) -> dict[str, Move]:
    """Build a table of moves, keyed by the verb's name."""
    return {verb: Move(frozenset(sources), target) for verb, (sources, target) in table.items()}
