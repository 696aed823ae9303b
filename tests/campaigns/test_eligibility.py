"""Who may join, from which place and in which phase, and what the others read; no database."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.models import Basis, Phase, Place, PlaceKind
from campaigns.rules import usa
from campaigns.rules.eligibility import Answer, Call, Verdict, judge
from campaigns.states import CampaignState

NOW = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
FIRST = Phase(
    name="First four states",
    states=["KS", "NC", "PA", "UT"],
    opens_at=NOW - 30 * DAY,
    closes_at=NOW + 62 * DAY,
)
SECOND = Phase(
    name="All states", all_states=True, opens_at=NOW + 62 * DAY, closes_at=NOW + 150 * DAY
)
TEXAS_LATER = Phase(name="Texas", states=["TX"], opens_at=NOW + 5 * DAY, closes_at=NOW + 9 * DAY)
OHIO_PAST = Phase(name="Ohio", states=["OH"], opens_at=NOW - 9 * DAY, closes_at=NOW - 5 * DAY)


def home(state: str, district: int | None = 1, *, ambiguous: bool = False) -> Place:
    return Place(kind=PlaceKind.HOME, state=state, district=district, ambiguous=ambiguous)


def work(state: str, district: int | None = 1, *, ambiguous: bool = False) -> Place:
    return Place(kind=PlaceKind.WORK, state=state, district=district, ambiguous=ambiguous)


def verdict(
    *places: Place,
    basis: str = Basis.EITHER,
    phases: tuple[Phase, ...] = (FIRST, SECOND),
    is_member: bool = True,
    state: str = CampaignState.RUNNING,
    now: dt.datetime = NOW,
) -> Verdict:
    call = Call(
        state=state,
        basis=basis,
        time_zone="America/New_York",
        phases=phases,
        societies=["ISSCR", "River Biology"],
    )
    return judge(call, {place.kind: place for place in places}, is_member=is_member, now=now)


@pytest.mark.parametrize(
    ("places", "basis", "answer", "counted", "state"),
    [
        ((home("KS"),), Basis.HOME, Answer.MAY_JOIN, "home", "KS"),
        ((home("KS"), work("UT")), Basis.EITHER, Answer.MAY_JOIN, "home", "KS"),
        ((home("TX"), work("UT")), Basis.EITHER, Answer.MAY_JOIN, "work", "UT"),
        ((home("TX"), work("UT")), Basis.HOME, Answer.TOO_EARLY, "home", "TX"),
        ((home("KS"), work("TX")), Basis.WORK, Answer.TOO_EARLY, "work", "TX"),
        ((work("KS"),), Basis.HOME, Answer.PLACE_MISSING, "", ""),
        ((), Basis.EITHER, Answer.PLACE_MISSING, "", ""),
        ((home(""),), Basis.EITHER, Answer.PLACE_MISSING, "", ""),
        # A ZIP in several states is never guessed; one in several districts makes the state certain.
        ((home("", None, ambiguous=True),), Basis.HOME, Answer.PLACE_AMBIGUOUS, "home", ""),
        ((home("KS", None, ambiguous=True),), Basis.HOME, Answer.MAY_JOIN, "home", "KS"),
        ((home("", ambiguous=True), work("PA")), Basis.EITHER, Answer.MAY_JOIN, "work", "PA"),
        ((home("", ambiguous=True), work("PA")), Basis.HOME, Answer.PLACE_AMBIGUOUS, "home", ""),
        ((home("TX"), work("", ambiguous=True)), Basis.EITHER, Answer.PLACE_AMBIGUOUS, "work", ""),
    ],
)
def test_which_place_counts(
    places: tuple[Place, ...], basis: str, answer: Answer, counted: str, state: str
) -> None:
    found = verdict(*places, basis=basis)

    assert (found.answer, found.counted, found.state) == (answer, counted, state)


def test_what_counted_is_told_with_its_district_and_phase() -> None:
    found = verdict(home("TX", 37), work("KS", 3))

    assert (found.phase, found.counted, found.state, found.district) == (FIRST, "work", "KS", 3)
    assert found.words == (
        "You can take part: Kansas, where you work, is open until September 1, 2026, 8 a.m. EDT."
    )


@pytest.mark.parametrize(
    ("after_opening", "answer"),
    [
        (dt.timedelta(microseconds=-1), Answer.TOO_EARLY),
        (dt.timedelta(0), Answer.MAY_JOIN),
        (88 * DAY - dt.timedelta(microseconds=1), Answer.MAY_JOIN),
        (88 * DAY, Answer.OVER),
    ],
)
def test_a_phase_is_open_from_its_first_to_before_its_last_moment(
    after_opening: dt.timedelta, answer: Answer
) -> None:
    found = verdict(home("TX"), phases=(SECOND,), now=SECOND.opens_at + after_opening)

    assert found.answer is answer


def test_who_is_too_early_reads_when_in_the_campaigns_time_zone() -> None:
    found = verdict(home("TX"))

    assert found.answer is Answer.TOO_EARLY
    assert found.words == (
        "Texas, where you live, opens on September 1, 2026, 8 a.m. EDT (“All states”)."
    )
    assert found.phase is SECOND
    assert found.may_wish


def test_the_earliest_coming_phase_is_told() -> None:
    assert verdict(home("TX"), phases=(SECOND, TEXAS_LATER)).phase is TEXAS_LATER


def test_a_state_that_is_not_targeted_is_told_so_by_name() -> None:
    found = verdict(home("OH"), work("OH"), phases=(FIRST,))

    assert found.answer is Answer.NOT_TARGETED
    assert found.words == (
        "This campaign asks for stories from Kansas, North Carolina, Pennsylvania and Utah, and "
        "yours would come from Ohio (where you live) or Ohio (where you work)."
    )


def test_who_told_one_of_two_places_reads_that_the_other_counts_too() -> None:
    found = verdict(home("OH"), phases=(FIRST,))

    assert found.answer is Answer.NOT_TARGETED
    assert found.next_step == (
        "Where you work counts, too: add it if it is in one of these states."
    )


def test_a_state_whose_time_is_over_is_told_when_it_closed() -> None:
    found = verdict(home("OH"), phases=(FIRST, OHIO_PAST))

    assert found.answer is Answer.OVER
    assert found.words == (
        "For Ohio, where you live, this campaign closed on June 26, 2026, 8 a.m. EDT."
    )
    assert not found.may_wish


@pytest.mark.parametrize(
    ("state", "answer"),
    [(CampaignState.DRAFT, Answer.NOT_RUNNING), (CampaignState.ENDED, Answer.OVER)],
)
def test_nobody_joins_a_campaign_that_does_not_run(state: str, answer: Answer) -> None:
    assert verdict(home("KS")).may_join
    assert verdict(home("KS"), state=state).answer is answer


def test_nobody_joins_a_campaign_of_other_societies() -> None:
    assert verdict(home("KS")).may_join
    found = verdict(home("KS"), is_member=False)

    assert found.answer is Answer.NOT_A_MEMBER
    assert "members of ISSCR or River Biology" in found.words


def test_a_territory_counts_where_all_states_are_asked() -> None:
    assert verdict(home("PR", 0), phases=(SECOND,), now=SECOND.opens_at).may_join


def test_a_list_of_states_offers_the_others_under_what_they_are() -> None:
    offered = usa.choices()
    states = [name for _, name in offered if isinstance(name, str)]
    others = {
        label: [n for _, n in pairs] for label, pairs in offered if not isinstance(pairs, str)
    }
    assert (len(states), states[0], states[-1]) == (51, "Alabama", "Wyoming")
    assert list(others) == ["Territories", "Freely associated states", "Military addresses"]
    assert "Palau" in others["Freely associated states"]
    assert sum(map(len, others.values())) + len(states) == len(usa.STATE_NAMES)
