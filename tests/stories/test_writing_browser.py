"""Writing in a real browser: the page saves itself, survives sign-out, and has no barrier that axe can see."""

from __future__ import annotations

import pytest
from playwright.sync_api import Dialog, Page, expect

from campaigns.models import Participation
from stories.models import Draft, Story
from stories.verbs import reviewing, telling
from tests.house.batches import fetched_batch
from tests.house.browser import NARROW, WIDE, OpenPage, no_axe_findings
from tests.house.people import World
from tests.house.stories import answers, approved_story, join, submitted_story
from tests.house.waiting import wait_until


def draft(world: World) -> Story:
    """Mia's empty draft."""
    participation: Participation = join(world, world.mia_member)
    return telling.begin(by=world.mia, participation=participation)


def writing(world: World, open_page: OpenPage) -> tuple[Story, Page]:
    """Her empty draft, and the page on which she writes it, on her phone."""
    story = draft(world)
    page = open_page(world.mia, size=NARROW)
    page.goto(f"/stories/{story.ref}/write/")
    return story, page


@pytest.mark.django_db(transaction=True)
def test_the_page_saves_itself_and_goes_on_after_a_sign_out(
    world: World, open_page: OpenPage
) -> None:
    story, page = writing(world, open_page)
    page.get_by_label("Your story in one line").fill("Typed on a phone")
    expect(page.locator("#saved")).to_contain_text("Saved at")
    assert Draft.objects.get(story=story).hook == "Typed on a phone"
    expect(page.locator("#draft-version")).to_have_value("1")
    expect(page.locator("#id_hook_count")).to_have_text("16 of 140 characters")

    # Signed out meanwhile: the page says so and keeps every word.
    session = next(c["value"] for c in page.context.cookies() if c["name"] == "sessionid")
    page.context.clear_cookies(name="sessionid")
    page.get_by_label("Your story in one line").fill("Typed while signed out")
    expect(page.locator("#notices")).to_contain_text("You have been signed out")
    expect(page.locator("#saved")).to_have_text("Not saved")
    page.get_by_role("link", name="Delete this draft").scroll_into_view_if_needed()
    expect(page.locator("#notices")).to_be_in_viewport()
    assert Draft.objects.get(story=story).hook == "Typed on a phone"
    expect(page.get_by_label("Your story in one line")).to_have_value("Typed while signed out")

    # Signed in again in another tab, which renews the token: the page takes the new one by itself.
    site = page.evaluate("window.location.origin")
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": site}])
    page.context.clear_cookies(name="csrftoken")
    page.get_by_label("Your story in one line").fill("Typed after signing in")
    expect(page.locator("#draft-version")).to_have_value("2")
    assert Draft.objects.get(story=story).hook == "Typed after signing in"
    page.get_by_role("button", name="Save draft").last.click()
    expect(page.locator("#notices")).to_contain_text("Your draft is saved")


@pytest.mark.django_db(transaction=True)
def test_what_is_typed_last_is_saved_as_the_page_is_left(world: World, open_page: OpenPage) -> None:
    story, page = writing(world, open_page)
    line = page.get_by_label("Your story in one line")
    line.fill("Typed on a phone")
    expect(page.locator("#saved")).to_have_text("Not saved yet")
    page.goto("/stories/")
    wait_until(lambda: Draft.objects.get(story=story).hook == "Typed on a phone")

    # What is sent in passing overtakes a save of the same page that is still on its way.
    page.goto(f"/stories/{story.ref}/write/")
    line.fill("Typed later")
    expect(page.locator("#draft-version")).to_have_value("2")
    page.evaluate("document.getElementById('draft-version').value = 1")
    line.fill("Typed last")
    page.goto("/stories/")
    wait_until(lambda: Draft.objects.get(story=story).hook == "Typed last")


#: A phone that shows something else stops a page's clocks, and with them the save that comes after a pause.
STOPS = """const after = window.setTimeout;
window.setTimeout = (act, ...rest) => after(() => window.stopped || act(), ...rest);"""


@pytest.mark.django_db(transaction=True)
def test_a_text_of_more_than_64_kb_is_saved_in_passing_too(
    world: World, open_page: OpenPage
) -> None:
    """Longer than a page may send that is being left: 30,000 letters with an accent are 180 kB on their way."""
    story = draft(world)
    page = open_page(world.mia, size=NARROW)
    page.add_init_script(STOPS)
    page.goto(f"/stories/{story.ref}/write/")
    page.get_by_label("Your story", exact=False).nth(1).fill("é" * 30_000)
    page.evaluate(
        """window.stopped = true;
        Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));"""
    )
    wait_until(lambda: Draft.objects.get(story=story).version == 1)
    assert "é" * 30_000 in str(Draft.objects.get(story=story).answers)


@pytest.mark.django_db(transaction=True)
def test_who_leaves_before_a_long_text_is_saved_is_asked(world: World, open_page: OpenPage) -> None:
    story = draft(world)
    page = open_page(world.mia, size=NARROW)
    page.add_init_script(STOPS)
    page.goto(f"/stories/{story.ref}/write/")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    away = page.get_by_role("link", name="← My stories")
    text = page.get_by_label("Your story", exact=False).nth(1)
    page.evaluate("window.stopped = true")
    text.fill("é" * 29_000)
    text.press("x")
    away.click()
    wait_until(lambda: asked == ["beforeunload"])
    page.evaluate("window.stopped = false")
    text.press("y")
    expect(page.locator("#saved")).to_contain_text("Saved at")
    away.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My stories")
    assert asked == ["beforeunload"]


