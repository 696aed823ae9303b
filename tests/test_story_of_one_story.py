"""The story of one story, in a real browser, from the invitation to the answered recall.

A member in Kansas writes on a phone, everybody else sits at a desk. The mail that each step writes is
sent by the real task and its links are followed; jobs run by their real tasks. axe-core looks at every
page on the way.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from campaigns.models import Member, Place, PlaceKind, RosterEntry
from portal.models import User
from stories.models import Batch, Story
from stories.states import BatchState, RecallState, StoryState
from tests.house.browser import NARROW, OpenPage, no_axe_findings, take_picture
from tests.house.people import World
from tests.house.post import Mail, run_task
from tests.portal.test_accounts import code_in

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "kay.lindqvist@example.org"
OWN_WORDS = (
    "My grandmother could not find the kitchen in her own house. In our lab we grow the very cells "
    "that she was losing, and a grant of two years paid for the incubator that kept them alive."
)
HER_LINE = "The cells that my grandmother lost grow in our lab"
EDITED = OWN_WORDS.replace("could not find the kitchen", "lost the way to her own kitchen")

Deliver = Callable[[], list[Mail]]


def look(page: Page, name: str) -> None:
    """Every page on the way: accessible, no wider than the window, and a picture to look at."""
    no_axe_findings(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    take_picture(page, f"one-story-{name}")


def mail_to(letters: list[Mail], address: str) -> Mail:
    """The one new letter to an address."""
    [letter] = [letter for letter in letters if letter.to == address]
    return letter


def invite_kay(world: World) -> None:
    """Put her on ISSCR's roster: home in Lawrence, Kansas; she has never been here."""
    kay = Member.objects.create(email=ADDRESS, given_name="Kay", family_name="Lindqvist")
    RosterEntry.objects.create(society=world.isscr, member=kay, email=ADDRESS)
    Place.objects.create(
        member=kay,
        kind=PlaceKind.HOME,
        zip="66045",
        state="KS",
        district=1,
        boundaries=world.boundaries,
    )


def test_the_story_of_one_story(
    world: World,
    open_page: OpenPage,
    deliver_mail: Deliver,
    run_jobs: Callable[[], int],
    tmp_path: Path,
) -> None:
    phone = open_page(size=NARROW)
    invite_kay(world)
    run_task("campaigns.open_phases")
    run_jobs()
    invitation = mail_to(deliver_mail(), ADDRESS)

    she_signs_in_and_joins(phone, invitation, deliver_mail)
    she_writes_and_submits(phone)
    story = Story.objects.get(member__email=ADDRESS)
    assert story.state == StoryState.SUBMITTED

    desk = open_page(world.ana)
    the_coordinator_edits(desk, mail_to(deliver_mail(), world.ana.email))
    she_signs_off(phone, mail_to(deliver_mail(), ADDRESS))
    the_coordinator_approves(desk, mail_to(deliver_mail(), world.ana.email))

    the_lead_seals(open_page(world.lee), world)
    deliver_mail()
    run_jobs()
    officer = open_page(world.paula)
    the_officer_fetches_and_acknowledges(
        officer, mail_to(deliver_mail(), world.paula.email), tmp_path
    )
    batch = Batch.objects.get(partner=world.research_america, number=1)
    assert batch.state == BatchState.ACKNOWLEDGED

    she_withdraws(phone, story)
    the_officer_answers(officer, mail_to(deliver_mail(), world.paula.email))
    she_reads_the_answer(phone, mail_to(deliver_mail(), ADDRESS))

    story.refresh_from_db()
    assert story.state == StoryState.WITHDRAWN
    assert story.recalls.get().state == RecallState.DELETED
    assert [str(item.ended_why) for item in story.items.all()] == ["recalled"]


def she_signs_in_and_joins(phone: Page, invitation: Mail, deliver_mail: Deliver) -> None:
    """From the invitation to the campaign, with nothing but her address and a code."""
    phone.goto(next(link for link in invitation.links if link.startswith("/i/")))
    look(phone, "01-invited")
    phone.get_by_role("link", name="I am new here: sign up").click()
    expect(phone.get_by_label("E-mail")).to_have_value(ADDRESS)
    look(phone, "02-sign-up")
    phone.get_by_label("Name").fill("Kay Lindqvist")
    phone.get_by_role("button", name="Sign up").click()
    phone.get_by_label("Code").fill(code_in(deliver_mail()))
    look(phone, "03-code")
    phone.get_by_role("button", name="Continue").click()
    expect(phone.get_by_role("heading", name="You can take part")).to_be_visible()
    assert User.objects.get(email=ADDRESS).member.entries.count() == 1
    look(phone, "04-campaign")
    phone.get_by_role("button", name="Join and write my story").click()
    expect(phone.get_by_role("heading", name="Tell your story")).to_be_visible()


def she_writes_and_submits(phone: Page) -> None:
    """The draft saves itself; the preview shows what leaves; submitting is a step of its own."""
    expect(phone.get_by_role("heading", name="Tell your story")).to_be_visible()
    look(phone, "06-empty-form")
    phone.get_by_label("Your story in one line").fill(HER_LINE)
    phone.locator("textarea.story-field").fill(OWN_WORDS)
    phone.get_by_label("a scientist").check()
    expect(phone.locator("#saved")).to_contain_text("Saved")
    assert Story.objects.get(member__email=ADDRESS).draft.hook == HER_LINE
    line = phone.get_by_role("group", name="Research!America")
    line.get_by_label("Lawmakers").check()
    line.get_by_label("Publish it").check()
    line.get_by_label("my first name and state").check()
    phone.get_by_label("Your first name").fill("Kay")
    phone.get_by_label("Your full name").fill("Kay Lindqvist")
    look(phone, "07-written")
    phone.get_by_role("button", name="Preview and submit").click()
    expect(phone.get_by_role("heading", name="What each partner will receive")).to_be_visible()
    section = phone.locator("section", has=phone.get_by_role("heading", name="Research!America"))
    expect(section).to_contain_text("Kay, Kansas")
    expect(section).to_contain_text(OWN_WORDS)
    look(phone, "08-preview")
    phone.get_by_role("button", name="Submit").click()
    expect(phone.locator("main")).to_contain_text("Submitted")
    look(phone, "09-submitted")


