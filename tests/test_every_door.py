"""Everybody at every door: who may, who may not, who is too late, and what a forger gets.

The tables name every URL of ours. A new one without a line here fails, and so does a line that no
longer is true. People come from two halves of the coalition that must not see each other: see
tests/house/sides.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.db import transaction
from django.test import Client, override_settings
from django.urls import reverse
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from campaigns.models import Coordinator, Member, PartnerUser, RosterEntry
from portal import access
from portal.models import User
from stories.models import Story
from stories.verbs import tokens
from tests.house.addresses import (
    Arguments,
    address,
    arguments,
    late_arguments,
    own_names,
    sent_to,
)
from tests.house.knocking import (
    LOGIN,
    SIGN_IN,
    Knocker,
    expected,
    forged_fields,
    keys_now,
    picture_of,
    status_of,
)
from tests.house.people import client_of, make_world
from tests.house.sides import ROSTER, Coalition, Side, make_coalition

pytestmark = [pytest.mark.xdist_group("doors"), pytest.mark.slow, pytest.mark.django_db]

# --- Who may: (at side A's, at side B's, everybody else). Who is not signed in signs in first. ----
#
# A: mia wrote it, ana coordinates, lee leads (and coordinates), paula's partner holds it.
# B: nils, rita, lena, fay. sam has no tie, olga operates. Where an address is about nothing in
# particular, it stands under A.

Table = dict[str, tuple[str, str, int]]

PORTAL: Table = {
    "GET demo": ("404 nobody", "", 404),
    "GET demo_mail": ("404 nobody", "", 404),
    "GET demo_message": ("404 nobody", "404 nobody", 404),
    "GET demo_message_html": ("404 nobody", "404 nobody", 404),
    "POST demo_sign_in": ("404 nobody", "", 404),
    "POST end_all_sessions": ("", "", 302),
    "POST end_other_sessions": ("", "", 302),
    "POST end_session": ("302 mia", "302 nils", 404),
    "GET given_up_jobs": ("200 olga", "", 403),
    "GET given_up_messages": ("200 olga", "", 403),
    "GET home": ("200 nobody sam", "", 302),
    "GET live": ("200 nobody", "", 200),
    "GET metrics": ("404 nobody", "", 404),
    "GET old_sessions": ("", "", 302),
    "POST old_sessions": ("", "", 302),
    "GET operator": ("200 olga", "", 403),
    "GET own_data": ("", "", 200),
    "GET privacy": ("200 nobody", "", 200),
    "GET profile": ("", "", 200),
    "GET ready": ("503 nobody", "", 503),
    "POST rename": ("", "", 302),
    "POST retry_job": ("302 olga", "302 olga", 404),
    "POST retry_jobs": ("302 olga", "", 403),
    "POST retry_message": ("302 olga", "302 olga", 404),
    "POST retry_messages": ("302 olga", "", 403),
    "GET sessions": ("", "", 200),
    "GET signing_key": ("200 nobody", "200 nobody", 200),
    "GET signing_keys": ("200 nobody", "", 200),
}

CAMPAIGNS: Table = {
    "POST campaigns:accept_request": ("302 ana lee", "302 rita lena", 404),
    "GET campaigns:add_phase": ("200 lee", "200 lena", 404),
    "POST campaigns:add_phase": ("302 lee", "302 lena", 404),
    "GET campaigns:add_prompt": ("200 lee", "200 lena", 404),
    "POST campaigns:add_prompt": ("302 lee", "302 lena", 404),
    "POST campaigns:ask_to_be_added": ("", "", 302),
    "GET campaigns:basics": ("200 lee", "200 lena", 404),
    "POST campaigns:basics": ("302 lee", "302 lena", 404),
    "GET campaigns:campaign": ("200 mia nils ana rita lee lena", "200 nils rita lena", 404),
    "GET campaigns:change_phase": ("200 lee", "200 lena", 404),
    "POST campaigns:change_phase": ("302 lee", "302 lena", 404),
    "GET campaigns:change_prompt": ("200 lee", "200 lena", 404),
    "POST campaigns:change_prompt": ("302 lee", "302 lena", 404),
    "POST campaigns:confirm_roster": ("302 ana lee", "302 rita lena", 404),
    "GET campaigns:consent": ("200 lee", "200 lena", 404),
    "POST campaigns:consent": ("403 nobody; 302 lee", "403 nobody; 302 lena", 404),
    "POST campaigns:delete_prompt": ("302 lee", "302 lena", 404),
    "POST campaigns:end": ("302 lee", "302 lena", 404),
    "GET campaigns:end_page": ("200 lee", "200 lena", 404),
    "GET campaigns:institutions": ("", "", 200),
    "GET campaigns:invitation": ("200 nobody", "200 nobody", 200),
    "POST campaigns:join": ("307 mia nils", "307 nils", 404),
    "GET campaigns:lead": ("200 lee lena", "", 403),
    "POST campaigns:lead_partner": ("302 lee", "302 lena", 404),
    "GET campaigns:leads": ("200 lee", "200 lena", 404),
    "POST campaigns:leads": ("302 lee", "302 lena", 404),
    "GET campaigns:list": ("", "", 200),
    "POST campaigns:move_prompt": ("302 lee", "302 lena", 404),
    "GET campaigns:my_societies": ("", "", 200),
    "GET campaigns:new": ("200 lee lena", "", 403),
    "POST campaigns:new": ("302 lee lena", "", 403),
    "GET campaigns:notices": ("200 ana rita lee lena", "", 403),
    "GET campaigns:partners": ("200 lee", "200 lena", 404),
    "POST campaigns:partners": ("302 lee", "302 lena", 404),
    "GET campaigns:phases": ("200 lee", "200 lena", 404),
    "GET campaigns:places": ("", "", 200),
    "GET campaigns:prompts": ("200 lee", "200 lena", 404),
    "GET campaigns:reach": ("200 lee", "200 lena", 404),
    "POST campaigns:refuse_request": ("302 ana lee", "302 rita lena", 404),
    "POST campaigns:remove_lead": ("302 lee", "302 lena", 404),
    "POST campaigns:remove_partner": ("302 lee", "302 lena", 404),
    "POST campaigns:remove_phase": ("302 lee", "302 lena", 404),
    "POST campaigns:remove_society": ("302 lee", "302 lena", 404),
    "GET campaigns:requests": ("200 ana rita lee lena", "", 403),
    "POST campaigns:resubscribe": ("302 nobody", "302 nobody", 302),
    "POST campaigns:retire_prompt": ("302 lee", "302 lena", 404),
    "GET campaigns:rhythm": ("200 lee", "200 lena", 404),
    "POST campaigns:rhythm": ("302 lee", "302 lena", 404),
    "GET campaigns:roster": ("200 ana lee", "200 rita lena", 404),
    "GET campaigns:roster_import": ("200 ana lee", "200 rita lena", 404),
    "GET campaigns:roster_lines": ("200 ana lee", "200 rita lena", 404),
    "GET campaigns:rosters": ("302 ana rita lee lena", "", 403),
    "POST campaigns:save_notices": ("302 ana rita lee lena", "", 403),
    "POST campaigns:save_places": ("", "", 302),
    "POST campaigns:send_roster": ("302 ana lee", "302 rita lena", 404),
    "POST campaigns:set_columns": ("302 ana lee", "302 rita lena", 404),
    "GET campaigns:setup": ("200 lee", "200 lena", 404),
    "GET campaigns:societies": ("200 lee", "200 lena", 404),
    "POST campaigns:societies": ("302 lee", "302 lena", 404),
    "POST campaigns:start": ("302 lee", "302 lena", 404),
    "GET campaigns:start_page": ("200 lee", "200 lena", 404),
    "GET campaigns:unsubscribe": ("200 nobody", "200 nobody", 200),
    "POST campaigns:unsubscribe": ("302 nobody", "302 nobody", 302),
    "POST campaigns:unwish": ("302 mia nils", "302 nils", 404),
    "GET campaigns:upload_roster": ("200 ana lee", "200 rita lena", 404),
    "POST campaigns:wish": ("400 mia nils", "400 nils", 404),
    "GET campaigns:zip_choices": ("", "", 200),
    "POST campaigns:discard_roster": ("302 ana lee", "302 rita lena", 404),
}

STORIES: Table = {
    "POST stories:accept_edit": ("302 mia", "302 nils", 404),
    "POST stories:acknowledge": ("302 paula", "302 fay", 404),
    "POST stories:adopt": ("302 mia", "302 nils", 404),
    "POST stories:answer_recall": ("302 paula", "302 fay", 404),
    "POST stories:approve": ("302 ana lee", "302 rita lena", 404),
    "POST stories:ask_changes": ("302 ana lee", "302 rita lena", 404),
    "GET stories:batch": ("200 paula", "200 fay", 404),
    "GET stories:batch_file": ("200 paula", "200 fay", 404),
    "GET stories:begin": ("200 mia", "200 nils", 404),
    "POST stories:begin": ("302 mia", "302 nils", 404),
    "POST stories:claim": ("302 ana lee", "302 rita lena", 404),
    "GET stories:consents": ("200 mia", "200 nils", 404),
    "POST stories:consents": ("302 mia", "302 nils", 404),
    "POST stories:decline": ("302 ana lee", "302 rita lena", 404),
    "POST stories:edit": ("403 nobody; 302 ana lee", "403 nobody; 302 rita lena", 404),
    "POST stories:hand_back": ("302 ana lee", "302 rita lena", 404),
    "GET stories:inbox": ("200 paula fay", "", 403),
    "GET stories:coverage": ("200 ana rita lee lena", "200 rita lena", 404),
    "GET stories:lead_batch": ("200 lee", "200 lena", 404),
    "GET stories:lead_batches": ("200 lee", "200 lena", 404),
    "GET stories:lead_campaigns": ("200 lee lena", "", 403),
    "GET stories:lead_next": ("200 lee", "200 lena", 404),
    "GET stories:lead_photo": ("200 lee", "200 lena", 404),
    "GET stories:lead_stories": ("200 lee", "200 lena", 404),
    "GET stories:lead_story": ("200 lee", "200 lena", 404),
    "GET stories:library": ("200 paula fay", "", 403),
    "GET stories:library_export": ("200 paula fay", "200 paula fay", 404),
    "GET stories:library_photo": ("200 paula", "200 fay", 404),
    "GET stories:library_sheet": ("200 paula fay", "", 403),
    "GET stories:library_story": ("200 paula", "200 fay", 404),
    "GET stories:mine": ("200 mia nils", "", 403),
    "POST stories:note": ("302 ana lee", "302 rita lena", 404),
    "POST stories:photo": ("302 mia", "302 nils", 404),
    "GET stories:photo_file": ("200 mia", "200 nils", 404),
    "POST stories:photo_remove": ("302 mia", "302 nils", 404),
    "GET stories:preview": ("200 mia", "200 nils", 404),
    "POST stories:preview": ("302 mia", "302 nils", 404),
    "GET stories:queue": ("200 ana rita lee lena", "", 403),
    "GET stories:recall": ("200 paula", "200 fay", 404),
    "GET stories:recalls": ("200 paula fay", "", 403),
    "POST stories:refuse_edit": ("302 mia", "302 nils", 404),
    "GET stories:review": ("200 ana lee", "200 rita lena", 404),
    "GET stories:review_photo": ("200 ana lee", "200 rita lena", 404),
    "POST stories:revoke_token": ("302 paula", "302 fay", 404),
    "POST stories:save": ("302 mia", "302 nils", 404),
    "POST stories:seal": ("302 lee", "302 lena", 404),
    "GET stories:sign_off": ("200 mia", "200 nils", 404),
    "GET stories:story": ("200 mia", "200 nils", 404),
    "POST stories:submit": ("302 mia", "302 nils", 404),
    "POST stories:tags": ("302 ana lee", "302 rita lena", 404),
    "POST stories:take_next": ("302 ana rita lee lena", "", 403),
    "GET stories:tokens": ("200 paula fay", "", 403),
    "POST stories:tokens": ("200 paula fay", "", 403),
    "GET stories:verify_script": ("200 nobody", "", 200),
    "GET stories:withdraw": ("200 mia", "200 nils", 404),
    "POST stories:withdraw": ("302 mia", "302 nils", 404),
    "GET stories:write": ("200 mia", "200 nils", 404),
}

BY_KEY: Table = {
    "POST stories:api:acknowledge": ("401 nobody", "401 nobody", 401),
    "POST stories:api:answer_recall": ("401 nobody", "401 nobody", 401),
    "GET stories:api:api-root": ("404 nobody", "", 404),
    "POST stories:api:api-root": ("404 nobody", "", 404),
    "GET stories:api:batch": ("401 nobody", "401 nobody", 401),
    "GET stories:api:batches": ("401 nobody", "", 401),
    "GET stories:api:changes": ("401 nobody", "", 401),
    "GET stories:api:file": ("401 nobody", "401 nobody", 401),
    "GET stories:api:openapi-json": ("200 nobody", "", 200),
    "POST stories:api:openapi-json": ("200 nobody", "", 200),
    "GET stories:api:recalls": ("401 nobody", "", 401),
}

#: The same for things with which it is too late.
LATE: Table = {
    "GET stories:write": ("409 mia", "409 nils", 404),
    "POST stories:save": ("409 mia", "409 nils", 404),
    "POST stories:photo": ("409 mia", "409 nils", 404),
    "POST stories:photo_remove": ("409 mia", "409 nils", 404),
    "GET stories:preview": ("409 mia", "409 nils", 404),
    "POST stories:preview": ("409 mia", "409 nils", 404),
    "POST stories:submit": ("409 mia", "409 nils", 404),
    "GET stories:consents": ("409 mia", "409 nils", 404),
    "POST stories:consents": ("409 mia", "409 nils", 404),
    "GET stories:withdraw": ("302 mia", "302 nils", 404),
    "POST stories:withdraw": ("409 mia", "409 nils", 404),
    "POST stories:approve": ("409 ana lee", "409 rita lena", 404),
    "POST stories:ask_changes": ("409 ana lee", "409 rita lena", 404),
    "POST stories:decline": ("409 ana lee", "409 rita lena", 404),
    "POST stories:edit": ("403 nobody; 409 ana lee", "403 nobody; 409 rita lena", 404),
    "POST stories:accept_edit": ("409 mia", "409 nils", 404),
    "POST stories:refuse_edit": ("409 mia", "409 nils", 404),
    "POST stories:claim": ("409 ana lee", "409 rita lena", 404),
    "POST stories:hand_back": ("409 ana lee", "409 rita lena", 404),
    "GET stories:batch_file": ("409 paula", "409 fay", 404),
    "POST stories:acknowledge": ("409 paula", "409 fay", 404),
    "POST stories:answer_recall": ("409 paula", "409 fay", 404),
    "GET stories:api:file": ("401 nobody", "401 nobody", 401),
    "POST stories:api:acknowledge": ("401 nobody", "401 nobody", 401),
    "POST stories:api:answer_recall": ("401 nobody", "401 nobody", 401),
    "POST campaigns:start": ("409 lee", "409 lena", 404),
    "POST campaigns:end": ("409 lee", "409 lena", 404),
    "POST campaigns:remove_partner": ("409 lee", "409 lena", 404),
    "POST campaigns:remove_phase": ("409 lee", "409 lena", 404),
    "POST campaigns:delete_prompt": ("409 lee", "409 lena", 404),
    "POST campaigns:accept_request": ("409 ana lee", "409 rita lena", 404),
    "POST campaigns:refuse_request": ("409 ana lee", "409 rita lena", 404),
    "POST campaigns:set_columns": ("409 ana lee", "409 rita lena", 404),
    "POST campaigns:confirm_roster": ("409 ana lee", "409 rita lena", 404),
    "POST campaigns:discard_roster": ("409 ana lee", "409 rita lena", 404),
    "POST retry_message": ("409 olga", "409 olga", 404),
    "POST retry_job": ("409 olga", "409 olga", 404),
}

DOORS: Table = PORTAL | CAMPAIGNS | STORIES | BY_KEY

#: Who brings side A's things about, by the side's own people first.
B_PEOPLE = frozenset({"nils", "rita", "lena", "fay"})


# --- The ground ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the coalition's files lie."""
    return tmp_path_factory.mktemp("doors")


