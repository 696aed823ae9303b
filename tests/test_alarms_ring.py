"""Each alarm on the real thing: the site comes into that state, and Prometheus says when it rings, and when not."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings as site
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from campaigns.verbs import phases
from portal import outbox
from portal.models import Job, Message, User
from portal.post import beats
from stories.models import Recall
from stories.states import RecallState
from stories.verbs import handing_over, telling
from tests.house.batches import delivered_batch, fetched_batch, sealed_batch
from tests.house.people import World, client_of
from tests.house.post import deliver_mail, run_jobs, run_task
from tests.house.post_office import PostOffice
from tests.house.prometheus import RULES, Rings, Watch, play, prometheus, promtool, time_passes
from tests.house.reading import ROOT
from tests.house.servers import free_port
from tests.house.stories import approved_story
from tests.house.waiting import wait_until

TOKEN = "figures-for-prometheus-alone"


@pytest.fixture
def absent() -> set[str]:
    """Who does not beat: the clock or a queue's name."""
    return set()


@pytest.fixture
def watch(db: None, settings: Settings, absent: set[str]) -> Watch:
    """Prometheus, on a site whose clock and workers are there unless they are `absent`."""
    promtool()
    settings.METRICS_TOKEN = TOKEN

    def alive() -> None:
        if beats.CLOCK not in absent:
            beats.beat(beats.CLOCK)
        for queue in set(site.QUEUES) - absent:
            run_task("portal.beat", queue)

    return Watch(Client(headers={"authorization": f"Bearer {TOKEN}"}), alive)


@pytest.mark.django_db(transaction=True)
def test_prometheus_itself_reads_a_site_as_the_operators_page_sets_it_up(
    live_server: LiveServer, settings: Settings, tmp_path: Path
) -> None:
    settings.METRICS_TOKEN = TOKEN
    page = (ROOT / "docs" / "operators.md").read_text()
    config = "global: {scrape_interval: 1s, evaluation_interval: 1s}\n" + textwrap.dedent(
        page[page.index("    scrape_configs:") :].partition("\n\n")[0]
    )
    for words, real in {
        "the METRICS_TOKEN": TOKEN,
        "127.0.0.1:8000": live_server.url.removeprefix("http://"),
        "/etc/prometheus/alarms.yml": str(RULES),
    }.items():
        assert config.count(words) == 1
        config = config.replace(words, real)
    with prometheus(tmp_path, config) as ask:

        def value(query: str) -> list[str]:
            found = ask("query?" + urlencode({"query": query}))
            return [sample["value"][1] for sample in found["result"]] if found else []

        wait_until(lambda: value('up{job="storybank"}') == ["1"], 60)
        wait_until(lambda: value('storybank_stories{job="storybank",state="draft"}') == ["0"], 30)
        (group,) = ask("rules")["groups"]
        wait_until(lambda: value('ALERTS{alertname="SomebodyNeverSpoke"}') == ["1"] * 5, 30)
        assert {rule["health"] for rule in group["rules"]} <= {"ok", "unknown"}
        settings.METRICS_TOKEN = "another-one-than-prometheus-has"
        wait_until(lambda: value('up{job="storybank"}') == ["0"], 30)
        wait_until(lambda: value("ALERTS") == ["1"], 30)
        assert value('ALERTS{alertname="SiteIsAway"}') == ["1"]


def test_a_site_that_does_not_let_prometheus_in_is_away_and_nothing_else_is_said(
    watch: Watch, settings: Settings, tmp_path: Path
) -> None:
    watch.minutes(3)
    settings.METRICS_TOKEN = "another-one-than-prometheus-has"
    watch.minutes(14)
    settings.METRICS_TOKEN = TOKEN
    watch.minutes(2)
    target = 'job="storybank", instance="127.0.0.1:8000"'
    play(watch, tmp_path, Rings("SiteIsAway", 5, 17, target))