def the_coordinator_edits(desk: Page, notice: Mail) -> None:
    """She reads, takes the story and proposes clearer words."""
    desk.goto("/review/")
    look(desk, "10-queue")
    desk.goto(notice.links[0])
    look(desk, "11-story")
    desk.get_by_role("button", name="Take it into review").click()
    desk.get_by_text("Propose an edit").click()
    desk.locator("textarea.story-field").fill(EDITED)
    desk.get_by_label("A word to the author").fill("One phrase is clearer now. Do you agree?")
    look(desk, "12-edit")
    desk.get_by_role("button", name="Send to the author for sign-off").click()
    expect(desk.get_by_role("heading", name="Waiting for the author")).to_be_visible()
    look(desk, "13-waiting")


def she_signs_off(phone: Page, letter: Mail) -> None:
    """She sees each changed word, and accepts exactly this text."""
    phone.goto(letter.links[0])
    expect(phone.locator("ins", has_text="way to her own").first).to_be_visible()
    look(phone, "14-sign-off")
    phone.get_by_role("button", name="Accept exactly this text").click()
    look(phone, "15-signed-off")


def the_coordinator_approves(desk: Page, notice: Mail) -> None:
    """The text that its author signed off."""
    desk.goto(notice.links[0])
    expect(desk.locator("main")).to_contain_text("The author has signed off this edited text")
    desk.get_by_role("button", name="Approve this text").click()
    expect(desk.get_by_role("heading", name="Approved", exact=True)).to_be_visible()
    look(desk, "16-approved")


def the_lead_seals(desk: Page, world: World) -> None:
    """The lead looks at what is due, and seals it."""
    desk.goto(f"/lead/{world.campaign.slug}/")
    look(desk, "17-campaign")
    desk.goto(f"/lead/{world.campaign.slug}/batches/")
    look(desk, "18-batches")
    desk.get_by_role("link", name="Research!America").first.click()
    expect(desk.locator("main")).to_contain_text(HER_LINE)
    desk.get_by_text("Seal this batch now").click()
    look(desk, "19-next-batch")
    desk.get_by_role("button", name="Seal").click()
    look(desk, "20-sealed")


def the_officer_fetches_and_acknowledges(desk: Page, letter: Mail, folder: Path) -> None:
    """He fetches the archive, verifies it with the published script and key, and signs for it."""
    desk.goto(letter.links[0])
    look(desk, "21-batch")
    with desk.expect_download() as fetched:
        desk.get_by_role("link", name="Fetch everything").click()
    archive = folder / fetched.value.suggested_filename
    fetched.value.save_as(archive)
    desk.get_by_text("How to make sure").click()
    with desk.expect_download() as script:
        desk.get_by_role("link", name="verify_batch.py").click()
    script.value.save_as(folder / "verify_batch.py")
    with desk.expect_download() as key:
        desk.get_by_role("link", name="public key").click()
    key.value.save_as(folder / "key.pem")
    verdict = subprocess.run(
        [sys.executable, folder / "verify_batch.py", archive, "--key", folder / "key.pem"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
    desk.get_by_role("textbox").last.fill("Paula Grant")
    desk.get_by_role("button", name="Acknowledge batch 1").click()
    expect(desk.locator("main")).to_contain_text("Paula Grant")
    look(desk, "22-acknowledged")
    desk.goto("/inbox/stories/")
    look(desk, "23-library")
    desk.get_by_role("link", name=HER_LINE).click()
    expect(desk.locator("main")).to_contain_text("Kay, Kansas")
    expect(desk.locator("main")).not_to_contain_text("Lindqvist")
    look(desk, "24-story")


def she_withdraws(phone: Page, story: Story) -> None:
    """She sees who holds it, and takes it back."""
    phone.goto("/stories/")
    look(phone, "25-my-stories")
    phone.get_by_role("link", name=HER_LINE).click()
    expect(phone.locator("body")).to_contain_text("Paula Grant")
    look(phone, "26-where-it-went")
    phone.get_by_role("link", name="Withdraw this story").click()
    expect(phone.locator("main")).to_contain_text("Research!America")
    look(phone, "27-withdraw")
    phone.get_by_role("button", name="Yes, withdraw it").click()
    story.refresh_from_db()
    assert story.state == StoryState.WITHDRAWN
    look(phone, "28-withdrawn")


def the_officer_answers(desk: Page, letter: Mail) -> None:
    """He deletes it and says so."""
    desk.goto(letter.links[0])
    look(desk, "29-recall")
    desk.get_by_label("deleted").check()
    desk.get_by_role("button", name="Send the answer").click()
    look(desk, "30-answered")
    desk.goto("/inbox/stories/")
    expect(desk.locator("main")).not_to_contain_text(HER_LINE)


def she_reads_the_answer(phone: Page, letter: Mail) -> None:
    """The last line of the story of one story."""
    phone.goto(letter.links[0])
    expect(phone.locator("body")).to_contain_text("deleted")
    look(phone, "31-the-end")
