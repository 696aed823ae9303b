"""What some lines of a roster would change, worked out before anything is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from allauth.account.models import EmailAddress
from django.db.models import Q

from campaigns.models import (
    BoundarySet,
    Institution,
    Member,
    Place,
    PlaceKind,
    RosterEntry,
    Society,
    ZipArea,
)
from campaigns.rules.institutions import Known, Names
from campaigns.rules.places import Area, match_zip
from campaigns.rules.roster_columns import FIELDS
from campaigns.rules.roster_files import RosterRow
from campaigns.verbs.roster_addresses import Addresses
from portal.models import User


@dataclass
class Outcome:
    """What becomes of one line: "added", "changed" or "left", the fields it touches, and remarks."""

    line: int
    kind: str = "left"
    touched: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def touch(self, words: str) -> None:
        """Note one change of somebody who is on the roster already."""
        self.touched.append(words)
        if self.kind == "left":
            self.kind = "changed"


@dataclass(frozen=True)
class Ground:
    """What every chunk of one run stands on: society, map and institutions."""

    society: Society
    boundaries: BoundarySet
    names: Names


def lay_ground(society: Society, boundaries: BoundarySet) -> Ground:
    """Read the institutions once for all chunks."""
    rows = Institution.objects.values_list("pk", "name", "aliases", "state", "zip")
    return Ground(society, boundaries, Names(rows.iterator()))


class Plan:
    """The writes of one chunk of lines. Make it, read `outcomes`, and `write` it.

    With `hold` the plan is made to be written, in the transaction that runs: other imports, and what
    the people themselves do meanwhile, take their turn. `addresses` are those that the file has shown up
    to the last of these lines: of two lines about one person the first one's word counts.
    """

    def __init__(
        self,
        ground: Ground,
        rows: Sequence[RosterRow],
        addresses: Addresses,
        *,
        hold: bool = False,
    ) -> None:
        self.ground = ground
        self.hold = hold
        if hold:
            self._hold_people([row.email for row in rows])
        self.members: dict[str, Member] = {}  # by the address that the chunk gives them
        self.entries: dict[str, RosterEntry] = {}
        self.places: dict[tuple[int, str], Place] = {}  # by id(member), kind
        self._changed_members: dict[int, Member] = {}
        self._changed_entries: list[RosterEntry] = []
        self._changed_places: dict[tuple[int, str], Place] = {}
        self.earlier: dict[int, int] = {}  # of a line about somebody again: the first about them
        self._find_people([row.email for row in rows])
        self._find_earlier(rows, addresses)
        self._find_places()
        self._read_map(rows)
        self.outcomes = [self._plan(row) for row in rows]

    def write(self) -> None:
        """Write everything in a few statements, not one a line."""
        _write(Member, list(self._changed_members.values()), _MEMBER_FIELDS)
        for entry in self._changed_entries:
            entry.member = entry.member  # takes over the id that a new member was given
        _write(RosterEntry, self._changed_entries, _ENTRY_FIELDS)
        places = list(self._changed_places.values())
        for place in places:
            place.member = place.member
        _write(Place, places, _PLACE_FIELDS)

    def _hold_people(self, emails: Sequence[str]) -> None:
        """Lock whoever the lines may be about, in the order of their ids, behind other imports."""
        boundaries = BoundarySet.objects.select_for_update(no_key=True)
        boundaries.get(pk=self.ground.boundaries.pk)
        named = RosterEntry.objects.filter(email__in=emails).values("member")
        proven = EmailAddress.objects.filter(email__in=emails, verified=True).values("user")
        known = Member.objects.filter(Q(email__in=emails) | Q(pk__in=named) | Q(user__in=proven))
        list(known.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))

    def _find_people(self, emails: Sequence[str]) -> None:
        """Who stands behind each address already, in at most four queries.

        This society's entries first, then other societies', then members, then whoever has proven that
        the address is theirs.
        """
        people: dict[int, Member] = {}

        def one(member: Member) -> Member:
            """The same object for the same person, so that two lines change one."""
            return people.setdefault(member.pk, member)

        here = RosterEntry.objects.filter(society=self.ground.society, email__in=emails)
        for entry in here.select_related("member"):
            entry.member = self.members[entry.email] = one(entry.member)
            self.entries[entry.email] = entry
        rest = [email for email in emails if email not in self.members]
        elsewhere = RosterEntry.objects.filter(email__in=rest).select_related("member")
        for entry in elsewhere.order_by("pk"):
            self.members.setdefault(entry.email, one(entry.member))
        for member in Member.objects.filter(email__in=rest):
            self.members.setdefault(member.email, one(member))
        rest = [email for email in rest if email not in self.members]
        self._find_proven(rest, one_of=people)

    def _find_proven(self, emails: Sequence[str], one_of: dict[int, Member]) -> None:
        """People who have an account under an address that no roster has named so far."""
        if not emails:
            return
        proven = EmailAddress.objects.filter(email__in=emails, verified=True).select_related(
            "user__member"
        )
        fresh: dict[int, Member] = {}
        for address in proven:
            user: User = address.user
            known = getattr(user, "member", None)
            if known is not None:
                self.members[address.email] = one_of.setdefault(known.pk, known)
                continue
            member = fresh.setdefault(user.pk, Member(email=address.email, user=user))
            self.members[address.email] = self._changed_members[id(member)] = member

    def _find_earlier(self, rows: Sequence[RosterRow], addresses: Addresses) -> None:
        """Which lines are about somebody whom an earlier line knows under another address."""
        known = {member.pk: member for member in self.members.values() if member.pk}
        theirs: dict[int, set[str]] = defaultdict(set)  # by id(member)
        for email, member in self.members.items():
            theirs[id(member)].add(email)
        here = RosterEntry.objects.filter(society=self.ground.society, member__in=known)
        for pk, email in here.values_list("member", "email"):
            theirs[id(known[pk])].add(email)
        for row in rows:
            others = theirs[id(self.members.get(row.email))] - {row.email}
            lines = [line for email in others if (line := addresses.line_of(email))]
            if lines and min(lines) < row.line:
                self.earlier[row.line] = min(lines)

    def _find_places(self) -> None:
        by_pk = {member.pk: member for member in self.members.values() if member.pk}
        places = Place.objects.filter(member__in=by_pk).order_by("pk")
        for place in places.select_for_update() if self.hold else places:
            member = by_pk[place.member_id]
            place.member = member
            self.places[id(member), place.kind] = place

    def _read_map(self, rows: Sequence[RosterRow]) -> None:
        """The parts of every ZIP that the chunk names, in at most two queries."""
        zips = {zip for row in rows for zip in (row.home_zip, row.work_zip) if zip}
        for name in {row.institution for row in rows if row.institution}:
            known = self.ground.names.find(name)
            if known and known.zip:
                zips.add(known.zip)
        areas = ZipArea.objects.filter(boundaries=self.ground.boundaries)
        self._parts = areas.parts_of(zips)
        self._near = areas.states_near([zip for zip in zips if zip not in self._parts])

    def _plan(self, row: RosterRow) -> Outcome:
        outcome = Outcome(row.line, remarks=list(row.remarks))
        member = self.members.get(row.email)
        if member is None:
            member = self.members[row.email] = Member(email=row.email)
            self._changed_members[id(member)] = member
        self._plan_entry(row, member, outcome)
        if row.line in self.earlier:
            row = self._what_is_lacking(row, member)
            outcome.remarks.append(
                f"is about the same person as line {self.earlier[row.line]}; "
                "its name and places were taken only where none were known"
            )
        self._plan_names(row, member, outcome)
        self._plan_home(row, member, outcome)
        self._plan_work(row, member, outcome)
        return outcome

    def _what_is_lacking(self, row: RosterRow, member: Member) -> RosterRow:
        """A line about somebody again, without what is known: else two lines would change it to and fro."""
        home = self.places.get((id(member), PlaceKind.HOME))
        work = self.places.get((id(member), PlaceKind.WORK))
        return replace(
            row,
            given_name="" if member.given_name else row.given_name,
            family_name="" if member.family_name else row.family_name,
            home_zip="" if home else row.home_zip,
            work_zip="" if work else row.work_zip,
            institution="" if work else row.institution,
        )

    def _plan_entry(self, row: RosterRow, member: Member, outcome: Outcome) -> None:
        entry = self.entries.get(row.email)
        if entry is None:
            outcome.kind = "added"
            entry = RosterEntry(
                society=self.ground.society, member=member, email=row.email, number=row.number
            )
            self.entries[row.email] = entry
            self._changed_entries.append(entry)
            return
        if entry.left_at is not None:
            entry.left_at = None
            outcome.touch("back on the roster")
        if row.number and entry.number != row.number:
            entry.number = row.number
            outcome.touch(FIELDS["number"])
        if outcome.touched:
            self._changed_entries.append(entry)

    def _plan_names(self, row: RosterRow, member: Member, outcome: Outcome) -> None:
        """A roster names whoever has not signed in; to whoever has, it gives only a name they lack."""
        for name in ("given_name", "family_name"):
            said, known = getattr(row, name), getattr(member, name)
            if said and said != known and (member.user_id is None or not known):
                setattr(member, name, said)
                self._changed_members[id(member)] = member
                outcome.touch(FIELDS[name])

    def _plan_home(self, row: RosterRow, member: Member, outcome: Outcome) -> None:
        place = self._open_place(member, PlaceKind.HOME)
        if not row.home_zip or place is None or place.zip == row.home_zip:
            return
        if not self._on_map(row.home_zip):
            outcome.remarks.append(_unknown(FIELDS["home_zip"]))
            return
        self._match(place, row.home_zip)
        self._keep(place, outcome, FIELDS["home_zip"])

    def _plan_work(self, row: RosterRow, member: Member, outcome: Outcome) -> None:
        place = self._open_place(member, PlaceKind.WORK)
        if place is None or not (row.work_zip or row.institution):
            return
        zip = row.work_zip
        if zip and not self._on_map(zip):
            outcome.remarks.append(_unknown(FIELDS["work_zip"]))
            zip = ""
        before = (place.zip, place.institution_id, place.institution_name)
        known: Known | None = None
        if row.institution:
            states = sorted({state for state, _ in self._parts.get(zip, ())})
            known = self.ground.names.find(row.institution, states)
            same = row.institution == place.institution_name
            zip = zip or (place.zip if same else "") or (known.zip if known else "")
            place.institution_id = known.pk if known else None
            place.institution_name = row.institution
        if before == (zip, place.institution_id, place.institution_name) or not (
            zip or row.institution
        ):
            return
        self._match(place, zip, within=known.state if known and zip in {"", known.zip} else "")
        self._keep(place, outcome, FIELDS["institution" if row.institution else "work_zip"])

    def _open_place(self, member: Member, kind: str) -> Place | None:
        """The place that a roster may write; None where the member has given their own word."""
        place = self.places.get((id(member), kind))
        if place is None:
            return Place(member=member, kind=kind, boundaries=self.ground.boundaries)
        return None if place.said_by_member else place

    def _on_map(self, zip: str) -> bool:
        """Whether the map holds this ZIP, or at least ZIPs that begin with the same three digits."""
        return zip in self._parts or bool(self._near.get(zip))

    def _match(self, place: Place, zip: str, within: str = "") -> None:
        """Match a place to a ZIP, or without one to the state of its institution."""
        areas = [Area(*part) for part in self._parts.get(zip, ())]
        match = match_zip(zip, areas, self._near.get(zip, ()), within=within)
        place.zip, place.state, place.district = zip, match.state, match.district
        place.ambiguous = match.ambiguous and bool(zip)
        place.boundaries = self.ground.boundaries

    def _keep(self, place: Place, outcome: Outcome, label: str) -> None:
        key = (id(place.member), place.kind)
        self.places[key] = self._changed_places[key] = place
        outcome.touch(label)


_MEMBER_FIELDS = ["user", "given_name", "family_name"]
_ENTRY_FIELDS = ["number", "left_at"]
_PLACE_FIELDS = [
    "zip",
    "state",
    "district",
    "ambiguous",
    "institution",
    "institution_name",
    "boundaries",
]


M = TypeVar("M", Member, RosterEntry, Place)


def _write(model: type[M], rows: Sequence[M], fields: list[str]) -> None:
    """Insert the new rows, and write some fields of the others: as an insert that meets its own key."""
    fresh = [row for row in rows if row._state.adding]
    known = [row for row in rows if not row._state.adding]
    model._default_manager.bulk_create(fresh)
    if known:
        model._default_manager.bulk_create(
            known, update_conflicts=True, unique_fields=["pk"], update_fields=fields
        )


def _unknown(label: str) -> str:
    return f"{label}: the map knows no such ZIP code; it was left out"
