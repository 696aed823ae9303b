"""Who may join a campaign, from which place and in which phase; and what to tell those who may not.

A place counts where its state is certain. A ZIP that lies in several districts of one state makes the
state certain and leaves the district unknown; a ZIP in several states makes nothing certain until the
member has chosen, and is never guessed. Where both places count, home is taken: it is where the member
votes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from campaigns.models import Basis, Phase, Place, PlaceKind
from campaigns.rules.clocks import in_words
from campaigns.rules.usa import names_in_words, state_name
from campaigns.states import CampaignState


class Answer(Enum):
    """What follows for the member."""

    MAY_JOIN = "may join"
    TOO_EARLY = "too early"
    PLACE_AMBIGUOUS = "place ambiguous"
    PLACE_MISSING = "place missing"
    NOT_TARGETED = "not targeted"
    OVER = "over"
    NOT_RUNNING = "not running"
    NOT_A_MEMBER = "not a member"


#: Answers that may turn into "may join" once another phase opens or a place changes.
MAY_CHANGE = frozenset(
    {Answer.TOO_EARLY, Answer.PLACE_AMBIGUOUS, Answer.PLACE_MISSING, Answer.NOT_TARGETED}
)


@dataclass(frozen=True)
class Verdict:
    """Whether a member may join, why or why not, and what to do next, in words for the member.

    `phase` is the one to join in, or the next one that covers the member. `counted`, `state` and
    `district` are set where a place counted. `society` is the first taking-part society by id.
    """

    answer: Answer
    words: str
    next_step: str = ""
    phase: Phase | None = None
    counted: str = ""
    state: str = ""
    district: int | None = None

    @property
    def may_join(self) -> bool:
        """Whether joining would succeed now."""
        return self.answer is Answer.MAY_JOIN

    @property
    def may_wish(self) -> bool:
        """Whether "tell me when it opens for me" makes sense."""
        return self.answer in MAY_CHANGE

    @property
    def needs_place(self) -> bool:
        """Whether the member should look at their places first."""
        return self.answer in {Answer.PLACE_AMBIGUOUS, Answer.PLACE_MISSING}


@dataclass(frozen=True)
class Call:
    """What this rule reads of a campaign; `societies` are the names of those that take part."""

    state: str
    basis: str
    time_zone: str
    phases: Sequence[Phase]
    societies: Sequence[str]


def kinds_of(basis: str) -> tuple[str, ...]:
    """The kinds of place that a basis looks at, home first."""
    if basis == Basis.EITHER:
        return (PlaceKind.HOME, PlaceKind.WORK)
    return (PlaceKind.HOME,) if basis == Basis.HOME else (PlaceKind.WORK,)


def judge(call: Call, places: Mapping[str, Place], *, is_member: bool, now: dt.datetime) -> Verdict:
    """Decide whether a member may join now.

    `places` are the member's by kind; `is_member` says whether they are on the roster of a society
    that takes part.
    """
    if call.state != CampaignState.RUNNING:
        return _not_running(call)
    if not is_member:
        return Verdict(
            Answer.NOT_A_MEMBER,
            f"This campaign is for members of {_list(call.societies)}, and your address is on none "
            "of their rosters.",
            "If you are a member under another address, or have just become one, ask to be added.",
        )
    on_basis = {kind: places[kind] for kind in kinds_of(call.basis) if kind in places}
    return (
        _joinable(call, on_basis, now)
        or _all_over(call, now)
        or _ambiguous(on_basis)
        or _too_early(call, on_basis, now)
        or _place_missing(call, on_basis)
        or _uncovered(call, on_basis, now)
    )


def _not_running(call: Call) -> Verdict:
    if call.state == CampaignState.ENDED:
        return Verdict(
            Answer.OVER,
            "This campaign has ended.",
            "Stories that you wrote stay with “My stories”.",
        )
    return Verdict(Answer.NOT_RUNNING, "This campaign is still being set up.")


def _joinable(call: Call, places: Mapping[str, Place], now: dt.datetime) -> Verdict | None:
    current = [phase for phase in call.phases if phase.opens_at <= now < phase.closes_at]
    for kind, place in places.items():
        for phase in current:
            if phase.covers(place.state):
                return Verdict(
                    Answer.MAY_JOIN,
                    f"You can take part: {state_name(place.state)}, {_where(kind)}, is open until "
                    f"{in_words(phase.closes_at, call.time_zone)}.",
                    phase=phase,
                    counted=kind,
                    state=place.state,
                    district=place.district,
                )
    return None


def _all_over(call: Call, now: dt.datetime) -> Verdict | None:
    if any(phase.closes_at > now for phase in call.phases):
        return None
    if not call.phases:
        return Verdict(Answer.NOT_TARGETED, "This campaign has no dates yet.")
    last = max(phase.closes_at for phase in call.phases)
    return Verdict(Answer.OVER, f"This campaign closed on {in_words(last, call.time_zone)}.")


def _ambiguous(places: Mapping[str, Place]) -> Verdict | None:
    for kind, place in places.items():
        if place.ambiguous and not place.state:
            return Verdict(
                Answer.PLACE_AMBIGUOUS,
                f"The ZIP code of {_where(kind)} lies in more than one state, and we do not guess "
                "which one is yours.",
                "Choose your state; it takes one click.",
                counted=kind,
            )
    return None


def _too_early(call: Call, places: Mapping[str, Place], now: dt.datetime) -> Verdict | None:
    coming = sorted(
        (phase for phase in call.phases if phase.opens_at > now), key=lambda phase: phase.opens_at
    )
    for phase in coming:
        for kind, place in places.items():
            if phase.covers(place.state):
                return Verdict(
                    Answer.TOO_EARLY,
                    f"{state_name(place.state)}, {_where(kind)}, opens on "
                    f"{in_words(phase.opens_at, call.time_zone)} (“{phase.name}”).",
                    "We can tell you by e-mail on the day.",
                    phase=phase,
                    counted=kind,
                    state=place.state,
                    district=place.district,
                )
    return None


def _place_missing(call: Call, places: Mapping[str, Place]) -> Verdict | None:
    if any(place.state for place in places.values()):
        return None
    what = {
        Basis.HOME.value: "where you live",
        Basis.WORK.value: "where you work",
        Basis.EITHER.value: "where you live or work",
    }[call.basis]
    return Verdict(
        Answer.PLACE_MISSING,
        f"Whether you can take part depends on {what}, and we do not know that yet.",
        "Add your ZIP code or your institution. We never ask for a street address.",
    )


def _uncovered(call: Call, places: Mapping[str, Place], now: dt.datetime) -> Verdict:
    """A known place that no open or coming phase covers: its time is over, or it never had one."""
    known = {kind: place for kind, place in places.items() if place.state}
    closed = [
        (phase.closes_at, kind, place)
        for phase in call.phases
        for kind, place in known.items()
        if phase.closes_at <= now and phase.covers(place.state)
    ]
    if closed:
        at, kind, place = max(closed, key=lambda row: row[0])
        return Verdict(
            Answer.OVER,
            f"For {state_name(place.state)}, {_where(kind)}, this campaign closed on "
            f"{in_words(at, call.time_zone)}.",
            counted=kind,
            state=place.state,
            district=place.district,
        )
    targeted = {state for phase in call.phases if phase.closes_at > now for state in phase.states}
    yours = _list([f"{state_name(place.state)} ({_where(kind)})" for kind, place in known.items()])
    unknown = next((kind for kind in kinds_of(call.basis) if kind not in known), "")
    return Verdict(
        Answer.NOT_TARGETED,
        f"This campaign asks for stories from {names_in_words(targeted)}, and yours would come "
        f"from {yours}.",
        f"Where you {'live' if unknown == PlaceKind.HOME else 'work'} counts, too: add it if it is in "
        "one of these states."
        if unknown
        else "If that is not right, correct your places. If your state is added later, we can tell you.",
    )


def _where(kind: str) -> str:
    return "where you live" if kind == PlaceKind.HOME else "where you work"


def _list(words: Sequence[str]) -> str:
    """ "A", "A or B", "A, B or C"; used where any one of them would do."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"
