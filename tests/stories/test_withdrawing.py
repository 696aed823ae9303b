"""Withdrawing: what it does is said first, then done, everywhere at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from django.test import Client
from django.urls import reverse

from portal.models import Job
from stories.models import Batch, Draft, Photo, Recall, Story
from stories.rules.manifest import FileFact
from stories.states import RecallState, StoryState
from stories.verbs import batch_files, telling
from stories.verbs.batching import open_batch
from tests.house.batches import correct, delivered_batch, fetched_batch, photo, sealed_batch
from tests.house.people import World, client_of
from tests.house.post import run_jobs
from tests.house.stories import approved_story, join, submitted_story


@pytest.fixture
def mia(world: World) -> Client:
    """Mia's browser."""
    return client_of(world.mia)


def url(story: Story) -> str:
    return f"/stories/{story.ref}/withdraw/"


def test_the_page_says_what_will_happen_at_each_partner(world: World, mia: Client) -> None:
    story = approved_story(world)
    assert "No partner has it" in mia.get(url(story)).content.decode()
    fetched_batch(world)
    shown = mia.get(url(story)).content.decode()
    assert "Research!America has your story from batch 1" in shown
    story.refresh_from_db()
    assert story.state == StoryState.APPROVED


def test_withdrawing_asks_it_back_and_ends_every_permission(world: World, mia: Client) -> None:
    story = approved_story(world)
    fetched_batch(world)
    answer = mia.post(url(story), follow=True)
    assert "Your story is withdrawn" in answer.content.decode()
    story.refresh_from_db()
    assert story.state == StoryState.WITHDRAWN
    assert story.consents.live().count() == 0
    assert Recall.objects.get().state == RecallState.ASKED
    assert mia.post(url(story)).status_code == 409
    assert Recall.objects.count() == 1


def test_before_sealing_it_is_out_of_the_open_batch(world: World, mia: Client) -> None:
    story = approved_story(world)
    batch = open_batch(campaign=world.campaign, partner=world.research_america)
    assert story.consents.due_for(batch, story.consents.get().until).count() == 1
    mia.post(url(story))
    assert story.consents.due_for(batch, story.consents.get().until).count() == 0


def test_a_draft_is_deleted_with_its_photo(world: World, mia: Client) -> None:
    story = telling.begin(by=world.mia, participation=join(world, world.mia_member))
    telling.set_photo(by=world.mia, story=story, photo=photo())
    assert "Delete this draft?" in mia.get(url(story)).content.decode()
    assert mia.post(url(story))["Location"] == "/stories/"
    assert (Draft.objects.count(), Photo.objects.count()) == (0, 0)
    assert mia.get(url(story)).status_code == 409


def test_only_the_author_withdraws(world: World) -> None:
    story = submitted_story(world)
    for user in (world.ana, world.nils, world.lee, world.paula):
        assert client_of(user).post(url(story)).status_code == 404
    story.refresh_from_db()
    assert story.state == StoryState.SUBMITTED
    assert client_of(world.mia).post(url(story)).status_code == 302


def test_a_get_changes_nothing(world: World, mia: Client) -> None:
    story = submitted_story(world)
    mia.get(url(story))
    story.refresh_from_db()
    assert story.state == StoryState.SUBMITTED


def test_a_batch_that_is_closed_and_emptied_while_it_is_built_ends_quietly(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    story, stays = approved_story(world), approved_story(world)
    batch = sealed_batch(world)
    put = batch_files.put

    def until_emptied(pieces: Iterable[bytes]) -> Iterator[bytes]:
        yield from pieces
        telling.withdraw(by=world.mia, story=story)
        batch_files.discard(batch)

    def meanwhile(to: Batch, name: str, pieces: Iterable[bytes]) -> FileFact:
        monkeypatch.setattr(batch_files, "put", put)
        return put(to, name, until_emptied(pieces))

    monkeypatch.setattr(batch_files, "put", meanwhile)
    run_jobs()
    job = Job.objects.get(key=f"build:{batch.pk}")
    assert (job.last_error, job.attempts, job.finished_at is None) == ("", 1, False)
    assert not batch_files.place_of(batch).exists()
    assert [item.story for item in delivered_batch(world).items.all()] == [stays]


@pytest.mark.parametrize("fetched", [False, True])
def test_what_moved_on_from_a_closed_batch_is_asked_back_only_where_an_earlier_text_was_fetched(
    fetched: bool, world: World
) -> None:
    story, other = approved_story(world), approved_story(world)
    first = fetched_batch(world) if fetched else delivered_batch(world)
    correct(world, story)
    correct(world, other)
    delivered_batch(world)
    telling.withdraw(by=world.mia, story=other)  # closes the second batch; the story is to move on
    assert [item.ended_why for item in story.items.order_by("pk")] == ["replaced", "reissued"]
    telling.withdraw(by=world.mia, story=story)
    asked = Recall.objects.filter(story=story).values_list("state", flat=True)
    assert list(asked) == ([RecallState.ASKED] if fetched else [])
    assert Batch.objects.filter(closed_at=None).count() == 0
    page = client_of(world.paula).get(
        reverse("stories:batch_file", args=[first.ref, "stories.csv"])
    )
    assert page.status_code == 409
