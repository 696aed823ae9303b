"""The three societies' rosters: some four hundred members, as the files that societies would bring."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from campaigns.models import Society
from campaigns.verbs.rosters import import_roster
from portal.models import User
from stories.demo import material, plot
from stories.demo.homes import Home, Homes

MEMBERS = 400
SOCIETIES = ("isscr", "larkmoor", "quillbrook")
#: Names that are whole in their own script.
NATIVE = (
    ("小燕", "李"), ("さくら", "佐藤"), ("지우", "김"), ("Ольга", "Петренко"),
    ("Δήμητρα", "Παπαδάκη"), ("ליאור", "שרון"), ("نور", "الحداد"),
)  # fmt: skip
HEADER = ("Member ID", "First name", "Last name", "Email", "Home ZIP", "Institution")


@dataclass(frozen=True)
class Listed:
    """One person as the rosters have them."""

    given: str
    family: str
    email: str
    home: Home
    societies: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name as its owner writes it."""
        return f"{self.given} {self.family}"


#: People of the cast who tell no story, by what they are there for.
INVITED = Listed(
    "Halima", "Castañeda", "halima.castaneda@example.org",
    Home("66044", "University of Kansas"), ("isscr",),
)  # fmt: skip
ASTRIDE = Listed(
    "Óscar", "Twombly", "oscar.twombly@example.org", Home("66541"), ("quillbrook",)
)  # fmt: skip
TWICE = Listed(
    "Mei-Ling", "Zhang", "mei-ling.zhang@example.org",
    Home("84112", "University of Utah"), ("isscr", "larkmoor"),
)  # fmt: skip
#: On no roster yet: asks a society to be added.
STRANGER = Listed(
    "Wanjiru", "Mwangi", "wanjiru.mwangi@example.org", Home(), ()
)  # fmt: skip
#: On a roster and without an account: signs up by a mailed code.
NEWCOMER = Listed(
    "Darnell", "Abernathy", "darnell.abernathy@example.org",
    Home("27601", "North Carolina State University at Raleigh"), ("isscr",),
)  # fmt: skip


def listed_authors() -> dict[str, Listed]:
    """The authors of all stories, each once, by their name as the plot writes it."""
    found: dict[str, Listed] = {}
    for part in plot.ALL:
        text = material.texts()[part.key]
        given, family = part.author.split("|")
        email = f"{material.plain(f'{given} {family}')}@example.org"
        home = Home(text.home_zip, text.institution)
        found.setdefault(part.author, Listed(given, family, email, home, (part.society,)))
    return found


def everybody(chance: Random) -> list[Listed]:
    """All members: authors, cast and as many others as make four hundred."""
    people = [*listed_authors().values(), INVITED, ASTRIDE, TWICE, NEWCOMER]
    homes, taken = Homes(chance), Counter(person.email for person in people)
    given, family = ([name for name in pool if is_latin(name)] for pool in material.names())
    native = list(NATIVE)
    while len(people) < MEMBERS:
        fresh = len(people) % 30 == 0 and native
        first, last = native.pop() if fresh else (chance.choice(given), chance.choice(family))
        home = homes.between_states() if len(people) % 40 == 0 else homes.next()
        own = chance.sample(SOCIETIES, 2 if len(people) % 14 == 0 else 1)
        email = free_address(f"{first} {last}", taken)
        people.append(Listed(first, last, email, home, tuple(own)))
    return people


def is_latin(name: str) -> bool:
    """Whether a name is written in Latin letters; others are not mixed with those."""
    return all("LATIN" in unicodedata.name(c) for c in name if c.isalpha() and c not in "ʻ")


def free_address(name: str, taken: Counter[str]) -> str:
    """An address of the name that nobody has; letters that are not Latin leave "member"."""
    stem = material.plain(name)
    stem = stem if len(stem) > 3 else "member"
    number = 1
    while taken[email := f"{stem}{number if number > 1 else ''}@example.org"]:
        number += 1
    taken[email] += 1
    return email


def as_file(people: Iterable[Listed]) -> io.BytesIO:
    """A roster as a society's database exports it."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(HEADER)
    for number, person in enumerate(people, start=1001):
        home = person.home
        rows.writerow(
            [number, person.given, person.family, person.email, home.home_zip, home.institution]
        )
    return io.BytesIO(text.getvalue().encode("utf-8-sig"))


def bring(*, by: User, society: Society, people: Sequence[Listed]) -> None:
    """Import a society's roster as its coordinator does."""
    own = [person for person in people if society.slug in person.societies]
    for _ in import_roster(by=by, society=society, file=as_file(own)):
        pass