@pytest.fixture(scope="module")
def made(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, ground: Path
) -> Iterator[Coalition]:
    """The coalition, made once and rolled back after the module's last test."""
    own = override_settings(MEDIA_ROOT=str(ground), MAIL_DIR=ground / "mail")
    with django_db_blocker.unblock(), transaction.atomic():
        with own:
            coalition = make_coalition(make_world())
        yield coalition
        transaction.set_rollback(True)


class Hall:
    """The coalition with a browser for everybody, and every address."""

    def __init__(self, coalition: Coalition) -> None:
        self.coalition = coalition
        self.users = coalition.people()
        self.people = {name: Knocker(user) for name, user in self.users.items()}
        self.sides = (coalition.a, coalition.b)
        self.about = tuple(arguments(coalition, side) for side in self.sides)
        self.late = tuple(late_arguments(coalition, side) for side in self.sides)

    def side_of(self, name: str, number: int, found: Arguments, person: str) -> Side:
        """Whose words are sent: those of the address's side; without a side, the person's own."""
        if found.get(name):
            return self.sides[number]
        return self.sides[1 if person in B_PEOPLE else 0]

    def knock(
        self, line: str, number: int, person: str, *, late: bool = False, **forged: Any
    ) -> Any:
        """One person's answer at one side's address of a line such as "POST stories:claim"."""
        method, name = line.split()
        found = (self.late if late else self.about)[number]
        sent = sent_to(self.side_of(name, number, found, person), name, found.get(name, ()))
        return self.people[person].knock(
            method, address(name, found), sent | forged, json=":api:" in name
        )

    def statuses(self, line: str, number: int, *, late: bool = False) -> dict[str, str]:
        """Everybody's status at one side's address."""
        return {
            person: status_of(self.knock(line, number, person, late=late)) for person in self.people
        }


