"""Where a campaign's stories come from, and from where none has come: for its leads and for coordinators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.core.cache import cache
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from campaigns.models import BoundarySet, Campaign, Partner, Phase, ZipArea
from campaigns.rules import usa
from campaigns.states import CampaignState
from portal import access
from portal.models import User
from stories.models import CoverageCount, CoverageLine

NUMBERS = ("submitted", "in_review", "approved", "handed_over")
#: Districts change with a new map, every other year.
DISTRICTS_KEPT_SECONDS = 600


@dataclass
class Line:
    """One state, or one district of the chosen state: its name, its numbers, what may be said of it."""

    name: str
    state: str
    submitted: int = 0
    in_review: int = 0
    approved: int = 0
    partners: Collection[Partner] = ()
    #: One number for each of the partners, in their order.
    handed_over: list[int] = field(default_factory=list)
    #: "open", "to come", "over" or empty where no phase targets it.
    phase: str = ""

    @property
    def by_partner(self) -> list[tuple[Partner, int]]:
        """The numbers that were handed over, each beside its partner."""
        return list(zip(self.partners, self.handed_over, strict=True))


@require_safe
def coverage(request: HttpRequest, slug: str) -> HttpResponse:
    """The campaign's states with their numbers, or one state's districts; what is missing stands first."""
    campaign = access.fetch(request, Campaign, slug=slug)
    user = access.person(request)
    leads = campaign.leads.filter(pk=user.pk).exists()
    counted = CoverageCount.objects.filter(campaign=campaign).first()
    phases = list(campaign.phases.all())
    partners = list(
        Partner.objects.filter(partnerships__campaign=campaign).order_by(
            "-partnerships__leads", "name"
        )
    )
    chosen = request.GET.get("state", "")
    chosen = chosen if chosen in usa.STATE_NAMES else ""
    by_district = numbers(lines_for(campaign, user, leads=leads))
    open_ = targeted(phases, "open") if campaign.state == CampaignState.RUNNING else set()
    districts = districts_of_all()
    told = {place for place, line in by_district.items() if line[None]["submitted"]}
    if chosen:
        lines = district_lines(by_district, chosen, districts.get(chosen, ()), partners)
    else:
        lines = state_lines(by_district, phases, partners)
    return render(
        request,
        "stories/lead/coverage.html",
        {
            "campaign": campaign,
            "leads": leads,
            "counted": counted,
            "partners": partners,
            "lines": lines,
            "total": total_of(lines, partners),
            "chosen": chosen,
            "states": of_kinds(
                {code for code in usa.STATE_NAMES if any(phase.covers(code) for phase in phases)}
                | {state for state, _ in told}
            ),
            **(missing(open_, told, districts, chosen) if counted else {}),
            "nothing_open": not open_,
        },
    )


def lines_for(campaign: Campaign, user: User, *, leads: bool) -> QuerySet[CoverageLine]:
    """All of the campaign's lines for who leads it, else those of the person's own societies."""
    lines = CoverageLine.objects.filter(campaign=campaign)
    return lines if leads else lines.filter(society__coordinators__user=user)


Places = dict[tuple[str, int | None], dict[int | None, Counter[str]]]


def numbers(lines: QuerySet[CoverageLine]) -> Places:
    """The sums by district, and within it by partner: None holds what was told."""
    found: Places = {}
    sums = lines.values_list("us_state", "district", "partner").annotate(
        *(Sum(name) for name in NUMBERS)
    )
    for state, district, partner, *counts in sums.order_by():
        place = found.setdefault((state, district), {None: Counter()})
        place[partner] = Counter(dict(zip(NUMBERS, counts, strict=True)))
    return found


def line_of(
    name: str,
    state: str,
    places: Iterable[dict[int | None, Counter[str]]],
    partners: Collection[Partner],
) -> Line:
    """The sum of some districts as a line."""
    line = Line(name, state, partners=partners, handed_over=[0] * len(partners))
    for place in places:
        line.submitted += place[None]["submitted"]
        line.in_review += place[None]["in_review"]
        line.approved += place[None]["approved"]
        for column, partner in enumerate(partners):
            line.handed_over[column] += place.get(partner.pk, Counter())["handed_over"]
    return line


def state_lines(found: Places, phases: list[Phase], partners: Collection[Partner]) -> list[Line]:
    """Each state that a phase names or that has a story; of a phase for all states only those with one."""
    named = {state for phase in phases if not phase.all_states for state in phase.states}
    lines = []
    for state in sorted(named | {state for state, _ in found}, key=usa.state_name):
        places = [place for (of, _), place in found.items() if of == state]
        line = line_of(usa.state_name(state), state, places, partners)
        stages = {stage_of(phase) for phase in phases if phase.covers(state)}
        line.phase = next((stage for stage in ("open", "to come", "over") if stage in stages), "")
        lines.append(line)
    return lines


def district_lines(
    found: Places, state: str, known: Iterable[int], partners: Collection[Partner]
) -> list[Line]:
    """Each district of a state, those without a story too; last the stories whose district is not known."""
    told = {district for of, district in found if of == state}
    districts: list[int | None] = [*sorted(set(known) | {one for one in told if one is not None})]
    if None in told:
        districts.append(None)
    return [
        line_of(
            "District not known" if one is None else usa.district_name(state, one),
            state,
            [found[state, one]] if (state, one) in found else [],
            partners,
        )
        for one in districts
    ]


def total_of(lines: Iterable[Line], partners: Collection[Partner]) -> Line:
    """All lines together."""
    total = Line("All", "", partners=partners, handed_over=[0] * len(partners))
    for line in lines:
        total.submitted += line.submitted
        total.in_review += line.in_review
        total.approved += line.approved
        total.handed_over = [
            a + b for a, b in zip(total.handed_over, line.handed_over, strict=True)
        ]
    return total


def stage_of(phase: Phase) -> str:
    """Whether a phase is to come, open or over."""
    now = timezone.now()
    if now < phase.opens_at:
        return "to come"
    return "open" if now < phase.closes_at else "over"


def targeted(phases: Iterable[Phase], stage: str) -> set[str]:
    """The states that the phases of a stage target, territories and military addresses among them."""
    found: set[str] = set()
    for phase in phases:
        if stage_of(phase) == stage:
            found |= set(usa.STATE_NAMES) if phase.all_states else set(phase.states)
    return found


Kinds = list[tuple[str, list[tuple[str, str]]]]


def of_kinds(states: Collection[str]) -> Kinds:
    """Some states by name under what they are, as filters offer them; no kind without one."""
    kinds = [
        (kind, [(code, name) for code, name in pairs if code in states])
        for kind, pairs in usa.by_kind()
    ]
    return [(kind, pairs) for kind, pairs in kinds if pairs]


def missing(
    open_: set[str],
    told: set[tuple[str, int | None]],
    districts: dict[str, list[int]],
    chosen: str,
) -> dict[str, Kinds | list[tuple[str, str, str]]]:
    """What has no story yet though its phase is open.

    `untold` are the states without any, kind by kind; `partly` those with some districts without one:
    (state's code, its name, which districts).
    """
    untold, partly = set(), []
    for state in sorted(open_ & {chosen} if chosen else open_, key=usa.state_name):
        have = {district for of, district in told if of == state}
        lacking = [one for one in districts.get(state, []) if one not in have]
        if not have:
            untold.add(state)
        elif lacking:
            words = ", ".join("at large" if one == 0 else str(one) for one in lacking)
            word = "district" if len(lacking) == 1 else "districts"
            partly.append((state, usa.state_name(state), f"none from {word} {words}"))
    return {"untold": of_kinds(untold), "partly": partly}


def districts_of_all() -> dict[str, list[int]]:
    """The districts of every state on the current map; looked up seldom, because the map is large."""
    current = BoundarySet.objects.filter(is_current=True).values_list("pk", flat=True).first()
    key = f"districts:{current}"
    kept: dict[str, list[int]] | None = cache.get(key)
    if kept is None:
        kept = ZipArea.objects.current().districts_in(list(usa.STATE_NAMES))
        cache.set(key, kept, DISTRICTS_KEPT_SECONDS)
    return kept
