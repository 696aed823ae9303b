"""Random lives, of people: who belongs where, where they say that they live, and what they want to hear."""

from __future__ import annotations

import io
import itertools
from collections import Counter

import pytest
from allauth.account.models import EmailAddress
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import rule

from campaigns.models import (
    BoundarySet,
    Member,
    MembershipRequest,
    Notices,
    Participation,
    Place,
    RosterEntry,
    RosterImport,
    Society,
    ZipArea,
)
from campaigns.rules.boundary_files import BoundaryRow
from campaigns.rules.text_files import FileProblem
from campaigns.states import CampaignState
from campaigns.verbs import (
    boundaries,
    invitations,
    joining,
    members,
    notices,
    places,
    requests,
    roster_imports,
)
from campaigns.verbs.places import Said
from campaigns.verbs.rosters import import_roster
from portal import people
from tests.house.life import NUMBER, SELDOM, Life, went
from tests.house.places import REAL_ROWS
from tests.house.post import run_jobs

#: Every ZIP of the map, and some that it does not know or that are none.
ZIPS = st.sampled_from([*sorted({row[0] for row in REAL_ROWS}), "99999", "0", ""])
CHOICES = st.sampled_from(["", "", "KS-1", "KS-2", "NE-3", "UT-2", "TX-7", "KS-?"])
NEW = [f"new{number}@example.org" for number in range(3)]
#: Lines of a roster: people whom everybody knows, in either case, and new ones.
LINES = st.lists(
    st.tuples(
        st.sampled_from(
            [*(f"{name}@example.org" for name in ("mia", "MIA", "otto", "nils", "sam")), *NEW]
        ),
        ZIPS,
        ZIPS,
    ),
    max_size=5,
)