@pytest.fixture
def hall(made: Coalition, ground: Path, db: None, settings: Settings) -> Hall:
    settings.MEDIA_ROOT = str(ground)
    for side in (made.a, made.b):  # a file that a test discarded comes back with its row
        (ground / str(side.upload.file)).write_bytes(ROSTER)
    settings.DEMAND_SECOND_FACTOR = False
    return Hall(made)


def may(line: str, person: str, number: int = 0) -> bool:
    """Whether the tables let somebody do it."""
    cells, rest = DOORS[line][:2], DOORS[line][2]
    return expected(cells[number], rest, [person])[person] in {"200", "302"}


def who_may(line: str) -> list[tuple[str, int]]:
    """Everybody whom a line lets in, with the side at whose address."""
    everybody = [
        "nobody",
        "sam",
        "mia",
        "nils",
        "ana",
        "rita",
        "lee",
        "lena",
        "paula",
        "fay",
        "olga",
    ]
    sides = (0, 1) if DOORS[line][1] else (0,)
    return [(who, number) for number in sides for who in everybody if may(line, who, number)]


# --- Who may ------------------------------------------------------------------------------------


def test_every_url_of_ours_stands_in_the_tables() -> None:
    assert {line.split()[1] for line in DOORS} == own_names()
    assert LATE.keys() <= DOORS.keys()


