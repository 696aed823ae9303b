"""Where the demonstration's members live and work: real ZIPs and institutions, spread over the states."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from random import Random

from campaigns.models import Institution, ZipArea

#: The first phase's states have so many times their share of members.
TARGETED = ("KS", "NC", "PA", "UT")
TARGETED_SHARE = 0.55
#: Of a hundred members so many told their society only a home, only a workplace, or nothing at all.
HOME_ONLY, WORK_ONLY, NOTHING = 14, 8, 2

#: IPEDS lists every school with federal student aid; our members work at these.
SCIENTIFIC = ("University", "Medical", "Institute of Technology", "State College")
NOT_SCIENTIFIC = (
    "Theological",
    "Beauty",
    "Bible",
    "Seminary",
    "Career",
    "Online",
    "Global",
    "Phoenix",
)


@dataclass(frozen=True)
class Home:
    """What a roster says of a member's places; what it does not say is empty."""

    home_zip: str = ""
    institution: str = ""


class Homes:
    """Hands out places, always the same ones for the same random numbers."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.zips: dict[str, list[str]] = defaultdict(list)
        states_of: dict[str, set[str]] = defaultdict(set)
        parts = ZipArea.objects.current().exclude(district=None).exclude(city="")
        for code, state in parts.order_by("zip", "state").values_list("zip", "state").distinct():
            self.zips[state].append(code)
        for code, state in ZipArea.objects.current().values_list("zip", "state").distinct():
            states_of[code].add(state)
        self.astride = sorted(
            code for code, states in states_of.items() if len(states) > 1 and states & {*TARGETED}
        )
        self.institutions: dict[str, list[tuple[str, str]]] = defaultdict(list)
        rows = Institution.objects.order_by("source_id").values_list("state", "name", "zip")
        for state, name, code in rows:
            fits = any(word in name for word in SCIENTIFIC)
            if fits and not any(word in name for word in NOT_SCIENTIFIC):
                self.institutions[state].append((name, code))
        self.others = sorted(self.institutions.keys() & self.zips.keys() - {*TARGETED})

    def next(self) -> Home:
        """The next member's places."""
        targeted = self.chance.random() < TARGETED_SHARE
        state = self.chance.choice(TARGETED if targeted else self.others)
        name, code = self.chance.choice(self.institutions[state])
        near = [zip_ for zip_ in self.zips[state] if zip_[:3] == code[:3]] or self.zips[state]
        home = self.chance.choice(near)
        draw = self.chance.randrange(100)
        if draw < NOTHING:
            return Home()
        if draw < NOTHING + WORK_ONLY:
            return Home(institution=name)
        if draw < NOTHING + WORK_ONLY + HOME_ONLY:
            return Home(home_zip=home)
        return Home(home, name)

    def between_states(self) -> Home:
        """A home on a state line."""
        return Home(home_zip=self.chance.choice(self.astride))