class Comings(Life):
    """The part of a life that rosters, places and wishes play."""

    def society(self, ours: bool) -> Society:
        """One of the two."""
        return self.world.isscr if ours else self.world.rivers

    @rule(
        lines=LINES,
        ours=st.booleans(),
        complete=SELDOM,
        way=st.sampled_from(["command", "command", "page", "twice", "discarded"]),
    )
    def a_roster_is_imported_again(
        self, lines: list[tuple[str, str, str]], ours: bool, complete: bool, way: str
    ) -> None:
        """People join a society, move, leave and come back; the same file twice changes nothing."""
        society = self.society(ours)
        rows = [f"{email},{home},{work}" for email, home, work in lines]
        file = "\n".join(["email,home zip,work zip", *rows]).encode()
        if not lines:
            before = rosters_now()
            with pytest.raises(FileProblem):
                import_file(society, file, complete)
            assert rosters_now() == before
            return
        if way in ("page", "discarded"):
            self.by_the_page(society, file, complete, keep=way == "page")
        else:
            import_file(society, file, complete)
        if way == "twice":
            before = rosters_now()
            counts = import_file(society, file, complete)
            assert rosters_now() == before
            assert counts["added"] + counts["gone"] == 0
            # Where one person stands in a file twice, under two addresses, either line changes the other's.
            once = Counter(society.roster.here().values_list("member", flat=True))
            assert counts["changed"] == 0 or max(once.values()) > 1
        if way == "discarded":
            return
        went("import_roster")
        named = {email.lower() for email, _, _ in lines}
        self.rosters[society.pk] = named | (set() if complete else self.rosters[society.pk])
        if way != "page":
            invitations.look_again(campaign=self.world.campaign)

    def by_the_page(self, society: Society, file: bytes, complete: bool, *, keep: bool) -> None:
        """Brought by a coordinator, corrected, and confirmed or discarded."""
        by = self.world.ana if society == self.world.isscr else self.world.rita
        upload: RosterImport = roster_imports.receive_roster(
            by=by, society=society, file=io.BytesIO(file), size=len(file)
        )
        roster_imports.correct_columns(
            by=by, roster_import=upload, header_map={}, complete=complete
        )
        if keep:
            roster_imports.confirm_import(by=by, roster_import=upload)
            run_jobs()
        else:
            roster_imports.discard_import(by=by, roster_import=upload)
        went("confirm_import" if keep else "discard_import")

    @rule(number=NUMBER, home=ZIPS, work=ZIPS, choice=CHOICES)
    def a_member_says_where(self, number: int, home: str, work: str, choice: str) -> None:
        """The member's own word on both places, with or without choosing where a ZIP has several parts."""
        member = self.person(number)
        assert member.user is not None
        with transaction.atomic():
            places.set_places(
                by=member.user,
                member=member,
                home=Said(zip=home if len(home) == 5 else "", choice=choice),
                work=Said(zip=work if len(work) == 5 else "", choice=choice),
            )
        went("set_places")

    @rule(
        number=NUMBER,
        which=NUMBER,
        verb=st.sampled_from(["unsubscribe", "resubscribe", "wish", "unwish", "join"]),
    )
    def a_member_wants_to_hear(self, number: int, which: int, verb: str) -> None:
        """Or not to hear any more; or joins at once, and tells nothing yet."""
        member, campaign = self.person(number), self.campaign(which)
        user = member.user
        assert user is not None
        if verb in ("unsubscribe", "resubscribe"):
            deed = getattr(invitations, verb)
            self.goes(verb, lambda: deed(by=user, member=member))
        else:
            before = Participation.objects.count()
            deed = getattr(joining, verb)
            self.goes(verb, lambda: deed(by=user, member=member, campaign=campaign))
            if self.campaigns[campaign.pk] != CampaignState.RUNNING:
                assert Participation.objects.count() == before

    @rule(number=NUMBER)
    def somebody_looks_for_their_own_record(self, number: int) -> None:
        """Made on the first of their pages; there is one, however often they look."""
        world = self.world
        by = [world.sam, world.ana, world.mia, world.nils][number % 4]
        if self.goes("own_member", lambda: members.own_member(by=by)):
            assert Member.objects.filter(user=by).count() == 1

    @rule(number=NUMBER, new=st.sampled_from(NEW))
    def somebody_proves_an_address(self, number: int, new: str) -> None:
        """What stands under it becomes theirs."""
        world = self.world
        user = [world.mia, world.otto, world.nils, world.sam][number % 4]
        address, fresh = EmailAddress.objects.get_or_create(
            email=new, defaults={"user": user, "verified": True}
        )
        if fresh or address.user_id == user.pk:
            members.adopt(user, new)
            went("adopt")
            for entry in RosterEntry.objects.filter(email=new).select_related("member"):
                assert entry.member.user_id == user.pk

    @rule(number=NUMBER, ours=st.booleans())
    def somebody_asks_to_be_added(self, number: int, ours: bool) -> None:
        """To either society's roster."""
        world = self.world
        user = [world.sam, world.sam, world.mia, world.otto, world.nils][number % 5]
        society = self.society(ours)
        self.goes(
            "ask_to_be_added",
            lambda: requests.ask_to_be_added(by=user, society=society, note="I am one of you."),
        )

    @rule(number=NUMBER, verb=st.sampled_from(["accept_request", "refuse_request"]))
    def a_coordinator_answers_a_request(self, number: int, verb: str) -> None:
        """Once."""
        found = list(MembershipRequest.objects.select_related("user", "society").order_by("pk"))
        if not found:
            return
        request = found[number % len(found)]
        by = self.world.ana if request.society == self.world.isscr else self.world.rita
        waits = request.state == "asked"
        deed = getattr(requests, verb)
        done = self.goes(verb, lambda: deed(by=by, request=request))
        assert done == waits
        if done and verb == "accept_request":
            self.rosters[request.society_id].add(request.user.email)

    @rule(
        deed=st.sampled_from(["choose_notices", "rename"]),
        notice=st.sampled_from(list(Notices)),
    )
    def an_office_changes(self, deed: str, notice: Notices) -> None:
        """How coordinators hear of things, and what they are called."""
        world = self.world
        if deed == "choose_notices":
            chosen = {world.rivers.pk: str(notice)}
            notices.choose_notices(by=world.rita, choices=chosen)
        else:
            people.rename(by=world.ben, name=f"Ben {notice}")
        went(deed)

    @rule(split=st.booleans())
    def a_new_map_is_loaded(self, split: bool) -> None:
        """After a redistricting: what it leaves open is open, and what counted on joining stays."""
        joined = list(Participation.objects.order_by("pk").values_list("state", "district"))
        more = [("66045", "KS", 2, "Lawrence"), ("84112", "UT", 2, "Salt Lake City")]
        rows = [BoundaryRow(*row) for row in (*REAL_ROWS, *(more if split else ()))]
        name = f"Edition {BoundarySet.objects.count() + 1}"
        boundaries.load_boundaries(by=None, name=name, source="", licence="", rows=rows)
        list(boundaries.rematch_places(by=None))
        went("load_boundaries, rematch_places")
        assert not Place.objects.exclude(zip="").exclude(boundaries__name=name).exists()
        assert joined == list(Participation.objects.order_by("pk").values_list("state", "district"))

    def check_people(self) -> None:
        """Rosters as in the model; a place that the map leaves open is never guessed."""
        here: dict[int, set[str]] = {}
        entries = RosterEntry.objects.filter(left_at=None).values_list("society", "email")
        for society, email in entries:
            here.setdefault(society, set()).add(email)
        assert here == {society: found for society, found in self.rosters.items() if found}
        parts = map_now()
        for zip_, state, district, ambiguous, said in Place.objects.values_list(
            "zip", "state", "district", "ambiguous", "said_by_member"
        ):
            known = parts.get(zip_, set())
            if len(known) > 1 and not (said and (state, district) in known and not ambiguous):
                states = {part for part, _ in known}
                assert ambiguous
                assert district is None
                certain = states if len(states) == 1 else {""}
                assert state in (certain | states if said else certain)


def import_file(society: Society, file: bytes, complete: bool) -> dict[str, int]:
    """As the command does; returns what the report counts."""
    *_, report = import_roster(by=None, society=society, file=io.BytesIO(file), complete=complete)
    return dict(report.counts) | {k: report.counts[k] for k in ("added", "changed", "gone")}


def rosters_now() -> list[tuple[object, ...]]:
    """Everything that a roster writes, row by row."""
    entries = RosterEntry.objects.order_by("pk").values_list(
        "society", "member", "email", "left_at"
    )
    where = Place.objects.order_by("pk").values_list("member", "kind", "zip", "state", "district")
    return list(itertools.chain(entries, where))


def map_now() -> dict[str, set[tuple[str, int | None]]]:
    """The parts of each ZIP on the current map."""
    parts: dict[str, set[tuple[str, int | None]]] = {}
    areas = ZipArea.objects.filter(boundaries__is_current=True)
    for zip_, state, district in areas.values_list("zip", "state", "district"):
        parts.setdefault(zip_, set()).add((state, district))
    return parts
