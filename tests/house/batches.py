"""Batches for tests, sealed by the lead's door and built and delivered by the workers' own tasks."""

from __future__ import annotations

import io

from django.urls import reverse
from PIL import Image

from campaigns.models import Partner
from portal.models import User
from stories.models import Batch, Item, NameShown, Photo, Story
from stories.rules.consent import Permission
from stories.states import BatchState
from stories.verbs import reviewing, telling
from stories.verbs.batching import open_batch, seal
from stories.verbs.photos import keep_photo
from tests.house.people import World, client_of
from tests.house.post import run_jobs
from tests.house.stories import WORDS, answers, approved_story, join, permission


def sealed_batch(world: World, partner: Partner | None = None) -> Batch:
    """Seal a partner's open batch through the lead's door; nothing is built yet."""
    partner = partner or world.research_america
    response = client_of(world.lee).post(
        reverse("stories:seal", args=[world.campaign.slug, partner.slug])
    )
    assert response.status_code == 302, response.content.decode()
    return (
        Batch.objects.filter(partner=partner).exclude(state=BatchState.OPEN).order_by("pk").last()
        or Batch()
    )


def delivered_batch(world: World, partner: Partner | None = None) -> Batch:
    """Seal, build and deliver."""
    batch = sealed_batch(world, partner)
    run_jobs()
    batch.refresh_from_db()
    assert batch.state == BatchState.DELIVERED
    return batch


def fetched_batch(world: World, partner: Partner | None = None, by: User | None = None) -> Batch:
    """A delivered batch whose zip an officer has taken."""
    batch = delivered_batch(world, partner)
    assert batch.files is not None
    fetch(batch, batch.files[0]["name"], by or world.paula)
    return batch


def fetch(batch: Batch, name: str, by: User) -> bytes:
    """One file through the partner's door."""
    response = client_of(by).get(reverse("stories:batch_file", args=[batch.ref, name]))
    assert response.status_code == 200, response.status_code
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def many_items(world: World, count: int, *, hook: str = "A short story") -> list[Item]:
    """So many stories in one delivered batch each, quickly: sealed and delivered without their files."""
    made = []
    for _ in range(count):
        story = approved_story(world, hook=hook)
        batch = seal(
            by=world.lee, batch=open_batch(campaign=world.campaign, partner=world.research_america)
        )
        Batch.objects.filter(pk=batch.pk).update(state=BatchState.DELIVERED)
        made.append(Item.objects.get(batch=batch, story=story))
    return made


def photo(description: str = "A lab bench at night", color: str = "navy") -> Photo:
    """A small picture, cleaned and kept as an upload is."""
    file = io.BytesIO()
    Image.new("RGB", (40, 30), color).save(file, "JPEG")
    kept = keep_photo(file.getvalue())
    Photo.objects.filter(pk=kept.pk).update(description=description)
    kept.refresh_from_db()
    return kept


def story_with_photo(world: World, name_shown: NameShown = NameShown.FULL) -> Story:
    """An approved story of Mia's with a picture, for Research!America under this kind of name."""
    story = telling.begin(by=world.mia, participation=join(world, world.mia_member))
    telling.submit(
        by=world.mia,
        story=story,
        hook="What the picture shows",
        answers=answers(world),
        photo=photo(),
        permissions=[permission(world.research_america, name_shown)],
        consent_text=world.consent_text,
    )
    story.refresh_from_db()
    return approve(world, story)


def approve(world: World, story: Story) -> Story:
    """Ana takes and approves what is submitted."""
    reviewing.claim(by=world.ana, story=story)
    story.refresh_from_db()
    assert story.current_revision is not None
    reviewing.approve(by=world.ana, story=story, read=story.current_revision)
    story.refresh_from_db()
    return story


def send_correction(
    world: World,
    story: Story,
    hook: str,
    words: str = WORDS,
    permissions: list[Permission] | None = None,
) -> Story:
    """Mia sends a correction of an approved story, by default with the permissions of `submitted_story`."""
    telling.submit(
        by=world.mia,
        story=story,
        hook=hook,
        answers=answers(world, words),
        photo=None,
        permissions=[permission(world.research_america)] if permissions is None else permissions,
        consent_text=world.consent_text,
    )
    story.refresh_from_db()
    return story


def correct(
    world: World,
    story: Story,
    words: str = "A better word.",
    permissions: list[Permission] | None = None,
) -> Story:
    """The same, and Ana approves it."""
    hook = "What was wrong is right now"
    return approve(world, send_correction(world, story, hook, words, permissions))