@pytest.mark.django_db(transaction=True)
def test_what_is_typed_while_the_page_is_saved_in_passing_is_saved_too(
    world: World, open_page: OpenPage
) -> None:
    """Somebody looks at another tab and comes back before a slow line has carried what they had typed."""
    story, page = writing(world, open_page)
    page.evaluate(
        """const fetchNow = window.fetch;
        window.fetch = (...sent) => new Promise((go) => { window.arrive = go; }).then(() => fetchNow(...sent));
        window.look = (state) => {
          Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        };
        window.heldBack = 0;
        document.addEventListener("htmx:beforeRequest", (event) => {
          if (event.defaultPrevented) window.heldBack += 1;
        });"""
    )
    line = page.get_by_label("Your story in one line")
    line.fill("Typed before")
    page.evaluate("window.look('hidden'); window.look('visible')")
    wait_until(lambda: page.evaluate("window.heldBack") == 1)
    line.fill("Typed meanwhile")
    wait_until(lambda: page.evaluate("window.heldBack") == 2)
    page.evaluate("window.arrive()")
    wait_until(lambda: Draft.objects.get(story=story).hook == "Typed meanwhile")


@pytest.mark.django_db(transaction=True)
def test_the_page_saves_by_itself_once_the_site_is_back(world: World, open_page: OpenPage) -> None:
    story, page = writing(world, open_page)
    # The connection is cut without the line in the console that a browser writes about it.
    page.evaluate(
        """window.cut = true;
        document.addEventListener("htmx:beforeRequest", (event) => {
          if (!window.cut) return;
          event.preventDefault();
          document.dispatchEvent(new CustomEvent("htmx:sendError"));
        });"""
    )
    page.get_by_label("Your story in one line").fill("Typed in the cellar")
    expect(page.locator("#notices")).to_contain_text("The site cannot be reached right now.")
    expect(page.locator("#saved")).to_have_text("Not saved")
    page.evaluate("window.cut = false; window.dispatchEvent(new Event('online'))")
    expect(page.locator("#saved")).to_contain_text("Saved at")
    expect(page.locator("#notices")).to_be_empty()
    assert Draft.objects.get(story=story).hook == "Typed in the cellar"


@pytest.mark.django_db(transaction=True)
def test_a_button_with_its_own_address_does_not_turn_the_saving_there(
    world: World, open_page: OpenPage
) -> None:
    _, page = writing(world, open_page)
    posts: list[str] = []
    page.on("request", lambda sent: posts.append(sent.url) if sent.method == "POST" else None)
    # A connection that is gone when the button is pressed leaves the page as it is.
    page.evaluate(
        "document.addEventListener('submit', event => event.preventDefault(), {once: true})"
    )
    page.get_by_role("button", name="Add this photo").click()
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow'))")
    page.get_by_label("Your story in one line").fill("Typed after the button")
    expect(page.locator("#saved")).to_contain_text("Saved at")
    assert [url.rsplit("/", 2)[1] for url in posts] == ["save"]


@pytest.mark.django_db(transaction=True)
def test_a_photo_chosen_and_sent_at_once_is_no_second_window(
    world: World, open_page: OpenPage
) -> None:
    story, page = writing(world, open_page)
    for _ in range(2):
        page.locator("#id_photo").set_input_files(
            {"name": "x.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"}
        )
        page.get_by_role("button", name="Add this photo").click()
        alert = page.get_by_role("alert").filter(has_text="The photo was not added.")
        expect(alert).to_be_in_viewport()
    assert Draft.objects.get(story=story).version == 2


@pytest.mark.django_db(transaction=True)
def test_from_the_first_word_to_submitted_without_scripts(
    world: World, open_page: OpenPage
) -> None:
    story = draft(world)
    page = open_page(world.mia, size=NARROW, javascript=False)
    page.goto(f"/stories/{story.ref}/write/")
    page.get_by_label("Your story in one line").fill("He read the kitchen clock")
    page.get_by_label("Your story", exact=False).nth(1).fill("A word and another. " * 6)
    page.get_by_label("a scientist").check()
    research = page.get_by_role("group", name="Research!America")
    research.get_by_label("Show it to lawmakers and their offices").check()
    research.get_by_label("My full name").check()
    page.get_by_role("button", name="Preview and submit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What each partner will receive")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#notices")).to_contain_text("Thank you.")
    consent = story.consents.live().get()
    assert (consent.partner, consent.name) == (world.research_america, "Mia Chen")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_no_barrier_and_no_sideways_scrolling(
    world: World, open_page: OpenPage, size: tuple[int, int]
) -> None:
    begun = draft(world)
    Draft.objects.filter(story=begun).update(hook="x" * 200, version=1)
    held = approved_story(world)
    fetched_batch(world)
    edited = submitted_story(world)
    reviewing.claim(by=world.ana, story=edited)
    edited.refresh_from_db()
    assert edited.current_revision is not None
    reviewing.propose_edit(
        by=world.ana,
        story=edited,
        read=edited.current_revision,
        hook="Another line",
        answers=answers(world, "Quite other words."),
        remark="Shorter.",
    )
    page = open_page(world.mia, size=size)
    doors = [
        "/stories/",
        f"/stories/begin/{world.campaign.slug}/",
        f"/stories/{begun.ref}/write/",
        f"/stories/{begun.ref}/preview/",
        f"/stories/{held.ref}/",
        f"/stories/{held.ref}/consents/",
        f"/stories/{held.ref}/withdraw/",
        f"/stories/{held.ref}/write/",
        f"/stories/{held.ref}/preview/",
        f"/stories/{edited.ref}/sign-off/",
    ]
    for door in doors:
        page.goto(door)
        no_axe_findings(page)
        assert wider_than_the_window(page) == 0, door


def wider_than_the_window(page: Page) -> int:
    """By how many pixels the page scrolls sideways."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return max(0, wide)