@pytest.mark.parametrize("table", [PORTAL, CAMPAIGNS, STORIES, BY_KEY], ids=["p", "c", "s", "key"])
def test_everybody_at_every_door(hall: Hall, table: Table) -> None:
    found, told = {}, {}
    for line, (*cells, rest) in table.items():
        for number, cell in enumerate(cells):
            if number and not hall.about[1].get(line.split()[1]):
                continue
            told[line, number] = expected(cell, rest, list(hall.people))
            found[line, number] = hall.statuses(line, number)
    assert differences(found, told) == []


def test_who_comes_too_late_is_told_so_and_nobody_else_learns_of_it(hall: Hall) -> None:
    found, told = {}, {}
    for line, (*cells, rest) in LATE.items():
        for number, cell in enumerate(cells):
            told[line, number] = expected(cell, rest, list(hall.people))
            found[line, number] = hall.statuses(line, number, late=True)
    assert differences(found, told) == []


def differences(found: dict[Any, dict[str, str]], told: dict[Any, dict[str, str]]) -> list[str]:
    """Where an answer is not the one that the table names."""
    return [
        f"{line} at {'AB'[number]}: {person} got {status}, not {told[line, number][person]}"
        for (line, number), statuses in found.items()
        for person, status in statuses.items()
        if status != told[line, number][person]
    ]


