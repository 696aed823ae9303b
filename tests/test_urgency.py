"""Thousands of invitations wait, two workers send them, and a recall overtakes them all."""

from __future__ import annotations

import threading
from email.message import EmailMessage

import pytest
from django.db import connections
from django.urls import reverse

from portal.models import Message, Urgency
from portal.post.drain import HANDFUL, drain
from stories.states import StoryState
from tests.house.batches import fetched_batch
from tests.house.people import World, client_of
from tests.house.post_office import PostOffice
from tests.house.stories import approved_story

INVITATIONS, WORKERS, SENT_BEFORE = 5000, 2, 30


def invitations_wait() -> None:
    """A phase has opened for thousands."""
    Message.objects.all().delete()
    Message.objects.bulk_create(
        Message(
            address=f"member{number}@example.org",
            template="account",
            context={"subject": "Invitation", "body": "A campaign has opened."},
            urgency=Urgency.BULK,
        )
        for number in range(INVITATIONS)
    )


@pytest.mark.django_db(transaction=True)
def test_a_recall_overtakes_thousands_of_invitations(world: World, post_office: PostOffice) -> None:
    story = approved_story(world)
    fetched_batch(world)
    invitations_wait()
    under_way, done = threading.Event(), threading.Event()

    def count(_: EmailMessage) -> None:
        if len(post_office.taken) >= SENT_BEFORE:
            under_way.set()

    def work() -> None:
        while not done.is_set():
            drain(seconds=1)
        connections.close_all()

    post_office.on_taking = count
    workers = [threading.Thread(target=work, daemon=True) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    try:
        assert under_way.wait(60)
        withdrawal = client_of(world.mia).post(
            reverse("stories:withdraw", args=[story.ref]), {"sure": "on"}
        )
        at = len(post_office.taken)
        assert withdrawal.status_code == 302, withdrawal.content.decode()
        recall = Message.objects.get(template="recall", user=world.paula)
        for _ in range(600):
            recall.refresh_from_db()
            if recall.finished_at is not None:
                break
            done.wait(0.05)
    finally:
        done.set()
        for worker in workers:
            worker.join(30)
    story.refresh_from_db()
    assert story.state == StoryState.WITHDRAWN
    # What a worker holds already goes first: a handful each. The margin is what left while we looked.
    place = post_office.recipients.index("paula@example.org")
    assert place <= at + WORKERS * (HANDFUL + 1)
    assert Message.objects.filter(urgency=Urgency.BULK, finished_at=None).count() > INVITATIONS / 2
