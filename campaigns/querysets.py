"""Questions about societies, members, campaigns and phases, named after the screen that asks them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any, Self, TypeVar

from django.apps import apps
from django.db import models
from django.db.models import (
    Case,
    Count,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Length
from django.utils import timezone

from campaigns.states import CampaignState, PhaseState
from portal.models import User

M = TypeVar("M", bound=models.Model)


class CampaignQuerySet(models.QuerySet[M]):
    """Questions about campaigns."""

    def running(self) -> Self:
        """Set up and not ended."""
        return self.filter(state=CampaignState.RUNNING)

    def led_by(self, user: User) -> Self:
        """What a campaign lead sets up."""
        return self.filter(leads=user)

    def led_through(self, tie: Any) -> Self:
        """What a person leads as this coordinator, and as no other."""
        others = _rows("Coordinator").filter(user=tie.user_id).exclude(pk=tie.pk).values("society")
        return self.led_by(tie.user).exclude(pk__in=_taking_part(others))

    def with_numbers(self) -> Self:
        """With `joined`, how many members take part, and `phase_count`: the lead's list."""
        own = {"campaign": OuterRef("pk")}
        return self.annotate(
            joined=counted(_rows("Participation").filter(**own), "campaign"),
            phase_count=counted(_rows("Phase").filter(**own), "campaign"),
        )

    def shown_to(self, user: User) -> Self:
        """Campaigns in which a person's society takes part: members see them once they have started."""
        entries = _rows("RosterEntry").filter(member__user=user).values("society")
        coordinated = _rows("Coordinator").filter(user=user).values("society")
        joined = _rows("Participation").filter(member__user=user).values("campaign")
        led = self.model._default_manager.filter(leads=user).values("pk")
        as_staff = Q(pk__in=_taking_part(coordinated)) | Q(pk__in=led)
        as_member = Q(pk__in=_taking_part(entries)) | Q(pk__in=joined)
        return self.filter(as_staff | (as_member & ~Q(state=CampaignState.DRAFT)))


def counted(rows: QuerySet[Any], by: str) -> Coalesce:
    """How many of `rows` there are for each `by`, as part of another query.

    A subquery is worked out for the rows that are shown; a join would count for all of them first.
    """
    return Coalesce(
        Subquery(rows.order_by().values(by).annotate(n=Count("pk")).values("n")), Value(0)
    )


def _taking_part(societies: QuerySet[Any]) -> QuerySet[Any]:
    """The ids of the campaigns in which any of `societies` takes part."""
    return _rows("Campaign").filter(societies__in=societies).values("pk")


def _rows(model: str) -> QuerySet[Any]:
    """All rows of a model of this package, by name: the models stand above this module."""
    rows: QuerySet[Any] = apps.get_model("campaigns", model)._default_manager.all()
    return rows


class MemberQuerySet(models.QuerySet[M]):
    """Questions about members."""

    def by_token(self, token: Any) -> M | None:
        """The member whom a link in a mail is about, also where two records have become one since."""
        return self.filter(Q(token=token) | Q(former_tokens__token=token)).distinct().first()

    def of_campaign(self, campaign_pk: int) -> Self:
        """On the roster of a society that takes part, and not gone from it.

        Each row says in `first_society` which of these societies is the first by id.
        """
        entries = _rows("RosterEntry").filter(
            member=OuterRef("pk"), left_at=None, society__campaigns=campaign_pk
        )
        return self.annotate(
            first_society=Subquery(entries.order_by("society").values("society")[:1])
        ).filter(Exists(entries))

    def placed_in(self, kinds: Collection[str], states: Collection[str] | None) -> Self:
        """With a place of one of these kinds that is certainly in one of these states; None: in any."""
        places = _rows("Place").filter(member=OuterRef("pk"), kind__in=kinds).exclude(state="")
        if states is not None:
            places = places.filter(state__in=states)
        return self.filter(Exists(places))

    def by_state(self, kinds: Collection[str]) -> dict[str, int]:
        """How many members each state has by a place of one of these kinds; home and work may differ."""
        counted = (
            self.filter(places__kind__in=kinds, places__state__gt="")
            .values_list("places__state")
            .annotate(members=Count("pk", distinct=True))
            .order_by("places__state")
        )
        return dict(counted)

    def to_invite(self, campaign_pk: int) -> Self:
        """Whoever may still be told of a campaign: not yet invited or joined, with an address.

        Who wants no invitations is left out, unless they asked to be told of this one later than that.
        """
        wishes = _rows("Wish").filter(
            campaign=campaign_pk,
            member=OuterRef("pk"),
            created_at__gt=OuterRef("no_invitations_since"),
        )
        told = _rows("Invitation").filter(campaign=campaign_pk, member=OuterRef("pk"))
        joined = _rows("Participation").filter(campaign=campaign_pk, member=OuterRef("pk"))
        return self.filter(
            Q(no_invitations_since=None) | Exists(wishes), ~Exists(told), ~Exists(joined)
        ).exclude(email="")