def test_a_method_that_a_door_does_not_take_is_405_for_whoever_may_come_in(hall: Hall) -> None:
    wrong = []
    for line in DOORS:
        method, name = line.split()
        other = f"{'POST' if method == 'GET' else 'GET'} {name}"
        if other in DOORS or not who_may(line):
            continue
        person, number = who_may(line)[-1]
        path = address(name, hall.about[number])
        found = {
            who: status_of(hall.people[who].knock(other.split()[0], path))
            for who in {"nobody", "sam", person}
        }
        if found[person] != "405" or not set(found.values()) <= {"405", "404", "403", LOGIN}:
            wrong.append((other, found))
    assert wrong == []


#: Side B's partner and members take part in side A's campaign as well, so these are real.
SHARED = {("stories:lead_next", 0), ("stories:seal", 0), ("campaigns:invitation", 1)}


@pytest.mark.parametrize("number", [0, 1], ids=["A", "B"])
def test_what_lies_in_one_house_is_not_found_through_the_door_of_another(
    hall: Hall, number: int
) -> None:
    """The first part of the address is the person's own, the rest is the other side's."""
    own, other = hall.about[number], hall.about[1 - number]
    asked = 0
    for line in DOORS:
        method, name = line.split()
        mixed = (*own.get(name, ())[:1], *other.get(name, ())[1:])
        if len(mixed) < 2 or mixed in (own[name], other[name]) or (name, number) in SHARED:
            continue
        for person in {who for who, where in who_may(line) if where == number} - {"nobody"}:
            sent = sent_to(hall.sides[number], name, mixed)
            answer = hall.people[person].knock(method, reverse(name, args=mixed), sent)
            assert answer.status_code == 404, (line, person)
            asked += 1
    assert asked > 25


def test_a_part_of_a_page_tells_a_stranger_nothing(hall: Hall) -> None:
    stranger = Knocker(None, headers={"HX-Request": "true"})
    for line in PORTAL | CAMPAIGNS | STORIES:
        method, name = line.split()
        row = access.row_named(name)
        if row is not None and row.role is not None:
            answer = stranger.knock(method, address(name, hall.about[0]))
            assert (answer.status_code, answer.content) == (401, b""), line  # type: ignore[attr-defined]


# --- Keys of programs ---------------------------------------------------------------------------

#: By key instead of by session: (with paula's key, with fay's), at side A's address.
KEYS = {
    "GET stories:api:batches": (200, 200),
    "GET stories:api:batch": (200, 404),
    "GET stories:api:file": (200, 404),
    "POST stories:api:acknowledge": (200, 404),
    "GET stories:api:changes": (200, 200),
    "GET stories:api:recalls": (200, 200),
    "POST stories:api:answer_recall": (200, 404),
}


def with_key(key: str) -> Knocker:
    return Knocker(None, headers={"Authorization": f"Bearer {key}"})


def test_a_key_opens_what_its_officer_may_and_nothing_on_the_pages(hall: Hall) -> None:
    assert KEYS.keys() | {"GET stories:api:api-root"} == {
        line
        for line in BY_KEY
        if "openapi" not in line and not line.startswith("POST stories:api:api")
    }
    paula, fay = with_key(hall.sides[0].key), with_key(hall.sides[1].key)
    nobody = (with_key("storybank_guessed"), with_key(""), Knocker(None, headers={}))
    for line, (own, foreign) in KEYS.items():
        method, name = line.split()
        path, sent = address(name, hall.about[0]), sent_to(hall.sides[0], name, ())
        assert paula.knock(method, path, sent, json=True).status_code == own, line
        assert fay.knock(method, path, sent, json=True).status_code == foreign, line
        for stranger in nobody:
            assert stranger.knock(method, path, sent, json=True).status_code == 401, line
    for line in ("GET stories:inbox", "GET stories:batch", "GET stories:tokens"):
        name = line.split()[1]
        assert status_of(paula.knock("GET", address(name, hall.about[0]))) == LOGIN


