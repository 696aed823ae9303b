"""Sign-off: the author sees every changed word and has three answers; nothing else lets an edit leave."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.errors import Refused
from stories.models import Acceptance, Story
from stories.states import StoryState
from stories.verbs import reviewing
from tests.house.people import World, client_of
from tests.house.stories import answers, submitted_story
from tests.stories.typing import line, page

EDITED = "He read the kitchen clock again"


@pytest.fixture
def story(world: World) -> Story:
    """Mia's story with an edit of Ana's that waits for Mia."""
    story = submitted_story(world)
    reviewing.claim(by=world.ana, story=story)
    return edit(world, story)


def edit(world: World, story: Story, hook: str = EDITED) -> Story:
    """Ana proposes an edit."""
    story.refresh_from_db()
    assert story.current_revision is not None
    reviewing.propose_edit(
        by=world.ana,
        story=story,
        read=story.current_revision,
        hook=hook,
        answers=answers(world, "My father went blind quickly."),
        remark="I made it shorter.",
    )
    story.refresh_from_db()
    return story


@pytest.fixture
def mia(world: World) -> Client:
    """Mia's browser."""
    return client_of(world.mia)


def url(story: Story, door: str = "sign-off") -> str:
    return f"/stories/{story.ref}/{door}/"


def test_every_changed_word_is_marked_and_named(story: Story, mia: Client) -> None:
    shown = mia.get(url(story)).content.decode()
    assert "I made it shorter." in shown
    assert '<ins><span class="visually-hidden">[added: </span>' in shown
    assert '<del><span class="visually-hidden">[removed: </span>' in shown
    assert shown.count(EDITED) == 1


def test_accepting_accepts_exactly_this_text(world: World, story: Story, mia: Client) -> None:
    revision = story.current_revision
    assert revision is not None
    with pytest.raises(Refused, match="not signed off"):
        reviewing.approve(by=world.ana, story=story, read=revision)
    answer = mia.post(url(story, "sign-off/accept"), {"revision": revision.number})
    assert answer.status_code == 302
    accepted = Acceptance.objects.get(revision=revision)
    assert (accepted.sha256, accepted.by) == (revision.sha256, world.mia)
    story.refresh_from_db()
    assert story.state == StoryState.IN_REVIEW
    reviewing.approve(by=world.ana, story=story, read=revision)


def test_keeping_the_own_text(world: World, story: Story, mia: Client) -> None:
    edited = story.current_revision
    assert edited is not None
    mia.post(url(story, "sign-off/refuse"), {"revision": edited.number})
    story.refresh_from_db()
    assert story.state == StoryState.IN_REVIEW
    assert story.current_revision is not None
    assert story.current_revision.hook == "He read the kitchen clock"
    assert not Acceptance.objects.filter(revision=edited).exists()


def test_writing_it_differently(world: World, story: Story, mia: Client) -> None:
    shown = mia.get(f"{url(story, 'write')}?from=edit").content.decode()
    assert EDITED in shown
    kept = story.consents.live().get()
    grid = line(world.research_america, *("lawmakers",), name_shown="full")
    sent = page(world, story, grid, hook="He read two clocks", full_name=kept.name)
    assert mia.post(url(story, "submit"), sent).status_code == 302
    story.refresh_from_db()
    assert story.state == StoryState.SUBMITTED
    assert story.current_revision is not None
    assert story.current_revision.hook == "He read two clocks"


def test_an_edit_that_changed_meanwhile_is_not_accepted(
    world: World, story: Story, mia: Client
) -> None:
    old = story.current_revision
    assert old is not None
    mia.post(url(story, "sign-off/refuse"), {"revision": old.number})
    edit(world, story, "Quite another line")
    answer = mia.post(url(story, "sign-off/accept"), {"revision": old.number})
    assert answer.status_code == 409
    assert "has changed since you opened this page" in answer.content.decode()
    assert not Acceptance.objects.filter(revision=old).exists()


def test_answering_twice_counts_once(story: Story, mia: Client) -> None:
    assert story.current_revision is not None
    number = {"revision": story.current_revision.number}
    assert mia.post(url(story, "sign-off/accept"), number).status_code == 302
    assert mia.post(url(story, "sign-off/accept"), number).status_code == 409
    assert mia.post(url(story, "sign-off/refuse"), number).status_code == 409
    assert Acceptance.objects.filter(revision=story.current_revision).count() == 1


def test_only_the_author_signs_off(world: World, story: Story) -> None:
    assert story.current_revision is not None
    number = {"revision": story.current_revision.number}
    for user in (world.ana, world.nils, world.lee, world.paula):
        assert client_of(user).post(url(story, "sign-off/accept"), number).status_code == 404
    assert Acceptance.objects.count() == 1
    assert client_of(world.mia).post(url(story, "sign-off/accept"), number).status_code == 302


@pytest.mark.parametrize("number", ["", "x", "1", "99", "9999999999"])
def test_only_an_edit_of_this_story_can_be_answered(story: Story, mia: Client, number: str) -> None:
    assert mia.post(url(story, "sign-off/accept"), {"revision": number}).status_code == 404


def test_without_an_edit_the_page_leads_to_the_story(world: World, mia: Client) -> None:
    story = submitted_story(world)
    assert mia.get(url(story))["Location"] == f"/stories/{story.ref}/"