@pytest.mark.parametrize("name", ["clock", "delivery"])
def test_who_falls_silent(watch: Watch, absent: set[str], name: str, tmp_path: Path) -> None:
    watch.minutes(3)
    absent.add(name)
    watch.minutes(5)
    absent.clear()
    watch.minutes(2)
    # Heard ten seconds before minute 2: silent for over two minutes in minute 4, and one more makes it sure.
    play(watch, tmp_path, Rings("SomebodyIsSilent", 5, 8, f'name="{name}"'))


@pytest.mark.parametrize("name", [beats.CLOCK, *site.QUEUES])
def test_who_never_spoke(watch: Watch, absent: set[str], name: str, tmp_path: Path) -> None:
    absent.add(name)
    watch.minutes(7)
    absent.clear()
    watch.minutes(2)
    play(watch, tmp_path, Rings("SomebodyNeverSpoke", 5, 7, f'name="{name}"'))


def test_mail_that_waits_because_the_mail_server_is_away(
    world: World, watch: Watch, settings: Settings, post_office: PostOffice, tmp_path: Path
) -> None:
    settings.EMAIL_PORT, there = free_port(), post_office.port
    with transaction.atomic():
        outbox.tell(world.mia, "account", {})
    time_passes(minutes=12, seconds=30)
    watch.minutes(5, besides=lambda: run_task("portal.send_mail"))
    settings.EMAIL_PORT = there
    watch.minutes(2, besides=lambda: run_task("portal.send_mail"))
    assert len(post_office.taken) == 1
    play(watch, tmp_path, Rings("MailIsLate", 2, 5))


def test_mail_that_the_mail_server_puts_off_again_and_again(
    world: World, watch: Watch, post_office: PostOffice, tmp_path: Path
) -> None:
    """Each try is put off, so that nothing is due for long; what leaves in between ends it."""
    post_office.at_rcpt["mia@example.org"] = "451 later"

    def told(user: User) -> None:
        with transaction.atomic():
            outbox.tell(user, "account", {})
        run_task("portal.send_mail")

    told(world.mia)
    time_passes(seconds=30)
    watch.minutes(34, besides=lambda: run_task("portal.send_mail"))
    told(world.lee)  # who is served: so one mailbox is full, and no more
    watch.minutes(35, besides=lambda: run_task("portal.send_mail"))
    assert post_office.recipients == ["lee@example.org"]
    play(watch, tmp_path, Rings("NoMailLeaves", 29, 34))


def test_invitations_that_wait(world: World, watch: Watch, tmp_path: Path) -> None:
    world.phase_two.opens_at = timezone.now()
    world.phase_two.save()
    phases.open_phase(by=None, phase=world.phase_two)
    run_jobs()
    assert {message.get_urgency_display() for message in Message.objects.waiting()} == {"bulk"}
    time_passes(hours=11, minutes=57, seconds=30)
    watch.minutes(5)
    assert deliver_mail() != []
    watch.minutes(2)
    play(watch, tmp_path, Rings("InvitationsAreLate", 2, 5))


def test_a_job_that_waits(world: World, watch: Watch, tmp_path: Path) -> None:
    approved_story(world)
    sealed_batch(world)
    deliver_mail()
    time_passes(minutes=27, seconds=30)
    watch.minutes(5)
    assert run_jobs() > 0
    watch.minutes(2)
    play(watch, tmp_path, Rings("JobsWait", 2, 5, 'kind="stories.build_batch"'))


def test_a_long_job_in_somebodys_hands_does_not_wait(
    world: World, watch: Watch, tmp_path: Path
) -> None:
    approved_story(world)
    sealed_batch(world)
    deliver_mail()
    job = Job.objects.take(Job.objects.waiting().get().pk, seconds=300)
    assert job is not None
    time_passes(minutes=3)
    Job.objects.renew(job, seconds=3600)
    time_passes(minutes=40)
    watch.minutes(3)
    play(watch, tmp_path)


def test_a_recall_that_nobody_answers(world: World, watch: Watch, tmp_path: Path) -> None:
    story = approved_story(world)
    fetched_batch(world)
    telling.withdraw(by=world.mia, story=story)
    time_passes(minutes=20)
    run_jobs()
    deliver_mail()
    time_passes(days=6, hours=23, minutes=37, seconds=30)
    watch.minutes(5)
    answer = handing_over.RecallAnswer(RecallState.DELETED, "")
    handing_over.answer_recall(by=world.paula, recall=Recall.objects.get(), answer=answer)
    deliver_mail()
    watch.minutes(2)
    play(watch, tmp_path, Rings("RecallUnanswered", 2, 5))