def test_with_a_key_too_one_can_be_too_late(hall: Hall) -> None:
    for line in ("GET file", "POST acknowledge", "POST answer_recall"):
        method, name = line.split()
        name = f"stories:api:{name}"
        for side, status in zip(hall.sides, (409, 404), strict=True):
            answer = with_key(side.key).knock(
                method, address(name, hall.late[0]), sent_to(side, name, ()), json=True
            )
            assert answer.status_code == status, line


@pytest.mark.parametrize("how", ["revoked", "tie gone", "deactivated"])
def test_a_key_ends_with_what_it_stands_for(hall: Hall, how: str) -> None:
    side, program = hall.sides[0], with_key(hall.sides[0].key)
    path = reverse("stories:api:batches")
    assert program.ask("GET", path).status_code == 200
    if how == "revoked":
        tokens.revoke_token(by=side.world.paula, token=side.token)
    elif how == "tie gone":
        PartnerUser.objects.filter(user=side.world.paula).delete()
    else:
        User.objects.filter(pk=side.world.paula.pk).update(is_active=False)
    assert program.ask("GET", path).status_code == 401


# --- The operators' admin -----------------------------------------------------------------------


def admin_paths() -> Iterator[str]:
    """Every page of the admin, with the first row of each table where one is needed."""
    yield from (reverse("admin:index"), reverse("admin:password_change"), reverse("admin:jsi18n"))
    for model in admin.site._registry:
        stem = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{stem}_changelist")
        yield reverse(f"{stem}_add")
        row = model._default_manager.order_by("pk").first()
        if row is not None:
            for page in ("change", "delete", "history"):
                yield reverse(f"{stem}_{page}", args=[row.pk])


SOME = ("nobody", "lee", "paula", "olga")


def test_the_admin_is_open_to_operators_alone(hall: Hall) -> None:
    paths = list(admin_paths())
    assert len(paths) > 30
    for number, path in enumerate(paths):
        asking = hall.people if number == 0 else {who: hall.people[who] for who in SOME}
        found = {who: status_of(person.knock("GET", path)) for who, person in asking.items()}
        assert found.pop("nobody") == LOGIN, path
        # Some rows are nobody's to add or delete.
        assert found.pop("olga") in {"200", "302", "403"}, path
        assert set(found.values()) == {"403"}, path


# --- Forgers ------------------------------------------------------------------------------------

#: What may be posted without a token of ours: RFC 8058's way out (a secret address), and programs.
WITHOUT_TOKEN = {"campaigns:unsubscribe", *(line.split()[1] for line in BY_KEY)}
#: What its address alone lets in, from wherever it is called: it changes nothing.
HARMLESS = {"old_sessions"}


def posts() -> list[str]:
    return [line for line in DOORS if line.startswith("POST ")]


def test_every_form_needs_its_token(hall: Hall) -> None:
    for line in posts():
        name = line.split()[1]
        if name in WITHOUT_TOKEN:
            continue
        for person, number in who_may(line)[:1]:
            strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
            strict.cookies = client_of(hall.users[person]).cookies
            side = hall.side_of(name, number, hall.about[number], person)
            sent = sent_to(side, name, hall.about[number].get(name, ()))
            with transaction.atomic():
                answer = strict.post(address(name, hall.about[number]), sent)
                transaction.set_rollback(True)
            assert answer.status_code == 403, line
            assert "portal/csrf_failed.html" in [part.name for part in answer.templates], line


