"""How long and how hard a run is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.faults import SHORT


@dataclass(frozen=True)
class Plan:
    """How long and how hard."""

    seed: int
    faults: int = 50
    members: int = 200
    invited: int = 2000
    phases: int = 8
    #: Seconds from one fault to the next.
    gap: tuple[float, float] = (1.5, 6.0)
    #: How long the calm after the faults may take until nothing waits any more.
    calm: float = 1200.0
    #: How long people may still take to end what they began, and coordinators to read it.
    last_words: float = 90.0
    #: Let the leases of the dead run out at once instead of waiting for it.
    hurry: bool = False
    #: Every kind of the short list once, instead of so many of all kinds.
    few_kinds: bool = False
    keep: bool = False
    json: Path | None = None

    @classmethod
    def short(cls, **given: Any) -> Plan:
        """The form that the suite runs."""
        return cls(
            faults=len(SHORT),
            members=24,
            invited=120,
            phases=2,
            gap=(0.5, 1.5),
            calm=90.0,
            last_words=20.0,
            hurry=True,
            few_kinds=True,
            **given,
        )

    @property
    def seconds(self) -> float:
        """About how long the faults take."""
        return self.faults * sum(self.gap) / 2
