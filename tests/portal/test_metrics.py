"""Prometheus reads figures with its token; nobody else reads anything, and no figure names a person."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings

from portal import outbox
from portal.models import Heartbeat, Message, Urgency
from portal.post import beats
from stories.verbs import telling
from tests.house.batches import fetched_batch
from tests.house.people import World
from tests.house.stories import approved_story, submitted_story

TOKEN = "figures-for-prometheus-alone"
Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def prometheus(settings: Settings) -> Client:
    """A client that knows the token, of a site that counts."""
    settings.METRICS_TOKEN = TOKEN
    return Client(headers={"authorization": f"Bearer {TOKEN}"})


def read(client: Client) -> Figures:
    """Every figure by its name and labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def of(figures: Figures, name: str, /, **labels: str) -> float:
    return figures[f"storybank_{name}", tuple(sorted(labels.items()))]


def test_without_a_token_in_the_settings_there_is_no_page(db: None, client: Client) -> None:
    assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer guess", f"Basic {TOKEN}", TOKEN])
def test_who_does_not_know_the_token_reads_nothing(
    prometheus: Client, db: None, header: str
) -> None:
    assert prometheus.get("/metrics").status_code == 200
    answer = Client().get("/metrics", headers={"authorization": header} if header else {})
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_post_and_work_by_state_and_age(prometheus: Client, world: World) -> None:
    with transaction.atomic():
        for urgency in (Urgency.AT_ONCE, Urgency.BULK, Urgency.BULK, Urgency.BULK):
            outbox.tell(world.mia, "account", {}, urgency=urgency)
        outbox.start("stories.build_batch", batch=1)
    now = timezone.now()
    bulk = Message.objects.filter(urgency=Urgency.BULK).order_by("pk")
    bulk.filter(pk=bulk[0].pk).update(due_at=now - dt.timedelta(minutes=5))
    bulk.filter(pk=bulk[1].pk).update(failed_at=now)
    bulk.filter(pk=bulk[2].pk).update(leased_until=now + dt.timedelta(minutes=5))
    figures = read(prometheus)
    assert of(figures, "messages", urgency="at once", state="due") == 1
    assert {
        state: of(figures, "messages", urgency="bulk", state=state)
        for state in ("due", "later", "in_hand", "given_up")
    } == {"due": 1, "later": 0, "in_hand": 1, "given_up": 1}
    assert 300 <= of(figures, "messages_oldest_due_seconds", urgency="bulk") < 360
    assert of(figures, "messages_oldest_due_seconds", urgency="normal") == 0
    assert of(figures, "jobs", kind="stories.build_batch", state="due") == 1


def test_beats_of_the_clock_and_of_each_queue(prometheus: Client, db: None) -> None:
    beats.beat(beats.CLOCK)
    beats.beat(beats.worker_of("mail"))
    Heartbeat.objects.filter(name="clock").update(at=timezone.now() - dt.timedelta(minutes=2))
    figures = read(prometheus)
    assert 120 <= of(figures, "beat_age_seconds", name="clock") < 150
    assert of(figures, "beat_age_seconds", name="mail") < 30
    assert ("storybank_beat_age_seconds", (("name", "building"),)) not in figures


def test_stories_batches_and_recalls(prometheus: Client, world: World) -> None:
    submitted_story(world)
    story = approved_story(world)
    fetched_batch(world)
    before = read(prometheus)
    assert of(before, "stories", state="submitted") == of(before, "stories", state="approved") == 1
    assert of(before, "stories", state="declined") == 0
    assert of(before, "batches", state="delivered") == 1
    assert of(before, "recalls_unanswered") == 0
    telling.withdraw(by=world.mia, story=story)
    after = read(prometheus)
    assert of(after, "stories", state="withdrawn") == 1
    assert of(after, "recalls_unanswered") == 1
    assert 0 < of(after, "recalls_oldest_unanswered_seconds") < 60


def test_requests_are_counted_by_the_name_of_their_url(prometheus: Client, world: World) -> None:
    story = submitted_story(world)

    def counted(url: str, status: str) -> float:
        figures = read(prometheus)
        labels = (("method", "GET"), ("status", status), ("url", url))
        return figures.get(("storybank_http_requests_total", labels), 0.0)

    before = {url: counted(url, status) for url, status in SEEN.items()}
    client = Client()
    assert client.get(f"/review/{story.ref}/").status_code == 302
    assert client.get("/no/such/page/mia@example.org").status_code == 404
    assert {url: counted(url, status) - before[url] for url, status in SEEN.items()} == {
        "stories:review": 1,
        "none": 1,
    }
    text = prometheus.get("/metrics").content.decode()
    assert "mia@example.org" not in text
    assert str(story.ref) not in text


SEEN = {"stories:review": "302", "none": "404"}
