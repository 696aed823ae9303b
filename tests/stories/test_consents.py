"""Permissions changed later: what is narrowed comes back, and that is said before it happens."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import CampaignPartner, ConsentText, Partner
from stories.models import Consent, Item, NameShown, Recall, RecallReason, Story
from stories.states import RecallState
from stories.verbs import telling
from stories.verbs.consenting import extend_to_late_partner
from tests.house.batches import delivered_batch, fetched_batch
from tests.house.people import World, client_of
from tests.house.stories import approved_story, permission, submitted_story
from tests.stories.typing import line

#: A page's hidden fields: name and value.
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@pytest.fixture
def mia(world: World) -> Client:
    """Mia's browser."""
    return client_of(world.mia)


def url(story: Story) -> str:
    return f"/stories/{story.ref}/consents/"


def grid(world: World, *lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The consents page as a browser sends it; lines that are not given have nothing ticked."""
    sent: dict[str, Any] = {"full_name": "Mia Chen", "first_name": "Mia", "consent_version": 1}
    everyone = [line(world.research_america), line(world.frontline), line(None)]
    for part in (*everyone, *lines):
        sent |= {name: value for name, value in part.items() if name != "lines"}
    sent["lines"] = [key for part in everyone for key in part["lines"]]
    return sent | changes


def full(world: World, story: Story, *uses: str, **changes: Any) -> dict[str, Any]:
    """Research!America's line as it stands, but for `changes`."""
    consent = story.consents.live().get(partner=world.research_america)
    as_it_is: dict[str, Any] = {"name_shown": "full", "until": consent.until.isoformat()}
    return line(
        world.research_america, *(uses or ("lawmakers", "publication")), **as_it_is | changes
    )


def test_the_grid_shows_what_stands(world: World, mia: Client) -> None:
    story = submitted_story(world)
    shown = " ".join(mia.get(url(story)).content.decode().split())
    consent = story.consents.live().get()
    assert f'value="{consent.until.isoformat()}"' in shown
    assert f'value="{consent.name}"' in shown
    assert shown.count(" checked") == 5  # two uses, and one name for each of three lines
    assert world.consent_text.text in shown


def test_saving_it_unchanged_changes_nothing(world: World, mia: Client) -> None:
    story = submitted_story(world)
    before = list(story.consents.values())
    name = story.consents.get().name
    answer = mia.post(url(story), grid(world, full(world, story), full_name=name))
    assert answer.status_code == 302
    assert list(story.consents.values()) == before


def test_an_old_page_gives_nothing_back_that_was_taken_away_since(
    world: World, mia: Client
) -> None:
    """Mia takes it from Research!America in one window; another one still shows it ticked."""
    story = approved_story(world)
    fetched_batch(world)
    opened = mia.get(url(story)).content.decode()
    old = grid(
        world,
        full(world, story),
        line(world.frontline, "press", name_shown="full"),
        **{name: value for name, value in HIDDEN.findall(opened) if name == "stands"},
    )
    assert mia.post(url(story), grid(world, confirmed="yes")).status_code == 302
    assert not story.consents.live().exists()
    invalid = mia.post(url(story), old | {"full_name": ""})
    assert invalid.status_code == 400
    assert dict(HIDDEN.findall(invalid.content.decode()))["stands"] == old["stands"]
    answer = mia.post(url(story), old)
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert "changed since you opened this page" in shown
    assert shown.count(" checked") == 3  # no use, and no name for each of three lines
    assert not story.consents.live().exists()
    again = old | {name: value for name, value in HIDDEN.findall(shown) if name == "stands"}
    assert mia.post(url(story), again).status_code == 302
    assert story.consents.live().count() == 2


def test_a_wider_permission_recalls_nothing(world: World, mia: Client) -> None:
    story = approved_story(world)
    fetched_batch(world)
    name = story.consents.get().name
    wider = full(world, story, "lawmakers", "publication", "press")
    answer = mia.post(
        url(story), grid(world, wider, line(world.frontline, "press"), full_name=name)
    )
    assert answer.status_code == 302
    assert Recall.objects.count() == 0
    assert story.consents.live().count() == 2


def test_narrowing_says_first_what_will_happen_and_then_recalls(world: World, mia: Client) -> None:
    story = approved_story(world)
    fetched_batch(world)
    name = story.consents.get().name
    narrower = grid(world, full(world, story, "lawmakers"), full_name=name)

    asked = mia.post(url(story), narrower)
    assert asked.status_code == 200
    shown = asked.content.decode()
    assert "Research!America has your story from batch 1" in shown
    assert Recall.objects.count() == 0
    assert story.consents.live().get().publication is True

    hidden = narrower | {"confirmed": "yes"}
    assert f'name="line-p{world.research_america.pk}-uses" value="lawmakers"' in shown
    assert mia.post(url(story), hidden).status_code == 302
    recall = Recall.objects.get()
    assert (recall.reason, recall.state) == (RecallReason.NARROWED, RecallState.ASKED)
    assert story.consents.live().get().publication is False


def test_narrowing_what_nobody_has_opened_takes_it_out(world: World, mia: Client) -> None:
    story = approved_story(world)
    delivered_batch(world)
    sent = grid(world)
    assert "nobody there has opened yet" in mia.post(url(story), sent).content.decode()
    mia.post(url(story), sent | {"confirmed": "yes"})
    assert Recall.objects.get().state == RecallState.NEVER_TAKEN
    assert Item.objects.live().count() == 0


@pytest.mark.parametrize(
    ("change", "narrower"),
    [
        ({"name_shown": "first"}, True),
        ({"name_shown": "none"}, True),
        ({"until": "2026-12-24"}, True),
        ({}, False),
    ],
)
def test_less_name_and_less_time_are_narrower(
    world: World, mia: Client, change: dict[str, str], narrower: bool
) -> None:
    story = approved_story(world)
    fetched_batch(world)
    name = story.consents.get().name
    if "until" in change:
        change = {"until": timezone.localdate().isoformat()}
    sent = grid(world, full(world, story, **change), full_name=name)
    answer = mia.post(url(story), sent | {"confirmed": "yes"})
    assert answer.status_code == 302
    assert Recall.objects.exists() is narrower


def test_a_name_in_the_text_forbids_namelessness(world: World, mia: Client) -> None:
    story = submitted_story(world, words="I am Mia Chen. " + "More words follow here. " * 8)
    nameless = grid(world, full(world, story, name_shown="none"))
    answer = mia.post(url(story), nameless)
    assert answer.status_code == 400
    assert "the text contains “Mia”, “Chen”" in answer.content.decode()


def test_a_new_wording_must_be_read_first(world: World, mia: Client) -> None:
    story = submitted_story(world)
    sent = grid(world)
    ConsentText.objects.create(
        campaign=world.campaign, version=2, text="New words.", created_by=world.lee
    )
    answer = mia.post(url(story), sent)
    assert answer.status_code == 400
    assert "New words." in answer.content.decode()
    assert story.consents.live().count() == 1


def test_a_line_that_was_not_on_the_page_stays(world: World, mia: Client) -> None:
    story = submitted_story(
        world,
        permissions=[
            permission(world.research_america),
            permission(world.frontline, NameShown.NONE),
        ],
    )
    sent = grid(world)
    sent["lines"] = [f"p{world.research_america.pk}", "later"]
    mia.post(url(story), sent)
    assert [consent.partner for consent in story.consents.live()] == [world.frontline]


def test_a_withdrawn_story_has_nothing_left_to_permit(world: World, mia: Client) -> None:
    story = submitted_story(world)
    telling.withdraw(by=world.mia, story=story)
    assert mia.get(url(story)).status_code == 409
    assert mia.post(url(story), grid(world)).status_code == 409


def test_only_the_author_changes_them(world: World) -> None:
    story = submitted_story(world)
    for user in (world.ana, world.nils, world.lee, world.paula):
        assert client_of(user).post(url(story), grid(world)).status_code == 404
    assert story.consents.live().count() == 1
    assert client_of(world.mia).post(url(story), grid(world)).status_code == 302
    assert story.consents.live().count() == 0


def late_partner(world: World, story: Story) -> Partner:
    """A partner that joined after the story was told, and about which its author was asked."""
    partner = Partner.objects.create(name="Late Science", slug="late")
    partnership = CampaignPartner.objects.create(campaign=world.campaign, partner=partner)
    extend_to_late_partner(story=story, partnership=partnership)
    return partner


@pytest.mark.parametrize("uses", [(), ("press",)])
def test_a_late_partner_is_asked_about_until_the_author_decides(
    world: World, mia: Client, uses: tuple[str, ...]
) -> None:
    story = submitted_story(world)
    partner = late_partner(world, story)
    assert "Late Science" in mia.get(f"/stories/{story.ref}/").content.decode()
    assert "joined after you wrote: please decide" in mia.get(url(story)).content.decode()
    name = story.consents.get().name
    sent = grid(world, full(world, story), full_name=name)
    answered = line(partner, *uses)
    sent |= {key: value for key, value in answered.items() if key != "lines"}
    sent["lines"] = [*sent["lines"], *answered["lines"]]
    assert mia.post(url(story), sent).status_code == 302
    assert Consent.objects.live().filter(partner=partner).exists() is bool(uses)
    shown = mia.get(f"/stories/{story.ref}/").content.decode()
    assert "joined the campaign after you had written" not in shown
