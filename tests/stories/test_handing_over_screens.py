"""The pages of handing over in a real browser: wide and on a phone, with nothing for axe-core to find."""

from __future__ import annotations

import pytest
from django.urls import reverse

from portal.models import User
from stories.models import Batch, Item, NameShown, Recall
from stories.states import RecallState
from stories.verbs import telling
from tests.house.batches import delivered_batch, fetched_batch, story_with_photo
from tests.house.browser import NARROW, WIDE, OpenPage, no_axe_findings, take_picture
from tests.house.people import World, make_world
from tests.house.post import run_jobs
from tests.house.stories import approved_story, permission

Pages = dict[str, str]


def set_the_scene(world: World) -> None:
    """A closed batch with an unanswered recall, a delivered one, and a story that waits for the next."""
    story_with_photo(world)
    approved_story(
        world,
        hook="A hook of a hundred and forty letters is as long as a hook may be, and it must not push "
        "the page wider than the phone that it is read on",
        permissions=[
            permission(world.research_america, NameShown.NONE),
            permission(world.frontline, NameShown.FIRST, name="Mia, Kansas"),
        ],
    )
    gone = approved_story(world, member=world.nils_member, hook="Will be gone")
    fetched_batch(world)
    telling.withdraw(by=world.nils, story=gone)
    approved_story(world, hook="In the second batch")
    delivered_batch(world)
    run_jobs()
    approved_story(world, hook="Waits for the next batch")


def partners_pages(world: World) -> Pages:
    first, second = Batch.objects.filter(partner=world.research_america, number__lte=2).order_by(
        "number"
    )
    recall = Recall.objects.get(state=RecallState.ASKED)
    item = Item.objects.live().filter(batch=first, position=1).get()
    return {
        "inbox": reverse("stories:inbox"),
        "batch": reverse("stories:batch", args=[second.ref]),
        "closed_batch": reverse("stories:batch", args=[first.ref]),
        "recalls": reverse("stories:recalls"),
        "recall": reverse("stories:recall", args=[recall.ref]),
        "library": reverse("stories:library") + "?state=KS",
        "library_story": reverse("stories:library_story", args=[item.pk]),
    }


def leads_pages(world: World) -> Pages:
    slug, partner = world.campaign.slug, world.research_america.slug
    first = Batch.objects.get(partner=world.research_america, number=1)
    story = Item.objects.get(batch=first, position=1).story
    return {
        "lead_campaigns": reverse("stories:lead_campaigns"),
        "lead_batches": reverse("stories:lead_batches", args=[slug]),
        "lead_next": reverse("stories:lead_next", args=[slug, partner]),
        "lead_batch": reverse("stories:lead_batch", args=[first.ref]),
        "lead_stories": reverse("stories:lead_stories", args=[slug]),
        "lead_story": reverse("stories:lead_story", args=[story.ref]),
    }


@pytest.mark.django_db(transaction=True)
def test_every_page_fits_and_axe_finds_nothing(open_page: OpenPage) -> None:
    world = make_world()
    set_the_scene(world)
    tours: list[tuple[User, Pages]] = [
        (world.paula, partners_pages(world)),
        (world.lee, leads_pages(world)),
    ]
    for user, pages in tours:
        for size in (WIDE, NARROW):
            page = open_page(user, size=size)
            for name, url in pages.items():
                page.goto(url)
                assert page.locator("h1").count() == 1, name
                take_picture(page, f"{name}-{size[0]}")
                fits = "document.documentElement.scrollWidth <= window.innerWidth"
                assert page.evaluate(fits), f"{name} at {size[0]}"
                no_axe_findings(page)


@pytest.mark.django_db(transaction=True)
def test_seal_fetch_acknowledge_and_give_back_without_javascript(open_page: OpenPage) -> None:
    world = make_world()
    story = approved_story(world, hook="All the way and back")
    lead = open_page(world.lee, javascript=False)
    lead.goto(reverse("stories:lead_batches", args=[world.campaign.slug]))
    lead.click("text=Research!America >> nth=0")
    lead.click("text=Seal this batch now")
    lead.click("text=Seal and hand over")
    assert "is sealed with 1 story" in lead.inner_text("#notices")
    run_jobs()
    officer = open_page(world.paula, javascript=False)
    officer.goto(reverse("stories:inbox"))
    officer.click("text=Batch 1: Research saves")
    with officer.expect_download() as download:
        officer.click("text=Fetch everything")
    assert download.value.suggested_filename.endswith("-0001.zip")
    officer.click("text=Acknowledge batch 1")
    assert "Batch 1 is acknowledged" in officer.inner_text("#notices")
    telling.withdraw(by=world.mia, story=story)
    officer.goto(reverse("stories:inbox"))
    officer.click("text=Batch 1, story 1")
    assert not officer.is_visible("#id_where")
    officer.check("text=Already published")
    assert (officer.is_visible("#id_where"), officer.is_visible("#id_why")) == (True, False)
    officer.fill("#id_where", "Our newsletter of May 3, page 2")
    officer.click("text=Send the answer")
    assert "have been told your answer" in officer.inner_text("#notices")
    recall = Recall.objects.get()
    assert (recall.state, recall.answer) == (
        RecallState.PUBLISHED,
        "Our newsletter of May 3, page 2",
    )
