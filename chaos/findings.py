"""What the checks at the end found: how much was looked at, and each thing that is not as it must be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Findings:
    """The result of all checks, by name."""

    looked_at: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def check(self, name: str, looked_at: int, wrong: Iterable[str]) -> None:
        """Note what one check looked at and what was wrong with it."""
        self.looked_at[name] = looked_at
        self.wrong += [f"{name}: {words}" for words in wrong]