class PhaseQuerySet(models.QuerySet[M]):
    """Questions about phases."""

    def due(self) -> Self:
        """The clock should have opened them: of a running campaign, begun, not over, not opened."""
        now = timezone.now()
        return self.filter(
            campaign__state=CampaignState.RUNNING,
            state=PhaseState.PLANNED,
            opens_at__lte=now,
            closes_at__gt=now,
        )

    def open(self) -> Self:
        """In their window now, whether or not the clock has got round to them."""
        now = timezone.now()
        return self.filter(
            campaign__state=CampaignState.RUNNING, opens_at__lte=now, closes_at__gt=now
        )


class ZipAreaQuerySet(models.QuerySet[M]):
    """Questions about ZIPs."""

    def current(self) -> Self:
        """Those of the boundary set that matches are made with now."""
        return self.filter(boundaries__is_current=True)

    def parts_of(self, zips: Collection[str]) -> dict[str, list[tuple[str, int | None]]]:
        """The parts of each ZIP as (state, district), in one query; an unknown ZIP has none."""
        parts: dict[str, list[tuple[str, int | None]]] = defaultdict(list)
        if zips:
            for code, state, district in self.filter(zip__in=zips).values_list(
                "zip", "state", "district"
            ):
                parts[code].append((state, district))
        return parts

    def districts_in(self, states: Collection[str]) -> dict[str, list[int]]:
        """The districts that each state has, in one query; 0 stands for one at large."""
        found: dict[str, list[int]] = {}
        rows = self.filter(state__in=states, district__isnull=False).order_by("state", "district")
        for state, district in rows.values_list("state", "district").distinct():
            found.setdefault(state, []).append(district)
        return found

    def states_near(self, zips: Collection[str]) -> dict[str, list[str]]:
        """The states that share the first three digits with each ZIP, in one query."""
        if not zips:
            return {}
        near = Q()
        for start in {code[:3] for code in zips}:
            near |= Q(zip__gte=f"{start}00", zip__lte=f"{start}99")
        states: dict[str, set[str]] = defaultdict(set)
        for code, state in self.filter(near).values_list("zip", "state").distinct():
            states[code[:3]].add(state)
        return {code: sorted(states[code[:3]]) for code in zips}


class InstitutionQuerySet(models.QuerySet[M]):
    """Questions about institutions."""

    def suggested(self, words: Collection[str], phrase: str) -> Self:
        """Those whose name, aliases and city have a word beginning with each of `words`, best first.

        Best is a name that is `phrase`, then a name or alias that holds it, then a beginning of it, then
        words of the name in any order; what only the city fits comes last. Shorter names come first.
        """
        found, named = self, Q()
        for word in words:
            here = Q(searchable__contains=f" {word}")
            named &= here
            found = found.filter(here | Q(searchable__contains=f"@{word}"))
        ranks = [
            Q(searchable__startswith=f" {phrase} "),
            Q(searchable__contains=f" {phrase} "),
            Q(searchable__startswith=f" {phrase}"),
            Q(searchable__contains=f" {phrase}"),
            named,
        ]
        rank = Case(
            *(When(fits, then=Value(place)) for place, fits in enumerate(ranks)),
            default=Value(len(ranks)),
            output_field=IntegerField(),
        )
        return found.annotate(rank=rank).order_by("rank", Length("name"), "name", "id")


class RosterQuerySet(models.QuerySet[M]):
    """Questions about a society's roster."""

    def here(self) -> Self:
        """Members who have not left."""
        return self.filter(left_at=None)

    def for_list(self) -> Self:
        """With what the roster's list shows of each member, in two queries however long it is."""
        joined = _rows("Participation").filter(member=OuterRef("member"))
        return (
            self.select_related("member__user")
            .prefetch_related("member__places")
            .annotate(takes_part=Exists(joined))
        )

    def in_state(self, state: str) -> Self:
        """Members who live or work in a state."""
        places = _rows("Place").filter(member=OuterRef("member"), state=state)
        return self.filter(Exists(places))

    def standing(self, how: str) -> Self:
        """One of the roster list's ways to stand; any other value is everybody."""
        joined = Exists(_rows("Participation").filter(member=OuterRef("member")))
        narrowed = {
            "here": Q(left_at=None),
            "left": Q(left_at__isnull=False),
            "signed_in": Q(left_at=None, member__user__isnull=False),
            "not_signed_in": Q(left_at=None, member__user=None),
            "takes_part": Q(joined),
        }
        return self.filter(narrowed.get(how, Q()))
