"""Questions whose SQL is made once: every use has its own values, and nothing else of the first use stays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.contrib.contenttypes.models import ContentType
from django.db import DataError, connection, transaction
from django.db.models import QuerySet, Value
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Coordinator, Phase
from campaigns.states import CampaignState
from portal import access, signed_in
from portal.models import User
from portal.prepared import Prepared
from portal.signed_in import person_of
from stories.models import Story
from stories.rows import usable
from stories.verbs.surroundings import surroundings_of
from tests.house.people import World, client_of, make_user
from tests.house.stories import submitted_story

pytestmark = pytest.mark.django_db


def test_the_second_use_asks_with_its_own_values(world: World) -> None:
    made: list[int] = []

    @Prepared
    def colleagues(*, society: int, but: int) -> QuerySet[Coordinator]:
        made.append(society)
        return Coordinator.objects.filter(society=society).exclude(user=but).order_by("pk")

    for society, but in ((world.isscr, world.ana), (world.rivers, world.mia)):
        found = colleagues.objects(society=society.pk, but=but.pk)
        expected = Coordinator.objects.filter(society=society).exclude(user=but)
        assert found == list(expected.order_by("pk"))
    assert len(made) == 1


def test_keys_go_to_their_places_in_whatever_order_they_come(world: World) -> None:
    @Prepared
    def tie(*, society: int, user: int) -> QuerySet[Coordinator]:
        return Coordinator.objects.filter(user=user, society=society)

    for _ in range(2):
        assert tie.objects(society=world.isscr.pk, user=world.ana.pk)
        assert tie.objects(user=world.ana.pk, society=world.isscr.pk)
        assert not tie.objects(society=world.rivers.pk, user=world.ana.pk)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL keeps plans")
def test_each_connection_is_told_once(world: World) -> None:
    @Prepared
    def person(*, key: int) -> QuerySet[User]:
        return User.objects.filter(pk=key, name__contains="100%")

    def told() -> list[str]:
        with CaptureQueriesContext(connection) as asked:
            assert person.objects(key=world.ana.pk) == []
        return [str(query["sql"]).split()[0] for query in asked.captured_queries]

    assert [told(), told()] == [["PREPARE", "EXECUTE"], ["EXECUTE"]]
    told_in_vain = Prepared(person.ask)
    with pytest.raises(DataError), transaction.atomic():  # noqa: PT012 (what was told before the fall)
        told_in_vain.objects(key=world.ana.pk)
        User.objects.raw("SELECT 1/0")[0]
    # What is told does not go with a transaction.
    assert told_in_vain.objects(key=world.ana.pk) == []

    def elsewhere() -> list[str]:
        try:
            return told()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as another:
        assert another.submit(elsewhere).result() == ["PREPARE", "EXECUTE"]


def test_two_threads_ask_first_at_once_and_name_the_keys_in_another_order() -> None:
    both = Barrier(2, timeout=5)

    @Prepared
    def between(*, low: int, high: int) -> QuerySet[ContentType]:
        both.wait()
        return ContentType.objects.filter(pk__gt=low, pk__lt=high)

    def ask(keys: Mapping[str, int]) -> tuple[int, int]:
        try:
            first = len(between.rows(**keys))
            both.wait()
            return first, len(between.rows(**keys))
        finally:
            connection.close()

    orders = {"low": 0, "high": 2**40}, {"high": 2**40, "low": 0}
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(ask, orders))
    types = ContentType.objects.count()
    assert types
    assert found == [(types, types)] * 2


@pytest.mark.django_db(transaction=True)
def test_what_a_question_holds_is_held_by_a_transaction_each_time(world: World) -> None:
    @Prepared
    def person(*, key: int) -> QuerySet[User]:
        return User.objects.filter(pk=key).select_for_update()

    with transaction.atomic():
        assert person.objects(key=world.ana.pk) == [world.ana]
    with pytest.raises(transaction.TransactionManagementError):
        person.objects(key=world.ana.pk)


def test_a_key_that_the_question_drops_is_found_out(world: World) -> None:
    @Prepared
    def everybody(*, person: int) -> QuerySet[User]:
        return User.objects.all()

    with pytest.raises(ValueError, match="person"):
        everybody.objects(person=world.ana.pk)


def test_a_uuid_is_a_key_and_what_comes_along_comes(world: World) -> None:
    @Prepared
    def mine(*, ref: UUID, society: int) -> QuerySet[Story]:
        found = Story.objects.filter(ref=ref, society=society).select_related("member__user")
        return found.annotate(years=Value(3))

    for story in (submitted_story(world), submitted_story(world)):
        found = mine.first(ref=story.ref, society=story.society_id)
        assert found == story
        with CaptureQueriesContext(connection) as asked:
            assert (found.member.user, found.years) == (world.mia, 3)
            assert (found.ref, found.submitted_at) == (story.ref, story.submitted_at)
        assert not asked.captured_queries
        assert mine.first(ref=story.ref, society=world.rivers.pk) is None
        assert mine.first(ref=uuid4(), society=story.society_id) is None


def test_rows_that_go_by_key_depend_on_nothing_but_the_persons_key(world: World) -> None:
    def asked(see: access.Scope, user: User) -> tuple[str, list[Any]]:
        sql, values = see(user).query.sql_with_params()
        return sql, ["the key" if value == user.pk else value for value in values]

    by_key = {row.see for row in access.table().values() if row.by_key}
    assert len(by_key) > 1
    for see in filter(None, by_key):
        with time_machine.travel(dt.datetime(2031, 5, 1, tzinfo=dt.UTC)):
            of_ana = asked(see, world.ana)
        assert of_ana == asked(see, world.mia) == asked(see, User(pk=-7))
    # One that looks at the clock is none of them.
    assert usable not in by_key
    with time_machine.travel(dt.datetime(2031, 5, 1, tzinfo=dt.UTC)):
        later = asked(usable, world.ana)
    assert later != asked(usable, world.ana)


def test_what_surrounds_a_story_is_read_anew_for_each_story_and_moment(world: World) -> None:
    story = submitted_story(world)
    first = surroundings_of(story)
    assert first.phase_is_open
    assert {tie.user for tie in first.coordinators} == set(
        User.objects.filter(coordinates__society=story.society, is_active=True)
    )
    colleague = make_user("Late Comer")
    Coordinator.objects.create(society=world.isscr, user=colleague)
    assert colleague in {tie.user for tie in surroundings_of(story).coordinators}
    User.objects.filter(pk=colleague.pk).update(is_active=False)
    assert colleague not in {tie.user for tie in surroundings_of(story).coordinators}
    phases = Phase.objects.filter(campaign=story.campaign)
    closes = max(phases.values_list("closes_at", flat=True))
    with time_machine.travel(closes - dt.timedelta(seconds=1), tick=False):
        assert surroundings_of(story).phase_is_open
    with time_machine.travel(closes, tick=False):
        assert not surroundings_of(story).phase_is_open
    story.campaign.state = CampaignState.ENDED
    story.campaign.save()
    assert not surroundings_of(story).phase_is_open


def test_the_windows_rule_in_python_is_the_one_in_sql(world: World) -> None:
    phase = Phase.objects.filter(campaign=world.campaign)[0]
    one = dt.timedelta(microseconds=1)
    for edge in (phase.opens_at, phase.closes_at):
        for moment in (edge - one, edge, edge + one):
            with time_machine.travel(moment, tick=False):
                asked = Phase.objects.open().filter(pk=phase.pk).exists()
                assert phase.window_holds(timezone.now()) is asked


def test_each_session_has_its_own_person_and_their_ties_of_now(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, mia = (client_of(person).session for person in (world.ana, world.mia))
    assert (person_of(ana), person_of(mia)) == (world.ana, world.mia)
    monkeypatch.delattr(signed_in, "_ties")  # from now on the question cannot be made anew
    assert person_of(ana) == world.ana
    User.objects.filter(pk=world.ana.pk).update(is_active=False)
    assert person_of(ana) is None
    assert person_of(mia) == world.mia