def test_the_way_out_of_invitations_needs_none_and_no_session_opens_the_api(hall: Hall) -> None:
    strict = Client(enforce_csrf_checks=True)
    path = address("campaigns:unsubscribe", hall.about[0])
    with transaction.atomic():
        answer = strict.post(path, {"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, answer.content) == (200, b"You will get no more invitations.")
        assert Member.objects.get(pk=hall.sides[0].world.mia_member.pk).no_invitations_since
        transaction.set_rollback(True)
    for line in KEYS:
        assert hall.knock(line, 0, "paula").status_code == 401


EVIL = ("//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)")
ONWARD = ("next", "back", "redirect_to", "return_to", "url", "continue", "referer")


def stays(answer: Any) -> bool:
    """Whether an answer leads nowhere, or to a path of this site."""
    onward = answer.get("Location", "/")
    return onward.startswith("/") and not onward.startswith(("//", "/\\"))


def test_no_door_leads_out_of_the_house(hall: Hall) -> None:
    for line in DOORS:
        for person, number in who_may(line)[:1]:
            method, name = line.split()
            if name.startswith("stories:api:"):
                continue
            side = hall.side_of(name, number, hall.about[number], person)
            for evil in EVIL[:2]:
                sent = sent_to(side, name, hall.about[number].get(name, ()))
                knocker = hall.people[person]
                knocker.headers = {"Referer": f"https:{evil}" if evil[0] == "/" else evil}
                path = address(name, hall.about[number])
                query = "&".join(f"{key}={evil}" for key in ONWARD)
                answer = knocker.knock(
                    method, f"{path}?{query}", dict.fromkeys(ONWARD, evil) | sent
                )
                knocker.headers = {}
                assert stays(answer), (line, evil, answer["Location"])
                assert answer.status_code < 400, line


@pytest.mark.parametrize("evil", EVIL)
def test_neither_review_nor_sign_in_nor_sign_out_leads_out(hall: Hall, evil: str) -> None:
    answer = hall.knock("POST stories:claim", 0, "ana", back=evil)
    assert (answer.status_code, stays(answer)) == (302, True)
    mia = User.objects.get(pk=hall.sides[0].world.mia.pk)
    mia.set_password("a long enough one")
    mia.save()
    typed = {"login": mia.email, "password": "a long enough one", "next": evil}
    answer = Client().post(f"{SIGN_IN}?next={evil}", typed)
    assert (answer.status_code, stays(answer)) == (302, True)
    assert stays(client_of(mia).post("/accounts/logout/", {"next": evil}))


@pytest.mark.parametrize("path", ["//evil.example/me/", "/%2F%2Fevil.example/", "//evil.example"])
def test_no_address_is_taken_for_another_site(hall: Hall, path: str) -> None:
    assert stays(Client().get(path))


#: Names of columns that a form of ours has as well, and that its page sent empty.
OPTIONAL = {
    "campaigns:save_places": "institution institution_name",
    "campaigns:set_columns": "complete number family_name home_zip work_zip institution",
    "campaigns:add_prompt": "least_words most_words choices",
    "campaigns:change_prompt": "least_words most_words choices",
    "campaigns:add_phase": "states",
    "campaigns:change_phase": "states",
    "stories:save": "photo",
    "stories:preview": "photo",
    "stories:submit": "photo",
}


def test_fields_that_no_page_sends_change_nothing(hall: Hall) -> None:
    known, tried, written = keys_now(), 0, []
    for line in posts():
        method, name = line.split()
        for person, number in who_may(line)[:1]:
            if name.startswith("stories:api:") or number:
                continue
            about = hall.about[0].get(name, ())
            side, path = hall.side_of(name, 0, hall.about[0], person), address(name, hall.about[0])
            pictures = []
            for forge in (False, True):
                sent = sent_to(side, name, about)
                asked = sent | dict.fromkeys(OPTIONAL.get(name, "").split(), "")
                sent |= forged_fields(asked) if forge else {}
                with transaction.atomic():
                    answer = hall.people[person].ask(method, path, sent)
                    assert answer.status_code in (200, 302), (line, forge)
                    pictures.append(picture_of(known))
                    transaction.set_rollback(True)
            plain, forged = pictures
            changed = {
                table: (plain[table] - rows, rows - plain[table]) for table, rows in forged.items()
            }
            written += [(line, table, *rows) for table, rows in changed.items() if any(rows)]
            tried += 1
    assert not written, "\n".join(map(str, written))
    assert tried > 60


# --- Ties that end, and the second step -----------------------------------------------------------


def end_coordinator(side: Side) -> None:
    Coordinator.objects.filter(user=side.world.ana).delete()


def end_officer(side: Side) -> None:
    PartnerUser.objects.filter(user=side.world.paula).delete()


def end_lead(side: Side) -> None:
    side.world.campaign.leads.remove(side.world.lee)
    side.planned.leads.remove(side.world.lee)


def end_creator(side: Side) -> None:
    end_lead(side)
    Coordinator.objects.filter(user=side.world.lee).update(may_create_campaigns=False)


def end_member(side: Side) -> None:
    Member.objects.filter(user=side.world.mia).update(user=None)


def end_account(side: Side) -> None:
    world = side.world
    people = [world.mia.pk, world.ana.pk, world.lee.pk, world.paula.pk]
    User.objects.filter(pk__in=people).update(is_active=False)


def gone_from(*names: str) -> dict[str, str]:
    return {f"GET {name}": "403" if name in LISTS else "404" for name in names}


LISTS = {
    "stories:queue",
    "stories:inbox",
    "stories:library",
    "stories:library_sheet",
    "stories:recalls",
    "stories:tokens",
} | {
    *("stories:lead_campaigns", "stories:mine", "campaigns:lead", "campaigns:new"),
    *("campaigns:requests", "campaigns:notices"),
}
ENDED: list[tuple[str, Callable[[Side], None], dict[str, str]]] = [
    (
        "ana",
        end_coordinator,
        gone_from(
            *("stories:queue", "stories:review", "stories:review_photo", "campaigns:requests"),
            *("campaigns:roster", "campaigns:roster_import", "campaigns:campaign"),
        ),
    ),
    (
        "paula",
        end_officer,
        gone_from(
            *("stories:inbox", "stories:batch", "stories:batch_file", "stories:library_story"),
            *("stories:library", "stories:library_export", "stories:recall", "stories:tokens"),
            "stories:library_sheet",
        ),
    ),
    (
        "lee",
        end_lead,
        {
            **gone_from("campaigns:setup", "campaigns:end_page", "stories:lead_batches"),
            **gone_from("stories:lead_batch", "stories:lead_story", "stories:lead_photo"),
            "GET campaigns:lead": "200",  # may create another
        },
    ),
    ("lee", end_creator, gone_from("campaigns:lead", "campaigns:new", "campaigns:setup")),
    ("mia", end_member, gone_from("stories:mine", "stories:story", "stories:photo_file")),
    ("mia", end_account, {"GET stories:mine": LOGIN, "GET stories:story": LOGIN}),
    ("ana", end_account, {"GET stories:queue": LOGIN, "POST stories:claim": LOGIN}),
    ("lee", end_account, {"GET campaigns:setup": LOGIN, "POST stories:seal": LOGIN}),
    ("paula", end_account, {"GET stories:batch_file": LOGIN, "GET stories:library_export": LOGIN}),
]


@pytest.mark.parametrize(
    ("person", "end", "told"), ENDED, ids=[f"{who}-{end.__name__}" for who, end, _ in ENDED]
)
def test_a_session_does_not_outlive_its_role(
    hall: Hall, person: str, end: Callable[[Side], None], told: dict[str, str]
) -> None:
    for line in told:
        assert status_of(hall.knock(line, 0, person)) in {"200", "302"}, line
    end(hall.sides[0])
    assert {line: status_of(hall.knock(line, 0, person)) for line in told} == told


def test_an_operator_who_is_none_any_more_finds_nothing_open(hall: Hall) -> None:
    paths = [reverse("operator"), reverse("admin:index"), reverse("admin:portal_user_changelist")]
    olga = hall.people["olga"]
    assert [olga.ask("GET", path).status_code for path in paths] == [200, 200, 200]
    User.objects.filter(pk=hall.coalition.olga.pk).update(is_staff=False)
    assert [olga.ask("GET", path).status_code for path in paths] == [403, 403, 403]


def test_whoever_has_left_the_roster_keeps_their_own_stories(hall: Hall) -> None:
    world = hall.sides[0].world
    RosterEntry.objects.filter(member=world.mia_member).delete()
    assert hall.knock("GET stories:story", 0, "mia").status_code == 200
    assert hall.knock("POST stories:withdraw", 0, "mia").status_code == 302


def test_every_door_of_a_trusted_role_demands_the_second_step(
    hall: Hall, settings: Settings
) -> None:
    settings.DEMAND_SECOND_FACTOR = True
    step, asked = reverse("mfa_index"), 0
    for line in DOORS:
        row = access.row_named(line.split()[1])
        for person, number in who_may(line):
            if row is None or row.role is None or row.by_token or person == "nobody":
                continue
            answer = hall.knock(line, number, person)
            if row.role.trusted:
                assert (answer.status_code, answer.get("Location")) == (302, step), (line, person)
                asked += 1
            else:
                assert answer.get("Location") != step, (line, person)
    for path in admin_paths():
        assert hall.people["olga"].knock("GET", path).get("Location") == step, path
    assert asked > 150


def test_who_has_the_second_step_goes_in_as_before(hall: Hall, settings: Settings) -> None:
    settings.DEMAND_SECOND_FACTOR = True
    for person in ("ana", "lee", "paula", "olga"):
        Authenticator.objects.create(
            user=hall.users[person], type=Authenticator.Type.TOTP, data={"secret": ""}
        )
    for line in ("GET stories:queue", "POST stories:claim"):
        assert may(line, "ana")
        assert hall.knock(line, 0, "ana").status_code in {200, 302}
        assert hall.knock(line, 0, "ana").get("Location") != reverse("mfa_index")
    assert hall.knock("GET campaigns:setup", 0, "lee").status_code == 200
    assert hall.knock("GET stories:batch", 0, "paula").status_code == 200
    assert hall.knock("GET operator", 0, "olga").status_code == 200


def test_a_door_that_opens_too_wide_is_found(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    line = "GET stories:review"
    told = expected(DOORS[line][0], DOORS[line][2], list(hall.people))
    assert hall.statuses(line, 0) == told
    wide = access.Row(role=access.SIGNED_IN, see=lambda _: Story.objects.all())
    rows = dict(access.table()) | {"stories:review": wide}
    monkeypatch.setattr(access, "table", lambda: rows)
    found = {(line, 0): hall.statuses(line, 0)}
    assert f"{line} at A: rita got 200, not 404" in differences(found, {(line, 0): told})