def test_a_message_that_was_given_up(
    world: World, watch: Watch, post_office: PostOffice, tmp_path: Path
) -> None:
    watch.minutes(2)
    post_office.at_rcpt["mia@example.org"] = "550 no such person"
    with transaction.atomic():
        outbox.tell(world.mia, "account", {})
    run_task("portal.send_mail")
    watch.minutes(2)
    post_office.at_rcpt.clear()
    Message.objects.retry()
    run_task("portal.send_mail")
    watch.minutes(2)
    play(watch, tmp_path, Rings("GivenUp", 2, 4))


def test_a_job_that_was_given_up(
    world: World, watch: Watch, settings: Settings, tmp_path: Path
) -> None:
    approved_story(world)
    sealed_batch(world)
    deliver_mail()
    there = Path(settings.MEDIA_ROOT)
    there.parent.joinpath("no-folder").touch()
    settings.MEDIA_ROOT = str(there.parent / "no-folder" / "files")
    for _ in range(11):
        assert run_jobs() == 1
        time_passes(hours=9)
    Job.objects.update(due_at=timezone.now())
    watch.minutes(2)
    assert run_jobs() == 1
    watch.minutes(2)
    settings.MEDIA_ROOT = str(there)
    assert Job.objects.retry() == 1
    assert run_jobs() > 0
    watch.minutes(2)
    play(watch, tmp_path, Rings("GivenUp", 2, 4))


def test_pages_that_fail(world: World, watch: Watch, settings: Settings, tmp_path: Path) -> None:
    """The folder of files is broken: whoever fetches a batch reads that something failed."""
    approved_story(world)
    batch = delivered_batch(world)
    deliver_mail()
    assert batch.files is not None
    address = reverse("stories:batch_file", args=[batch.ref, batch.files[0]["name"]])
    officer = client_of(world.paula)
    officer.raise_request_exception = False
    file = tmp_path / "no-folder"
    file.touch()
    settings.MEDIA_ROOT = str(file / "files")
    said: list[int] = []

    def fetches(count: int) -> Callable[[], None]:
        def minute() -> None:
            said.extend(officer.get(address).status_code for _ in range(count))
            said.extend(officer.get("/health/ready").status_code for _ in range(4))

        return minute

    watch.minutes(8, besides=fetches(2))
    watch.minutes(9, besides=fetches(5))
    assert said == [503] * (61 + 68)  # the files, and /health/ready, which does not count
    # From minute 9 on more than fifteen of the last five minutes failed.
    play(watch, tmp_path, Rings("PagesFail", 14))


@pytest.mark.parametrize(
    ("seconds", "quick", "rings"),
    [
        pytest.param(1.2, 0, (), id="every page takes over a second, none two"),
        pytest.param(2.1, 25, (), id="one page of twenty-six takes over two"),
        pytest.param(2.1, 9, (Rings("PagesAreSlow", 11),), id="one page of ten does"),
    ],
)
def test_pages_that_are_slow(
    watch: Watch,
    settings: Settings,
    tmp_path: Path,
    seconds: float,
    quick: int,
    rings: tuple[Rings, ...],
) -> None:
    """Sign-in takes that long; what asks whether all is well does so quickly and often, and is no page."""
    settings.EVEN_ANSWER_SECONDS = seconds

    def minute() -> None:
        answer = Client().post("/accounts/login/code/", {"email": "nobody@example.org"})
        assert answer.status_code == 302
        deliver_mail()
        for _ in range(quick):
            assert Client().get("/accounts/login/").status_code == 200
        for address in ("/health/live", "/health/ready", "/metrics"):
            for _ in range(5):
                watch.client.get(address)

    watch.minutes(2, besides=minute)
    watch.as_before(20)
    play(watch, tmp_path, *rings)
