"""Loading boundary sets and institutions, and matching members' places to a new map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from django.db import transaction

from campaigns.models import BoundarySet, Institution, Place, ZipArea
from campaigns.rules.boundary_files import BoundaryRow, check_coverage
from campaigns.rules.institutions import searchable
from campaigns.rules.places import Area, match_zip, still_stands
from portal import audit
from portal.errors import Refused
from portal.models import User

T = TypeVar("T")

CHUNK = 2000
_INSTITUTION_FIELDS = ("source_id", "name", "aliases", "city", "state", "zip")


@transaction.atomic
def load_boundaries(
    *, by: User | None, name: str, source: str, licence: str, rows: Iterable[BoundaryRow]
) -> BoundarySet:
    """Load one edition of the map and make it the current one, all or nothing.

    `rows` may raise BoundaryFileProblem at any line: then nothing has changed. So it is where a state
    of the current set is missing. Refused where an edition of this name is there already.
    """
    if BoundarySet.objects.filter(name=name).exists():
        raise Refused(
            f"A boundary set named “{name}” is loaded already. Give the new one its own name."
        )
    before = set(ZipArea.objects.current().values_list("state", flat=True).distinct())
    fresh = BoundarySet.objects.create(name=name, source=source, licence=licence)
    states: set[str] = set()
    count = 0
    for chunk in chunks(rows, CHUNK):
        ZipArea.objects.bulk_create(
            ZipArea(
                boundaries=fresh, zip=row.zip, state=row.state, district=row.district, city=row.city
            )
            for row in chunk
        )
        states |= {row.state for row in chunk}
        count += len(chunk)
    check_coverage(before, states)
    BoundarySet.objects.filter(is_current=True).update(is_current=False)
    BoundarySet.objects.filter(pk=fresh.pk).update(is_current=True)
    fresh.refresh_from_db()
    audit.record(by, "load_boundaries", fresh, rows=count)
    return fresh


@transaction.atomic
def load_institutions(*, by: User | None, rows: Iterable[dict[str, str]]) -> int:
    """Bring the suggestions up to date with the file; returns how many were written.

    Institutions that the file no longer has stay, because members' places point to them.
    """
    have = set(Institution.objects.values_list(*_INSTITUTION_FIELDS, "searchable"))
    found = [(row, searchable(row["name"], row["aliases"], row["city"])) for row in rows]
    fresh = [
        Institution(searchable=text, **{field: row[field] for field in _INSTITUTION_FIELDS})
        for row, text in found
        if (*(row[field] for field in _INSTITUTION_FIELDS), text) not in have
    ]
    Institution.objects.bulk_create(
        fresh,
        batch_size=CHUNK,
        update_conflicts=True,
        unique_fields=["source_id"],
        update_fields=["name", "aliases", "city", "state", "zip", "searchable"],
    )
    return len(fresh)


def rematch_places(*, by: User | None) -> Iterator[tuple[int, int]]:
    """Match every place that was matched with an older set, a chunk a transaction.

    Yields (places of the chunk, of which are newly ambiguous). Can be stopped and run again: it goes on
    with the places that are left. What counted when a member joined is never touched.
    """
    current = BoundarySet.objects.get(is_current=True)
    after = 0
    while True:
        with transaction.atomic():
            places = list(
                Place.objects.exclude(zip="")
                .exclude(boundaries=current)
                .filter(pk__gt=after)
                .select_related("institution")
                .select_for_update(of=("self",))
                .order_by("pk")[:CHUNK]
            )
            if not places:
                return
            opened = _rematch(places, current)
            audit.record(by, "rematch_places", current, places=len(places), opened=opened)
        after = places[-1].pk
        yield len(places), opened


def _rematch(places: Sequence[Place], current: BoundarySet) -> int:
    """Match places to the current set and write them; returns how many became ambiguous."""
    zips = {place.zip for place in places}
    now = ZipArea.objects.filter(boundaries=current).parts_of(zips)
    near = ZipArea.objects.filter(boundaries=current).states_near(zips - now.keys())
    older = {place.boundaries_id for place in places if place.boundaries_id}
    before = {pk: ZipArea.objects.filter(boundaries=pk).parts_of(zips) for pk in older}
    opened = 0
    for place in places:
        areas = [Area(*part) for part in now[place.zip]]
        old = [Area(*part) for part in before.get(place.boundaries_id or 0, {}).get(place.zip, [])]
        opened += _match_anew(place, areas, old, near.get(place.zip, ()))
        place.boundaries = current
    Place.objects.bulk_update(
        places, ["state", "district", "ambiguous", "boundaries"], batch_size=500
    )
    return opened


def _match_anew(place: Place, areas: list[Area], old: list[Area], near: Iterable[str]) -> bool:
    """Set one place's state and district by the new map; True where its choice is open now and was not."""
    was_open = place.ambiguous
    if not was_open and still_stands(place.state, place.district, old, areas):
        return False
    # A state's borders do not move: a state that was certain or chosen limits what is open.
    within = place.institution.state if place.institution else place.state
    match = match_zip(place.zip, areas, near, within=within)
    place.state, place.district, place.ambiguous = match.state, match.district, match.ambiguous
    return place.ambiguous and not was_open


def chunks(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """Consecutive lists of at most `size`."""
    source = iter(rows)
    while chunk := list(islice(source, size)):
        yield chunk
