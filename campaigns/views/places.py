"""The member's own page of places, and the suggestions that it shows while they type."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from campaigns.forms.places import PlacesForm, as_typed
from campaigns.models import Institution, Member, Place, PlaceKind, places_of
from campaigns.rules.places import Match, clean_zip
from campaigns.rules.usa import district_name
from campaigns.verbs.members import own_member
from campaigns.verbs.places import look_up, meant, set_places, suggest
from portal.access import person
from portal.errors import Refused


@dataclass(frozen=True)
class Standing:
    """What we know of one place, for the page."""

    kind: str
    words: str = ""
    match: Match | None = None

    @property
    def open(self) -> bool:
        """Whether the member has something to choose."""
        return bool(self.match and self.match.ambiguous)


@require_safe
def places(request: HttpRequest) -> HttpResponse:
    """Where the member lives and works, and what follows from it."""
    saved = _saved(request)
    return _page(request, PlacesForm(initial=as_typed(saved)), saved)


@require_POST
def save_places(request: HttpRequest) -> HttpResponse:
    """Take the member's word. An open choice is saved as open, and the page offers it."""
    form = PlacesForm(request.POST)
    user = person(request)
    if not form.is_valid():
        return _page(request, form, _saved(request), status=400)
    try:
        saved = set_places(by=user, member=own_member(by=user), **form.said())
    except Refused as refusal:
        form.add_error(refusal.field, str(refusal))
        return _page(request, form, _saved(request), status=400)
    messages.success(request, _what_next(saved))
    return redirect("campaigns:places")


@require_safe
def institutions(request: HttpRequest) -> HttpResponse:
    """What may be meant by what was typed so far, to pick from."""
    typed = request.GET.get("q", request.GET.get("institution_name", ""))[:150]
    return render(
        request,
        "campaigns/places/institutions.html",
        {"typed": typed.strip(), "suggestions": suggest(typed), "picked": None},
    )


@require_safe
def zip_choices(request: HttpRequest) -> HttpResponse:
    """What the ZIP that was just typed means, with the choices that it leaves."""
    kind = "work" if "work_zip" in request.GET else "home"
    typed = request.GET.get(f"{kind}_zip", "")[:20]
    context: dict[str, object] = {"kind": kind}
    try:
        zip = clean_zip(typed)
    except ValueError as problem:
        # While somebody is still typing, four digits are no mistake.
        context["problem"] = str(problem) if len(typed.strip()) > 4 else ""
    else:
        if zip:
            match = look_up(zip)
            context |= {"match": match, "words": _match_words(match)}
    return render(request, "campaigns/places/choices.html", context)


def _saved(request: HttpRequest) -> dict[str, Place]:
    """The signed-in person's places by kind."""
    member = (
        Member.objects.filter(user=person(request)).prefetch_related("places__institution").first()
    )
    return places_of(member) if member else {}


def _page(
    request: HttpRequest, form: PlacesForm, saved: dict[str, Place], status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "home": _standing(PlaceKind.HOME, saved),
        "work": _standing(PlaceKind.WORK, saved),
        "from_roster": any(not place.said_by_member for place in saved.values()),
        **_suggested(form, saved.get(PlaceKind.WORK)),
    }
    return render(request, "campaigns/places/places.html", context, status=status)


def _standing(kind: str, saved: dict[str, Place]) -> Standing:
    """Describe a saved place, with what it leaves to choose."""
    place = saved.get(kind)
    if place is None:
        return Standing(kind)
    if not place.zip:
        return Standing(kind, words=district_name(place.state, place.district))
    brought = (
        place.institution if place.institution and place.institution.zip == place.zip else None
    )
    match = look_up(place.zip, within=brought.state if brought else "")
    kept = Match(
        place.zip, place.state, place.district, place.ambiguous, match.choices, match.known
    )
    return Standing(kind, words=_match_words(kept), match=kept)


def _suggested(form: PlacesForm, place: Place | None) -> dict[str, object]:
    """The institutions to pick from, without scripts: offered while none is certain."""
    typed = form["institution_name"].value() or ""
    picked: Institution | None = place.institution if place and not form.is_bound else None
    if picked is None and typed:
        picked = meant(typed, None)
    suggestions = [picked] if picked else suggest(typed)
    return {"typed": typed, "picked": picked, "suggestions": suggestions}


def _match_words(match: Match) -> str:
    """What is known of a ZIP, in a few words."""
    if match.state and not match.ambiguous:
        return f"ZIP {match.zip}: {district_name(match.state, match.district)}"
    if not match.known:
        return f"We do not know the ZIP code {match.zip}." if match.choices else ""
    states = {choice.state for choice in match.choices}
    parts = "states" if len(states) > 1 else "congressional districts"
    return f"ZIP {match.zip} lies in several {parts}."


def _what_next(saved: dict[str, Place]) -> str:
    """What the member reads after saving."""
    open_kinds = [kind for kind, place in saved.items() if place.ambiguous]
    if open_kinds:
        return (
            f"Saved. Your {' and '.join(open_kinds)} ZIP lies in more than one district or state: "
            "choose yours below if you know it, or leave it open."
        )
    work = saved[PlaceKind.WORK]
    if work.institution_name and not work.state:
        return (
            "Saved. We do not know where your workplace is: pick it from the list below, or add its "
            "ZIP code if it is in the United States."
        )
    return "Saved. Campaigns now go by these places."
