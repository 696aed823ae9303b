"""Phases are planned by leads and opened by the clock, each once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from campaigns.models import Invitation, Phase
from campaigns.states import PhaseState
from campaigns.verbs.joining import join
from campaigns.verbs.phases import (
    change_closing,
    change_phase,
    open_due_phases,
    open_phase,
    remove_phase,
)
from portal.errors import Refused, TooLate
from portal.models import AuditLine, Job, Message
from tests.house.people import World
from tests.house.post import run_task


def openings() -> int:
    return AuditLine.objects.filter(verb="open_phase").count()


def test_the_clock_opens_a_phase_when_its_time_has_come(
    world: World, run_jobs: Callable[[], int]
) -> None:
    with time_machine.travel(world.phase_two.opens_at - dt.timedelta(seconds=1)):
        run_task("campaigns.open_phases")
        assert Phase.objects.get(pk=world.phase_two.pk).state == PhaseState.PLANNED

    with time_machine.travel(world.phase_two.opens_at, tick=False):
        run_task("campaigns.open_phases")
        run_task("campaigns.open_phases")
        run_jobs()

    phase = Phase.objects.get(pk=world.phase_two.pk)
    assert (phase.state, phase.opened_at) == (PhaseState.OPENED, world.phase_two.opens_at)
    assert openings() == 1
    line = AuditLine.objects.get(verb="open_phase")
    assert (line.actor, line.object_id) == (None, str(phase.pk))
    assert Invitation.objects.filter(campaign=world.campaign, phase=phase).count() == 3


def test_a_phase_in_which_somebody_has_joined_stays_though_the_clock_has_not_opened_it(
    world: World,
) -> None:
    phase = world.phase_two
    same: dict[str, Any] = {
        "name": phase.name,
        "states": ["TX"],
        "all_states": False,
        "opens_at": phase.opens_at,
        "closes_at": phase.closes_at,
    }
    with time_machine.travel(phase.opens_at, tick=False):
        change_phase(by=world.lee, phase=phase, **same)
        joined = join(by=world.otto, member=world.otto_member, campaign=world.campaign)
        assert joined.phase == phase
        with pytest.raises(TooLate, match="joined in this phase"):
            change_phase(by=world.lee, phase=phase, **same)
        with pytest.raises(TooLate, match="joined in this phase"):
            remove_phase(by=world.lee, phase=phase)
    assert Phase.objects.filter(pk=phase.pk).exists()


def test_a_phase_that_another_lead_has_removed_is_no_longer_there(world: World) -> None:
    phase = world.phase_two
    remove_phase(by=world.lee, phase=phase)
    deeds: list[Callable[[], None]] = [
        lambda: remove_phase(by=world.lee, phase=phase),
        lambda: change_closing(by=world.lee, phase=phase, closes_at=phase.closes_at),
        lambda: open_phase(phase=phase),
    ]
    for deed in deeds:
        with pytest.raises(TooLate, match="no longer there"), transaction.atomic():
            deed()


def test_too_early_is_refused_with_the_time(world: World) -> None:
    with pytest.raises(Refused, match="opens on"):
        open_phase(phase=world.phase_two)

    assert Phase.objects.get(pk=world.phase_two.pk).state == PhaseState.PLANNED


def test_a_phase_whose_window_passed_while_the_clock_stood_still_never_opens(world: World) -> None:
    with time_machine.travel(world.phase_two.closes_at):
        assert open_due_phases() == []
        with pytest.raises(TooLate, match="closed on"):
            open_phase(phase=world.phase_two)


def test_a_phase_opens_late_where_the_clock_was_late(world: World) -> None:
    with time_machine.travel(world.phase_two.opens_at + dt.timedelta(days=2)):
        assert open_due_phases() == [world.phase_two]


def test_a_phase_of_an_ended_campaign_stays_shut(world: World) -> None:
    world.campaign.state = "ended"
    world.campaign.save()
    with time_machine.travel(world.phase_two.opens_at):
        assert open_due_phases() == []
        with pytest.raises(TooLate, match="ended"):
            open_phase(phase=world.phase_two)


@pytest.mark.django_db(transaction=True)
def test_of_four_clocks_at_once_one_opens(world: World) -> None:
    Phase.objects.filter(pk=world.phase_two.pk).update(opens_at=timezone.now())

    def ring(_: int) -> int:
        try:
            return len(open_due_phases())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as clocks:
        opened = list(clocks.map(ring, range(4)))

    assert sum(opened) == 1
    assert openings() == 1
    assert Job.objects.filter(kind="campaigns.invite").count() == 1


def test_the_command_does_what_the_clock_does(world: World) -> None:
    said = StringIO()
    with time_machine.travel(world.phase_two.opens_at):
        call_command("open_phases", stdout=said)
        call_command("open_phases", stdout=said)

    assert said.getvalue().splitlines()[0].startswith("Opened “All states” of “Research saves”")
    assert said.getvalue().splitlines()[1] == "No phase is due."
    assert openings() == 1


def test_an_opened_phase_can_only_be_closed_at_another_time(world: World) -> None:
    plan = {
        "name": "New name",
        "states": ["OH"],
        "all_states": False,
        "opens_at": world.phase_two.opens_at,
        "closes_at": world.phase_two.closes_at,
    }
    change_phase(by=world.lee, phase=world.phase_two, **plan)  # type: ignore[arg-type]
    with pytest.raises(TooLate, match="Only its closing time"):
        change_phase(by=world.lee, phase=world.phase_one, **plan)  # type: ignore[arg-type]

    assert Phase.objects.get(pk=world.phase_two.pk).states == ["OH"]
    assert Phase.objects.get(pk=world.phase_one.pk).name == "First four states"


def test_an_opened_phase_stays(world: World) -> None:
    remove_phase(by=world.lee, phase=world.phase_two)
    with pytest.raises(TooLate, match="can no longer be removed"):
        remove_phase(by=world.lee, phase=world.phase_one)

    assert list(world.campaign.phases.all()) == [world.phase_one]


def test_opening_and_its_invitations_commit_together(world: World) -> None:
    before = Message.objects.count()
    with time_machine.travel(world.phase_two.opens_at), pytest.raises(RuntimeError):
        _open_and_die(world)

    assert Phase.objects.get(pk=world.phase_two.pk).state == PhaseState.PLANNED
    assert (openings(), Job.objects.count(), Message.objects.count()) == (0, 0, before)


def _open_and_die(world: World) -> None:
    with transaction.atomic():
        open_phase(phase=world.phase_two)
        raise RuntimeError("the machine dies before the commit")
