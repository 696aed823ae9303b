"""My stories: the list at any length, and every step of a story in order."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from django.test import Client

from stories.models import Draft, Note, Recall, Story
from stories.rules.consent import Permission, permission_of
from stories.rules.next_steps import next_step
from stories.states import RecallState, StoryState
from stories.verbs import reviewing, telling
from stories.verbs.batching import open_batch, seal
from stories.verbs.handing_over import RecallAnswer, acknowledge, answer_recall
from tests.house.batches import approve, fetched_batch, send_correction
from tests.house.people import World, client_of
from tests.house.post import Mail
from tests.house.queries import equal_queries
from tests.house.stories import approved_story, join, permission, submitted_story


@pytest.fixture
def mia(world: World) -> Client:
    """Mia's browser."""
    return client_of(world.mia)


def text(client: Client, path: str) -> str:
    """A page's words, without tags and runs of white space."""
    page = client.get(path)
    assert page.status_code == 200
    plain = re.sub(r"<[^>]+>", " ", page.content.decode().split("<main", 1)[1])
    return " ".join(html.unescape(plain).split())


def test_the_list_is_the_persons_own(world: World, mia: Client) -> None:
    submitted_story(world, hook="Mia's own")
    submitted_story(world, member=world.nils_member, hook="Nils's own")
    assert "Mia's own" in text(mia, "/stories/")
    assert "Nils's own" not in text(mia, "/stories/")
    assert "Nils's own" in text(client_of(world.nils), "/stories/")
    assert client_of(world.sam).get("/stories/").status_code == 403
    assert Client().get("/stories/").status_code == 302


def test_an_empty_list_says_where_to_begin(mia: Client) -> None:
    assert "No story yet" in text(mia, "/stories/")


def test_the_list_says_who_has_a_story(world: World, mia: Client) -> None:
    approved_story(world)
    assert "with that partner’s next batch" in text(mia, "/stories/")
    fetched_batch(world)
    assert "It is with Research!America." in text(mia, "/stories/")


def test_drafts_are_there_and_deleted_ones_are_not(world: World, mia: Client) -> None:
    story = telling.begin(by=world.mia, participation=join(world, world.mia_member))
    Draft.objects.filter(story=story).update(hook="Half a line", version=1)
    assert "Half a line" in text(mia, "/stories/")
    assert mia.get(f"/stories/{story.ref}/")["Location"] == f"/stories/{story.ref}/write/"
    mia.post(f"/stories/{story.ref}/withdraw/")
    assert "No story yet" in text(mia, "/stories/")


def test_the_list_costs_the_same_with_one_and_thirty(world: World, mia: Client) -> None:
    def make(count: int) -> None:
        for place in range(count):
            submitted_story(world, hook=f"Story {place}")

    assert equal_queries(make, lambda: mia.get("/stories/")) <= 12


def test_the_list_goes_on_page_by_page(world: World, mia: Client) -> None:
    for place in range(32):
        submitted_story(world, hook=f"Number {place:02}")
    first = mia.get("/stories/")
    assert "Number 31" in first.content.decode()
    assert "Number 01" not in first.content.decode()
    second = mia.get(f"/stories/?{first.context['page'].next_query}")
    shown = second.content.decode()
    assert [f"Number {place:02}" in shown for place in (31, 2, 1, 0)] == [False, False, True, True]


def test_who_opens_a_story(world: World) -> None:
    story = approved_story(world)
    doors = [f"/stories/{story.ref}/", *(f"/stories/{story.ref}/{d}/" for d in DOORS)]
    for door in doors:
        answers = {
            user.name: client_of(user).get(door).status_code
            for user in (world.nils, world.ana, world.lee, world.paula)
        }
        assert set(answers.values()) == {404}, door
        assert client_of(world.mia).get(door).status_code in {200, 302}, door


DOORS = ("write", "preview", "sign-off", "consents", "withdraw")


def test_every_step_is_told_in_order_and_no_note(
    world: World, mia: Client, run_jobs: Callable[[], int]
) -> None:
    story = submitted_story(world)
    reviewing.claim(by=world.ana, story=story)
    Note.objects.create(story=story, by=world.ana, text="Between us: check the clock")
    story.refresh_from_db()
    assert story.current_revision is not None
    reviewing.ask_changes(
        by=world.ana, story=story, read=story.current_revision, reason="Which year was it?"
    )
    assert "Which year was it?" in text(mia, f"/stories/{story.ref}/")
    telling.submit(
        by=world.mia,
        story=story,
        hook="In 2025 he read the clock",
        answers=story.current_revision.answers,
        photo=None,
        permissions=given(story),
        consent_text=world.consent_text,
    )
    story = approve(world, story)
    batch = fetched_batch(world)
    acknowledge(by=world.paula, batch=batch, name="Paula Grant")
    telling.withdraw(by=world.mia, story=story)
    answer_recall(
        by=world.paula,
        recall=Recall.objects.get(),
        answer=RecallAnswer(RecallState.PUBLISHED, "At example.org/7"),
    )
    shown = text(mia, f"/stories/{story.ref}/")
    steps = [
        "You began this story.",
        "You submitted the story.",
        "A coordinator of ISSCR began to read it.",
        "ISSCR asked for changes.",
        "Which year was it?",
        "You sent a new version.",
        "ISSCR approved it.",
        "Sealed into batch 1 for Research!America.",
        "Delivered to Research!America with batch 1.",
        "Research!America opened batch 1.",
        "Paula Grant confirmed for Research!America that batch 1 arrived.",
        "You took the story back.",
        "Research!America was asked to give it back.",
        "Research!America answered: it is already published.",
        "At example.org/7",
    ]
    told = shown.split("Every step")[-1]
    places = [told.index(step) for step in steps]
    assert places == sorted(places)
    assert "Between us" not in shown
    assert "Ana" not in shown
    assert " EST" in shown or " EDT" in shown


