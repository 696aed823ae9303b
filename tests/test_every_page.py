"""Every page in a real browser: nothing for axe-core to find, no sideways scrolling, no dead ends.

Each role opens one of each of its pages, on a phone and at a desk. The list below is compared with
what the doors answer, so that a new page without a visit fails.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from campaigns.models import Coordinator
from portal import outbox
from portal.models import User
from stories.models import Batch, Draft, Recall, Story
from stories.states import BatchState, RecallState, StoryState
from stories.verbs import telling
from tests.house.addresses import address, arguments, late_arguments, own_names
from tests.house.browser import WIDE, OpenPage
from tests.house.knocking import Knocker
from tests.house.looking import Looker, walked_by_tab
from tests.house.people import World, make_world
from tests.house.post import deliver_mail, run_jobs
from tests.house.sides import Coalition, make_coalition
from tests.house.stories import WORDS

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

VISITS = {
    "nobody": "home privacy campaigns:invitation campaigns:unsubscribe",
    "sam": "home campaigns:my_societies campaigns:list campaigns:places",
    "mia": "profile sessions campaigns:list campaigns:campaign campaigns:places "
    "campaigns:my_societies stories:mine stories:begin stories:story stories:write stories:preview "
    "stories:sign_off stories:consents stories:withdraw",
    "ana": "stories:queue stories:review campaigns:roster campaigns:upload_roster "
    "campaigns:roster_import campaigns:requests campaigns:notices campaigns:campaign",
    "ben": "campaigns:rosters",
    "lee": "campaigns:lead campaigns:new campaigns:setup campaigns:reach campaigns:start_page "
    "campaigns:end_page campaigns:basics campaigns:rhythm campaigns:consent campaigns:phases "
    "campaigns:add_phase campaigns:change_phase campaigns:prompts campaigns:add_prompt "
    "campaigns:change_prompt campaigns:partners campaigns:societies campaigns:leads "
    "stories:lead_campaigns stories:lead_batches stories:lead_next stories:lead_batch "
    "stories:lead_stories stories:lead_story stories:coverage",
    "paula": "stories:inbox stories:batch stories:library stories:library_story stories:library_sheet stories:recalls "
    "stories:recall stories:tokens",
    "olga": "operator given_up_messages given_up_jobs",
}
#: Pages of the demonstration, which has a tour of its own.
OF_DEMO = {"demo", "demo_mail", "demo_message"}
#: Parts of pages, which stand on the pages that ask for them.
PARTS = {"campaigns:institutions", "campaigns:zip_choices", "demo_message_html"}
#: The same names with other things behind them: (who, URL name, status).
LATE = (
    ("mia", "stories:story", "gone", 200),
    ("mia", "stories:write", "gone", 409),
    ("mia", "stories:write", "handed_over", 200),
    ("ana", "stories:review", "gone", 200),
    ("ana", "stories:review", "edited", 200),
    ("ana", "stories:review", "submitted", 200),
    ("ana", "stories:review", "handed_over", 200),
)
IN_THE_DARK = {
    "nobody": "home campaigns:invitation",
    "mia": "stories:write stories:sign_off",
    "ana": "stories:review",
    "lee": "campaigns:setup",
    "paula": "stories:batch",
}


@pytest.fixture
def coalition(settings: Settings, tmp_path: Path) -> Coalition:
    """Both halves; Ben coordinates two societies, and some post is under way."""
    settings.DEMAND_SECOND_FACTOR = False
    made = make_coalition(make_world())
    Coordinator.objects.create(society=made.a.world.rivers, user=made.a.world.ben)
    return made


def visitors(coalition: Coalition) -> dict[str, User | None]:
    return coalition.people() | {"ben": coalition.a.world.ben}


def test_every_page_has_a_visit(coalition: Coalition) -> None:
    """Whatever answers a GET with a whole page to anybody stands in the list."""
    people = {name: Knocker(user) for name, user in visitors(coalition).items()}
    found = arguments(coalition, coalition.a)
    pages = set()
    for name in own_names() - OF_DEMO - PARTS:
        for person in people.values():
            answer = person.knock("GET", address(name, found))
            if answer.status_code == 200 and "<html" in str(getattr(answer, "content", b"")):
                pages.add(name)
                break
    assert {name for names in VISITS.values() for name in names.split()} == pages
    assert own_names() >= OF_DEMO | PARTS


def test_every_page_holds(coalition: Coalition, open_page: OpenPage) -> None:
    found = arguments(coalition, coalition.a)
    wrong = []
    for who, names in VISITS.items():
        looker = Looker(visitors(coalition)[who], open_page)
        for name in names.split():
            looker.look(address(name, found))
        for person, name, story, status in LATE:
            if person == who:
                ref = getattr(coalition.a.stories, story).ref
                looker.look(reverse(name, args=[ref]), status=status)
        for name in IN_THE_DARK.get(who, "").split():
            looker.look_in_the_dark(address(name, found))
        wrong += [f"{who}: {words}" for words in looker.found]
        looker.page.context.close()
    assert not wrong, "\n".join(wrong)


def test_what_is_refused_is_refused_on_a_page_that_holds(
    coalition: Coalition, open_page: OpenPage
) -> None:
    mia, paula = coalition.a.world.mia, coalition.a.world.paula
    late = late_arguments(coalition, coalition.a)
    author, officer, stranger = (Looker(who, open_page) for who in (mia, paula, None))
    author.look("/no/such/page/", status=404)
    author.look(reverse("stories:queue"), status=403)
    author.look(reverse("stories:submit", args=[coalition.a.stories.draft.ref]), status=405)
    author.look(reverse("stories:consents", args=late["stories:consents"]), status=409)
    officer.look(reverse("stories:batch", args=[coalition.a.closed.ref]))
    officer.look(reverse("stories:recall", args=[coalition.a.answered.ref]))
    officer.look(reverse("stories:batch_file", args=late["stories:batch_file"]), status=409)
    stranger.look("/no/such/page/", status=404)
    # A form that is sent back with what is wrong in it.
    officer.page.goto(reverse("stories:recall", args=[coalition.a.recall.ref]))
    officer.page.get_by_label("Already published").check()
    officer.page.get_by_role("button", name="Send the answer").click()
    expect(officer.page.locator(".invalid-feedback")).to_be_visible()
    assert author.found + officer.found + stranger.found == []


def test_the_pages_of_the_demonstration_hold(
    coalition: Coalition, open_page: OpenPage, settings: Settings, tmp_path: Path
) -> None:
    settings.DEMO, settings.DEMO_CAST = True, tmp_path / "demo.json"
    mia = coalition.a.world.mia
    part = {"email": mia.email, "name": mia.name, "role": "member", "try": "Try it.", "url": "/"}
    settings.DEMO_CAST.write_text(json.dumps([part]))
    with transaction.atomic():
        outbox.tell(mia, "account", {"subject": "A code", "body": "It is 123456."})
    letter = deliver_mail()[0].file.name
    looker = Looker(None, open_page)
    for path in (reverse("demo"), reverse("demo_mail"), reverse("demo_message", args=[letter])):
        looker.look(path)
    assert looker.found == []


# --- The keyboard -------------------------------------------------------------------------------


def test_tab_reaches_every_control_of_the_story_form_and_of_the_review_page(
    coalition: Coalition, open_page: OpenPage
) -> None:
    stories, world = coalition.a.stories, coalition.a.world
    for user, name, story in (
        (world.mia, "stories:write", stories.draft),
        (world.ana, "stories:review", stories.taken),
    ):
        page = open_page(user, size=WIDE)
        page.goto(reverse(name, args=[story.ref]))
        page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")
        told, reached, wrong = walked_by_tab(page)
        assert len(told) > 20
        assert reached == told, name
        assert wrong == [], name


# --- Without JavaScript ---------------------------------------------------------------------------


def test_from_the_first_word_to_the_answered_recall_without_javascript(
    open_page: OpenPage, settings: Settings
) -> None:
    settings.DEMAND_SECOND_FACTOR = False
    world = make_world()
    story = she_writes(open_page(world.mia, javascript=False), world)
    desk = open_page(world.ana, javascript=False)
    desk.goto(reverse("stories:queue"))
    desk.get_by_role("link", name="Told without a script").click()
    desk.get_by_role("button", name="Take it into review").click()
    desk.get_by_role("button", name="Approve this text").click()
    expect(desk.locator("#notices")).to_contain_text("Approved")
    batch = he_seals(open_page(world.lee, javascript=False), world)
    officer = open_page(world.paula, javascript=False)
    officer.goto(reverse("stories:batch", args=[batch.ref]))
    with officer.expect_download():
        officer.click("text=Fetch everything")
    officer.get_by_role("button", name="Acknowledge batch 1").click()
    expect(officer.locator("#notices")).to_contain_text("is acknowledged")
    telling.withdraw(by=world.mia, story=story)
    officer.goto(reverse("stories:recall", args=[Recall.objects.get().ref]))
    officer.get_by_label("Deleted").check()
    officer.get_by_role("button", name="Send the answer").click()
    expect(officer.locator("#notices")).to_contain_text("have been told your answer")
    assert Recall.objects.get().state == RecallState.DELETED


def she_writes(phone: Page, world: World) -> Story:
    """Join, begin, write, save, preview, submit."""
    phone.goto(reverse("campaigns:campaign", args=[world.campaign.slug]))
    phone.get_by_role("button", name="Join").click()
    phone.get_by_label("Your story in one line").fill("Told without a script")
    phone.get_by_role("button", name="Save draft").last.click()
    expect(phone.locator("#notices")).to_contain_text("Your draft is saved")
    assert Draft.objects.get().hook == "Told without a script"
    phone.get_by_label("Your story", exact=False).nth(1).fill(WORDS)
    phone.get_by_label("a scientist").check()
    line = phone.get_by_role("group", name="Research!America")
    line.get_by_label("Show it to lawmakers and their offices").check()
    line.get_by_label("My full name").check()
    phone.get_by_role("button", name="Preview and submit").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("What each partner will receive")
    phone.get_by_role("button", name="Submit").click()
    expect(phone.locator("#notices")).to_contain_text("Thank you.")
    story = Story.objects.get()
    assert story.state == StoryState.SUBMITTED
    return story


def he_seals(desk: Page, world: World) -> Batch:
    """Seal the leading partner's batch; the workers build and deliver it."""
    partner = world.research_america.slug
    desk.goto(reverse("stories:lead_next", args=[world.campaign.slug, partner]))
    desk.click("text=Seal this batch now")
    desk.click("text=Seal and hand over")
    expect(desk.locator("#notices")).to_contain_text("is sealed with 1 story")
    run_jobs()
    batch = Batch.objects.get(partner=world.research_america, number=1)
    assert batch.state == BatchState.DELIVERED
    return batch
