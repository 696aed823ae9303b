"""A member's places: what a ZIP means today, and the member's own word on where they live and work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from campaigns.models import BoundarySet, Institution, Member, Place, PlaceKind, ZipArea
from campaigns.rules.institutions import holds, same_name, search_phrase, search_words
from campaigns.rules.places import Area, Match, match_zip
from portal import audit
from portal.errors import Refused
from portal.models import User

MOST_SUGGESTIONS = 8


@dataclass(frozen=True)
class Said:
    """What a member says of one place.

    `zip` is clean or empty; `choice` is a `Choice.value` or empty. At work, `institution` is the id of the
    suggestion that the member picked, and `institution_name` is what they typed.
    """

    zip: str = ""
    choice: str = ""
    institution: int | None = None
    institution_name: str = ""


def look_up(zip: str, *, within: str = "", choice: str = "") -> Match:
    """What a ZIP means in the current boundary set, in at most two queries; see `match_zip`."""
    current = ZipArea.objects.current()
    areas = [Area(*part) for part in current.parts_of([zip]).get(zip, ())]
    near: Sequence[str] = () if areas else current.states_near([zip]).get(zip, ())
    return match_zip(zip, areas, near, within=within, choice=choice)


def suggest(typed: str) -> list[Institution]:
    """At most eight institutions that fit what was typed; none for fewer than three letters."""
    words = search_words(typed)
    if sum(map(len, words)) < 3:
        return []
    return list(Institution.objects.suggested(words, search_phrase(typed))[:MOST_SUGGESTIONS])


def meant(typed: str, picked: int | None) -> Institution | None:
    """The institution that a member means: the one they picked, else the only one of exactly that name.

    One that was picked before something else was typed does not count.
    """
    key = same_name(typed)
    if not key:
        return None
    if picked is not None:
        chosen = Institution.objects.filter(pk=picked).first()
        if chosen and holds(chosen.searchable, search_words(typed)):
            return chosen
    fitting = Institution.objects.suggested(search_words(typed), search_phrase(typed))
    same = [one for one in fitting if same_name(one.name) == key]
    return same[0] if len(same) == 1 else None


@transaction.atomic
def set_places(*, by: User, member: Member, home: Said, work: Said) -> dict[str, Place]:
    """Write the member's own word on both places; it stands above every roster's from now on.

    Returns the places as they were matched, by kind. An open choice is kept open.
    """
    current = BoundarySet.objects.filter(is_current=True).first()
    if current is None:
        raise Refused(
            "No map of ZIP codes is loaded yet. Please tell the people who run this site."
        )
    places = {
        PlaceKind.HOME: _home(home),
        PlaceKind.WORK: _work(work),
    }
    # Another window of the member's, or a roster that is being imported, takes its turn.
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    held = Place.objects.select_for_update().filter(member=member).order_by("pk")
    known = dict(held.values_list("kind", "pk"))
    for kind, place in places.items():
        place.member, place.kind = member, kind
        place.boundaries, place.said_by_member = current, True
        place.pk = known.get(kind)
        place.save(force_insert=place.pk is None, force_update=place.pk is not None)
    audit.record(by, "set_places", member, boundaries=current.pk)
    return {str(kind): place for kind, place in places.items()}


def _home(said: Said) -> Place:
    """A home, matched."""
    return _matched(said.zip, look_up(said.zip, choice=said.choice)) if said.zip else Place()


def _work(said: Said) -> Place:
    """A workplace, matched: an institution brings its ZIP where none was typed, and its state."""
    institution = meant(said.institution_name, said.institution)
    zip = said.zip or (institution.zip if institution else "")
    if zip:
        # Another ZIP that the member typed may lie elsewhere: another campus, another state.
        within = institution.state if institution and zip == institution.zip else ""
        place = _matched(zip, look_up(zip, within=within, choice=said.choice))
    else:
        place = Place(state=institution.state if institution else "")
    place.institution = institution
    place.institution_name = institution.name if institution else said.institution_name
    return place


def _matched(zip: str, match: Match) -> Place:
    return Place(zip=zip, state=match.state, district=match.district, ambiguous=match.ambiguous)
