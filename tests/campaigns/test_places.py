"""Where members live and work: ZIPs are matched as the map says, and never guessed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import BoundarySet, Institution, Member, Place
from campaigns.rules.institutions import searchable
from campaigns.rules.places import Area, clean_zip, match_zip, still_stands
from portal.models import AuditLine, User
from tests.house.people import World, make_user

ClientOf = Callable[[User | None], Client]


def make_institution(
    name: str, state: str, zip: str, aliases: str = "", city: str = ""
) -> Institution:
    institution: Institution = Institution.objects.create(
        source_id=f"test:{Institution.objects.count()}",
        name=name,
        aliases=aliases,
        city=city or "Town",
        state=state,
        zip=zip,
        searchable=searchable(name, aliases, city),
    )
    return institution


@pytest.fixture
def kansas(db: None) -> Institution:
    return make_institution("University of Kansas", "KS", "66045", "KU|Kansas U", "Lawrence")


def save(client: Client, **typed: str) -> int:
    return client.post(reverse("campaigns:save_places"), typed).status_code


def place_of(user: User, kind: str) -> tuple[str, str, int | None, bool]:
    place = Place.objects.get(member__user=user, kind=kind)
    return place.zip, place.state, place.district, place.ambiguous


@pytest.mark.parametrize(
    ("typed", "zip"),
    [
        ("66044", "66044"),
        (" 02139 ", "02139"),
        ("66044-1234", "66044"),
        ("66044 1234", "66044"),
        ("660441234", "66044"),
        ("66044\u20131234", "66044"),
        ("\uff16\uff16\uff10\uff14\uff14", "66044"),
        ("", ""),
    ],
)
def test_a_zip_is_read_as_people_write_it(typed: str, zip: str) -> None:
    assert clean_zip(typed) == zip


@pytest.mark.parametrize(
    "typed", ["2139", "K1A 0B1", "66044-12", "1234567", "\u0666\u0666\u0660\u0664\u0664"]
)
def test_what_is_no_zip_is_refused_in_words(typed: str) -> None:
    with pytest.raises(ValueError, match="five digits"):
        clean_zip(typed)


def test_one_part_is_certain_and_several_are_a_choice() -> None:
    one = match_zip("66045", [Area("KS", 1)])
    assert (one.state, one.district, one.ambiguous, one.choices) == ("KS", 1, False, ())
    two = match_zip("66044", [Area("KS", 2), Area("KS", 1)])
    assert (two.state, two.district, two.ambiguous) == ("KS", None, True)
    assert [choice.value for choice in two.choices] == ["KS-1", "KS-2"]
    assert two.chosen is None
    chosen = match_zip("66044", [Area("KS", 2), Area("KS", 1)], choice="KS-2")
    assert (chosen.state, chosen.district, chosen.ambiguous) == ("KS", 2, False)
    assert chosen.chosen is not None
    assert chosen.chosen.label == "Kansas, district 2"


def test_a_zip_in_several_states_has_no_state_until_one_is_chosen() -> None:
    areas = [Area("GA", 11), Area("AL", 3), Area("GA", 14)]
    match = match_zip("30165", areas)
    assert (match.state, match.ambiguous) == ("", True)
    assert [choice.value for choice in match.choices] == ["AL-3", "GA-11", "GA-14", "GA-?"]
    state_alone = match_zip("30165", areas, choice="GA-?")
    assert (state_alone.state, state_alone.district, state_alone.ambiguous) == ("GA", None, True)
    assert state_alone.chosen is not None
    assert state_alone.chosen.value == "GA-?"
    assert match_zip("30165", areas, choice="KS-1") == match


def test_an_unknown_zip_offers_the_states_around_and_takes_none() -> None:
    match = match_zip("66099", [], ["KS"])
    assert (match.known, match.state, match.ambiguous) == (False, "", True)
    assert [choice.value for choice in match.choices] == ["KS-"]
    assert match_zip("66099", [], ["KS"], choice="KS-").state == "KS"
    assert match_zip("00000", [], []).choices == ()


def test_a_choice_stands_only_while_nothing_new_is_offered_beside_it() -> None:
    before = [Area("KS", 1), Area("KS", 2)]
    assert still_stands("KS", 2, before, before)
    assert still_stands("KS", 2, before, [Area("KS", 2)])
    assert not still_stands("KS", 2, before, [Area("KS", 2), Area("KS", 3)])
    assert not still_stands("KS", 2, before, [Area("KS", 1)])


def test_a_member_says_where_they_live_and_work(
    world: World, kansas: Institution, client_of: ClientOf
) -> None:
    sam = world.sam
    client = client_of(sam)
    assert save(client, home_zip="67202-1100", institution_name="university of kansas") == 302
    assert place_of(sam, "home") == ("67202", "KS", 4, False)
    assert place_of(sam, "work") == ("66045", "KS", 1, False)
    work = Place.objects.get(member__user=sam, kind="work")
    assert (work.institution, work.said_by_member) == (kansas, True)
    assert work.boundaries == world.boundaries
    page = client.get(reverse("campaigns:places")).content.decode()
    assert "Kansas, district 4" in page
    assert 'value="University of Kansas"' in page
    assert AuditLine.objects.filter(verb="set_places", actor=sam).count() == 1


def test_an_open_choice_stays_open_until_it_is_made(world: World, client_of: ClientOf) -> None:
    client = client_of(world.sam)
    save(client, home_zip="66541")
    assert place_of(world.sam, "home") == ("66541", "", None, True)
    page = client.get(reverse("campaigns:places")).content.decode()
    assert "Nebraska, district 3" in page
    save(client, home_zip="66541", home_choice="NE-3")
    assert place_of(world.sam, "home") == ("66541", "NE", 3, False)
    save(client, home_zip="66541", home_choice="")
    assert place_of(world.sam, "home") == ("66541", "", None, True)


def test_a_choice_made_for_another_zip_does_not_count(world: World, client_of: ClientOf) -> None:
    client = client_of(world.sam)
    save(client, home_zip="84101", home_choice="KS-2")
    assert place_of(world.sam, "home") == ("84101", "UT", None, True)


def test_po_box_and_military_zips_work(world: World, client_of: ClientOf) -> None:
    client = client_of(world.sam)
    save(client, home_zip="67201", work_zip="09001")
    assert place_of(world.sam, "home") == ("67201", "KS", None, False)
    assert place_of(world.sam, "work") == ("09001", "AE", None, False)


def test_a_typing_mistake_keeps_what_was_typed(world: World, client_of: ClientOf) -> None:
    client = client_of(world.sam)
    answer = client.post(
        reverse("campaigns:save_places"), {"home_zip": "6604", "institution_name": "Lab of my own"}
    )
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "A US ZIP code has five digits" in page
    assert 'value="Lab of my own"' in page
    assert not Member.objects.filter(user=world.sam).exists()
    assert save(client, home_zip="00000") == 400


def test_naming_another_institution_forgets_the_zip_of_the_first(
    world: World, kansas: Institution, client_of: ClientOf
) -> None:
    duke = make_institution("Duke University", "NC", "27599", city="Durham")
    client = client_of(world.sam)
    save(client, institution_name="University of Kansas", institution=str(kansas.pk))
    # What the page had checked before is sent along, as a browser without scripts does.
    save(client, institution_name="Duke University", institution=str(kansas.pk), work_zip="")
    work = Place.objects.get(member__user=world.sam, kind="work")
    assert (work.institution, work.state, work.district) == (duke, "NC", 4)


def test_two_institutions_of_one_name_are_a_choice(world: World, client_of: ClientOf) -> None:
    make_institution("Westminster College", "UT", "84112")
    other = make_institution("Westminster College", "PA", "15213")
    client = client_of(world.sam)
    save(client, institution_name="Westminster College")
    work = Place.objects.get(member__user=world.sam, kind="work")
    assert (work.institution, work.state, work.institution_name) == (
        None,
        "",
        "Westminster College",
    )
    assert client.get(reverse("campaigns:places")).content.decode().count('name="institution"') == 3
    save(client, institution_name="Westminster College", institution=str(other.pk))
    work.refresh_from_db()
    assert (work.institution, work.state) == (other, "PA")


def test_suggestions_find_names_aliases_and_cities_without_accents(
    world: World, kansas: Institution, client_of: ClientOf
) -> None:
    make_institution("Universidad Ana G. Méndez", "PR", "00926", city="San Juan")
    client = client_of(world.sam)

    def suggested(typed: str) -> list[str]:
        answer = client.get(reverse("campaigns:institutions"), {"q": typed})
        return [row.name for row in answer.context["suggestions"]]

    assert suggested("kansas u") == ["University of Kansas"]
    assert suggested("mendez san juan") == ["Universidad Ana G. Méndez"]
    assert suggested("MÉNDEZ") == ["Universidad Ana G. Méndez"]
    assert suggested("un") == []
    assert suggested("100%") == []


def test_the_fragment_for_a_zip_offers_what_the_page_offers(
    world: World, client_of: ClientOf
) -> None:
    client = client_of(world.sam)
    url = reverse("campaigns:zip_choices")
    assert "Kansas, district 2" in client.get(url, {"home_zip": "66044"}).content.decode()
    assert 'name="work_choice"' in client.get(url, {"work_zip": "66044"}).content.decode()
    assert "five digits" not in client.get(url, {"home_zip": "660"}).content.decode()
    assert "five digits" in client.get(url, {"home_zip": "660444"}).content.decode()


def test_places_are_for_people_who_have_signed_in(world: World, client_of: ClientOf) -> None:
    stranger = client_of(None)
    for name in ("places", "institutions", "zip_choices"):
        answer = stranger.get(reverse(f"campaigns:{name}"))
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_login"))
    assert client_of(world.sam).get(reverse("campaigns:places")).status_code == 200


def test_somebody_without_a_proven_address_gets_no_record(
    world: World, client_of: ClientOf
) -> None:
    from_outside: User = User.objects.create_user("new@example.org")
    answer = client_of(from_outside).post(reverse("campaigns:save_places"), {"home_zip": "66045"})
    assert answer.status_code == 400
    assert "verify your e-mail address" in answer.content.decode()
    assert not Member.objects.filter(email="new@example.org").exists()
    proven = make_user("New", "proven@example.org")
    assert save(client_of(proven), home_zip="66045") == 302


def test_without_a_map_the_page_says_so(world: World, client_of: ClientOf) -> None:
    BoundarySet.objects.update(is_current=False)
    answer = client_of(world.mia).post(reverse("campaigns:save_places"), {"home_zip": ""})
    assert answer.status_code == 400
    assert "No map of ZIP codes" in answer.content.decode()