def given(story: Story) -> list[Permission]:
    """The story's permissions as they stand."""
    return [permission_of(consent) for consent in story.consents.live()]


def test_a_story_page_costs_the_same_however_much_happened(world: World, mia: Client) -> None:
    story = approved_story(world)

    def correct_again(count: int) -> None:
        for place in range(count):
            story.refresh_from_db()
            telling.submit(
                by=world.mia,
                story=story,
                hook=f"Version {place} of {count}",
                answers=story.current_revision.answers,  # type: ignore[union-attr]
                photo=None,
                permissions=given(story),
                consent_text=world.consent_text,
            )
            approve(world, story)
            seal(
                by=world.lee,
                batch=open_batch(campaign=world.campaign, partner=world.research_america),
            )

    assert equal_queries(correct_again, lambda: mia.get(f"/stories/{story.ref}/")) <= 30


@pytest.mark.parametrize("state", list(StoryState))
def test_every_state_says_what_comes_next(world: World, state: StoryState) -> None:
    story = submitted_story(world)
    story.state = state
    assert len(next_step(story).words) > 20


def test_who_has_it_is_said_once_it_was_fetched(world: World, mia: Client) -> None:
    story = approved_story(world)
    assert "next batch" in text(mia, f"/stories/{story.ref}/")
    fetched_batch(world)
    assert "It is with Research!America." in text(mia, f"/stories/{story.ref}/")


def test_a_story_taken_back_says_who_has_answered_and_who_has_not(
    world: World, mia: Client
) -> None:
    unfetched = approved_story(world)
    telling.withdraw(by=world.mia, story=unfetched)
    assert "no batch any more. No partner had it." in text(mia, f"/stories/{unfetched.ref}/")
    both = [permission(world.research_america), permission(world.frontline)]
    story = approved_story(world, permissions=both)
    fetched_batch(world)
    fetched_batch(world, world.frontline, by=world.fay)
    telling.withdraw(by=world.mia, story=story)
    here = f"/stories/{story.ref}/"
    asked = "Research!America and Science Frontline were asked to give it up and have not answered"
    assert asked in text(mia, here)
    answer_recall(
        by=world.paula,
        recall=Recall.objects.get(partner=world.research_america),
        answer=RecallAnswer(RecallState.DELETED, ""),
    )
    assert (
        "Research!America answered: every copy is deleted. Science Frontline was asked to give it "
        "up and has not answered yet." in text(mia, here)
    )


def test_partners_that_join_later_stand_last(world: World, mia: Client) -> None:
    both = [permission(None), permission(world.research_america)]
    shown = text(mia, f"/stories/{submitted_story(world, permissions=both).ref}/")
    who = shown.split("Who may use it")[-1]
    assert who.index("Research!America") < who.index("Partners that join later")


def test_the_letters_reach_the_author(world: World, deliver_mail: Callable[[], list[Mail]]) -> None:
    story = submitted_story(world)
    reviewing.claim(by=world.ana, story=story)
    story.refresh_from_db()
    assert story.current_revision is not None
    reviewing.ask_changes(
        by=world.ana, story=story, read=story.current_revision, reason="Which year?"
    )
    telling.withdraw(by=world.mia, story=story)
    mails = [mail for mail in deliver_mail() if mail.to == world.mia.email]
    assert [mail.subject for mail in mails] == [
        "We have your story",
        "A small request about your story",
        "Your story is withdrawn",
    ]
    assert "Which year?" in mails[1].text
    for mail in mails:
        (link, *_) = mail.links
        assert client_of(world.mia).get(link).status_code in {200, 409}


def test_a_withdrawn_correction_waits_for_no_approval(world: World, mia: Client) -> None:
    story = approved_story(world)
    fetched_batch(world)
    send_correction(world, story, "A better line")
    here = f"/stories/{story.ref}/"
    assert "This is your newest version." in text(mia, here)
    telling.withdraw(by=world.mia, story=story)
    assert "This is your newest version." not in text(mia, here)
