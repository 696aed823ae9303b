"""Races around a batch: sealing, building, delivering, fetching and taking back at the same time.

Each runs many times, with real connections and other pauses every time; see tests/house/races.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest
import time_machine
from django.db import connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Partner, PartnerUser
from portal import signing
from portal.errors import TooLate
from portal.models import AuditLine, Job, Message
from portal.work import work_on
from stories.models import Batch, Consent, Item, ItemEnd, Recall, RecallReason, Story
from stories.states import BatchState, RecallState, StoryState
from stories.verbs import (
    batch_files,
    batching,
    building,
    consenting,
    handing_over,
    reviewing,
    telling,
    tokens,
)
from stories.verbs.building import Building
from stories.verification import verify
from tests.house.batches import correct, delivered_batch, fetched_batch
from tests.house.people import World, client_of
from tests.house.post import run_jobs, run_task
from tests.house.races import ON_POSTGRESQL, Deed, one_winner, posting, race, rounds
from tests.house.stories import approved_story, permission
from tests.house.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def seal(world: World, partner: Partner | None = None) -> Batch:
    """Seal a partner's open batch by the verb; nothing is built."""
    partner = partner or world.research_america
    return batching.seal(
        by=world.lee, batch=batching.open_batch(campaign=world.campaign, partner=partner)
    )


def sealing(world: World, batch: Batch) -> Deed:
    """The lead seals the batch that is on the screen."""
    return lambda: batching.seal(by=world.lee, batch=batch)


def withdrawing(world: World, story: Story) -> Deed:
    """Mia takes a story back."""
    return lambda: telling.withdraw(by=world.mia, story=story)


def open_batch(world: World, partner: Partner | None = None) -> Batch:
    """The batch that would be sealed next."""
    return batching.open_batch(campaign=world.campaign, partner=partner or world.research_america)


def live_items(story: Story) -> int:
    """How many partners have the story now."""
    return Item.objects.live().filter(story=story).count()


def asked_back(story: Story) -> int:
    """How many recalls of a story ask a partner for an answer."""
    return Recall.objects.filter(story=story).exclude(state=RecallState.NEVER_TAKEN).count()


def built(world: World) -> Batch:
    """A sealed batch whose files stand ready, not delivered yet."""
    batch = seal(world)
    run_task("stories.build_batch", Job.objects.get(key=f"build:{batch.pk}").pk)
    batch.refresh_from_db()
    assert (batch.state, batch.built_at is not None) == (BatchState.SEALED, True)
    return batch


def test_seal_and_seal(world: World) -> None:
    doors = client_of(world.lee), client_of(world.lee)
    path = reverse("stories:seal", args=[world.campaign.slug, world.research_america.slug])
    for seed in rounds(world):
        stories = [approved_story(world) for _ in range(3)]
        before = Batch.objects.exclude(state=BatchState.OPEN).count()
        _, words = one_winner(race(seed, *(posting(door, path) for door in doors)))
        assert "sealed" in words
        assert "Lee Park" in words
        assert Batch.objects.exclude(state=BatchState.OPEN).count() == before + 1
        assert [live_items(story) for story in stories] == [1, 1, 1]


def test_two_clocks_and_the_lead_open_and_seal_the_first_batch(world: World) -> None:
    """Before there is an open batch, and while the one that there is gets sealed."""
    for seed in rounds(world):
        approved_story(world)
        Batch.objects.filter(state=BatchState.OPEN).delete()
        endings = race(seed, *[lambda: seal(world)] * 3)
        assert [ending.won for ending in endings].count(True) == 1
        assert all("sealed" in ending.refusal for ending in endings if not ending.won)


def test_seal_for_two_partners(world: World) -> None:
    for seed in rounds(world):
        both = [permission(world.research_america), permission(world.frontline)]
        stories = [approved_story(world, permissions=both) for _ in range(3)]
        endings = race(
            seed,
            sealing(world, open_batch(world)),
            sealing(world, open_batch(world, world.frontline)),
        )
        assert [ending.won for ending in endings] == [True, True]
        assert [live_items(story) for story in stories] == [2, 2, 2]


def test_withdraw_and_seal(world: World) -> None:
    for seed in rounds(world):
        stays, goes = approved_story(world), approved_story(world)
        endings = race(seed, sealing(world, open_batch(world)), withdrawing(world, goes))
        assert [ending.won for ending in endings] == [True, True]
        assert live_items(goes) == 0
        assert asked_back(goes) == 0
        if live_items(stays) == 0:  # the batch was closed, and the story waits for the next one
            seal(world)
        assert live_items(stays) == 1


def test_withdraw_and_seal_in_small_chunks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sealed moves from a batch that closes at the same time: both want the same rows."""
    monkeypatch.setattr(batching, "CHUNK", 1)
    for seed in rounds(world):
        stories = [approved_story(world) for _ in range(3)]
        seal(world)
        for story in stories:
            correct(world, story)
        goes = stories[seed % 3]
        endings = race(seed, sealing(world, open_batch(world)), withdrawing(world, goes))
        assert [ending.won for ending in endings] == [True, True]
        assert live_items(goes) == 0
        if any(live_items(story) == 0 for story in stories if story != goes):
            seal(world)
        assert [live_items(story) for story in stories if story != goes] == [1, 1]
        refuse_replacing_what_never_left()


def refuse_replacing_what_never_left() -> None:
    """A partner is told that an item replaces another only where it may have had that one."""
    never_left = Item.objects.filter(ended_why=ItemEnd.REISSUED)
    assert not Item.objects.filter(replaces__in=never_left).exists()


def test_narrow_and_seal(world: World) -> None:
    for seed in rounds(world):
        stays, narrowed = approved_story(world), approved_story(world)
        endings = race(
            seed,
            sealing(world, open_batch(world)),
            lambda: consenting.change_consents(
                by=world.mia,
                story=narrowed,
                permissions=[permission(world.frontline)],
                text=world.consent_text,
            ),
        )
        assert [ending.won for ending in endings] == [True, True]
        assert live_items(narrowed) == 0
        if live_items(stays) == 0:
            seal(world)
        assert live_items(stays) == 1


def test_narrowing_two_stories_of_the_same_batches(world: World) -> None:
    """Each closes batches of both partners; whoever is second waits and does not meet head-on."""
    both = [permission(world.research_america), permission(world.frontline)]
    for seed in rounds(world):
        first = approved_story(world, permissions=both)
        second = approved_story(world, permissions=both[::-1])
        for partner in (world.research_america, world.frontline):
            seal(world, partner)
        endings = race(
            seed,
            lambda: consenting.change_consents(
                by=world.mia, story=first, permissions=[], text=world.consent_text
            ),
            lambda: consenting.change_consents(
                by=world.mia, story=second, permissions=[], text=world.consent_text
            ),
        )
        assert [ending.won for ending in endings] == [True, True]
        assert (live_items(first), live_items(second)) == (0, 0)


def test_withdraw_and_deliver(world: World) -> None:
    for seed in rounds(world):
        story = approved_story(world)
        batch = built(world)
        before = Message.objects.filter(template="batch_delivered").count()
        endings = race(
            seed,
            lambda: handing_over.deliver(by=None, batch=batch),
            lambda: handing_over.deliver(by=None, batch=batch),
            withdrawing(world, story),
        )
        assert [ending.won for ending in endings] == [True, True, True]
        batch.refresh_from_db()
        told = Message.objects.filter(template="batch_delivered").count() - before
        delivered = batch.deliveries.count()
        assert (told, batch.state == BatchState.DELIVERED) == (2 * delivered, bool(delivered))
        assert delivered in {0, 1}
        assert batch.closed_at is not None
        assert asked_back(story) == 0


def test_withdraw_and_download(world: World) -> None:
    for seed in rounds(world):
        story = approved_story(world)
        batch = delivered_batch(world)
        taking, withdraw = race(seed, fetching(world, batch), withdrawing(world, story))
        assert withdraw.won
        recall = Recall.objects.get(story=story)
        assert recall.state == (RecallState.ASKED if taking.won else RecallState.NEVER_TAKEN)
        urgent = Message.objects.filter(template="recall", key__startswith=f"recall:{recall.pk}:")
        assert urgent.count() == (2 if taking.won else 0)
        assert taking.won or "closed" in taking.refusal


def fetching(world: World, batch: Batch) -> Deed:
    """Paula takes the table of a batch."""

    def deed() -> None:
        file = handing_over.take_file(by=world.paula, batch=batch, name="stories.csv")
        if file is None:  # deleted in this moment, because the batch is closed: the door says 404
            raise TooLate("The file is gone, because its batch is closed.")
        file.close()

    return deed


def test_withdraw_and_reading_on_the_screen(world: World) -> None:
    for seed in rounds(world):
        story = approved_story(world)
        delivered_batch(world)
        item = Item.objects.get(story=story)
        reading, withdraw = race(
            seed,
            lambda: handing_over.read_story(by=world.paula, item=item),
            withdrawing(world, story),
        )
        assert withdraw.won
        assert asked_back(story) == int(reading.won)
        assert reading.won or "taken back" in reading.refusal


def test_withdraw_and_exporting_the_library(world: World) -> None:
    for seed in rounds(world):
        story = approved_story(world)
        delivered_batch(world)
        endings = race(
            seed,
            lambda: handing_over.record_selection(
                by=world.paula, items=Item.objects.usable_by(world.paula), file="selection.csv"
            ),
            withdrawing(world, story),
        )
        assert [ending.won for ending in endings] == [True, True]
        item = Item.objects.get(story=story)
        assert asked_back(story) == int(item.batch.downloads.exists())


def waiting_for_rows() -> int:
    """How many transactions stand in line for what another one holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


def somebody_waits_for_a_row() -> bool:
    """Whether any does."""
    return waiting_for_rows() > 0


def apart(deed: Deed) -> object:
    """Do it in this thread, on a connection of its own that ends with it."""
    try:
        return deed()
    finally:
        connections.close_all()


@pytest.mark.skipif(not ON_POSTGRESQL, reason="on SQLite nobody comes in between")
def test_an_export_holds_nothing_of_a_batch_that_comes_in_between(world: World) -> None:
    """What leaves is on record first: a batch delivered after that is in the next export."""
    approved_story(world, hook="There before")
    first = delivered_batch(world)
    late = approved_story(world, hook="Came in between")
    second = built(world)
    door = client_of(world.paula)

    def export() -> str:
        answer = door.get(reverse("stories:library_export", args=["csv"]))
        return b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]

    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            Batch.objects.select_for_update().get(pk=first.pk)
            exporting = one.submit(apart, export)
            wait_until(somebody_waits_for_a_row)
            other.submit(apart, lambda: handing_over.deliver(by=None, batch=second)).result(60)
        exported = str(exporting.result(60))
    assert "There before" in exported
    telling.withdraw(by=world.mia, story=late)
    assert "Came in between" not in exported or asked_back(late) == 1


@pytest.mark.skipif(not ON_POSTGRESQL, reason="on SQLite nobody comes in between")
def test_withdraw_from_two_partners_and_export_for_both(world: World) -> None:
    """Paula serves both; their batches were not sealed in the order of the partners."""
    PartnerUser.objects.create(user=world.paula, partner=world.frontline)
    both = [permission(world.research_america), permission(world.frontline)]
    story = approved_story(world, permissions=both)
    delivered_batch(world, world.frontline)
    last = delivered_batch(world, world.research_america)
    door, path = client_of(world.paula), reverse("stories:library_export", args=["csv"])
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            Batch.objects.select_for_update().get(pk=last.pk)
            withdrawal = one.submit(apart, withdrawing(world, story))
            wait_until(somebody_waits_for_a_row)
            export = other.submit(apart, lambda: door.get(path).status_code)
            wait_until(lambda: waiting_for_rows() >= 2)
        withdrawal.result(60)
        assert export.result(60) == 200
    taken = Batch.objects.filter(items__story=story, downloads__isnull=False).distinct()
    assert asked_back(story) == taken.count()


@pytest.mark.skipif(not ON_POSTGRESQL, reason="on SQLite nobody comes in between")
def test_a_batch_was_sealed_after_every_consent_under_which_it_left(world: World) -> None:
    """Mia changes her mind while the lead seals; the seal waits, and goes by what she says now."""
    story = approved_story(world)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            consenting.lock(story)
            sealing_now = pool.submit(apart, lambda: seal(world))
            wait_until(somebody_waits_for_a_row)
            consenting.change_consents(
                by=world.mia,
                story=story,
                permissions=[permission(world.research_america, press=True)],
                text=world.consent_text,
            )
        batch = cast(Batch, sealing_now.result(60))
    item = batch.items.select_related("consent").get()
    assert item.consent.press
    assert batch.sealed_at is not None
    assert item.consent.given_at <= batch.sealed_at


@pytest.mark.skipif(not ON_POSTGRESQL, reason="on SQLite nobody comes in between")
def test_no_cursor_steps_over_a_recall_that_is_long_in_coming(world: World) -> None:
    """It was asked before what the program has read, and committed after it."""
    both = [permission(world.research_america), permission(world.frontline)]
    goes = approved_story(world, permissions=both)
    fetched_batch(world)
    elsewhere = delivered_batch(world, world.frontline)
    approved_story(world)
    officer = PartnerUser.objects.get(user=world.paula)
    key = tokens.make_token(by=world.paula, officer=officer, name="Sync")

    def read_on(after: str) -> tuple[list[str], str]:
        """What the program is told a minute from now."""
        with time_machine.travel(timezone.now() + dt.timedelta(minutes=1)):
            asked = {"after": after}
            told = (
                Client()
                .get("/api/v1/changes", asked, headers={"Authorization": f"Bearer {key}"})
                .json()
            )
        return [change["kind"] for change in told["changes"]], told["next"]

    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            Batch.objects.select_for_update().get(pk=elsewhere.pk)
            withdrawal = one.submit(apart, withdrawing(world, goes))
            wait_until(somebody_waits_for_a_row)
            other.submit(apart, lambda: delivered_batch(world)).result(60)
            before, cursor = cast(
                tuple[list[str], str], other.submit(apart, lambda: read_on("")).result(60)
            )
        withdrawal.result(60)
    after, _ = read_on(cursor)
    assert sorted(before + after) == ["delivered", "delivered", "recalled"]


def test_acknowledge_and_acknowledge(world: World) -> None:
    names = ("Paula Grant", "Pete Novak")
    doors = client_of(world.paula), client_of(world.pete)
    for seed in rounds(world):
        approved_story(world)
        batch = delivered_batch(world)
        path = reverse("stories:acknowledge", args=[batch.ref])
        deeds = [
            posting(door, path, {"name": name}) for door, name in zip(doors, names, strict=True)
        ]
        winner, words = one_winner(race(seed, *deeds))
        batch.refresh_from_db()
        assert batch.receipt.name == names[winner]
        assert f"{names[winner]} acknowledged it on" in words
        assert AuditLine.objects.about(batch).filter(verb="acknowledge").count() == 1


def test_acknowledge_and_withdraw(world: World) -> None:
    for seed in rounds(world):
        story = approved_story(world)
        batch = delivered_batch(world)
        acknowledge, withdraw = race(
            seed,
            lambda: handing_over.acknowledge(by=world.paula, batch=batch, name="Paula Grant"),
            withdrawing(world, story),
        )
        assert withdraw.won
        assert asked_back(story) == int(acknowledge.won)
        assert acknowledge.won or "closed" in acknowledge.refusal


def test_two_answers_to_a_recall(world: World) -> None:
    names = ("Paula Grant", "Pete Novak")
    doors = client_of(world.paula), client_of(world.pete)
    said = ({"answer": "deleted"}, {"answer": "published", "where": "The Kansas City Star, page 4"})
    for seed in rounds(world):
        story = approved_story(world)
        fetched_batch(world)
        telling.withdraw(by=world.mia, story=story)
        recall = Recall.objects.get(story=story)
        path = reverse("stories:answer_recall", args=[recall.ref])
        before = Message.objects.filter(template="recall_answered").count()
        deeds = [posting(door, path, words) for door, words in zip(doors, said, strict=True)]
        winner, words = one_winner(race(seed, *deeds))
        recall.refresh_from_db()
        assert (recall.state, str(recall.answered_by)) == (said[winner]["answer"], names[winner])
        assert f"{names[winner]} answered it on" in words
        assert Message.objects.filter(template="recall_answered").count() == before + 1


def test_the_same_job_by_two_workers(world: World) -> None:
    """The lease lets one build; the other finds nothing to do."""
    for seed in rounds(world):
        approved_story(world)
        batch = seal(world)
        job = Job.objects.get(key=f"build:{batch.pk}")
        endings = race(seed, *[lambda: work_on(job.pk, building.build)] * 2)
        assert sorted(bool(ending.value) for ending in endings) == [False, True]
        job.refresh_from_db()
        assert (job.attempts, job.lease, job.last_error) == (1, None, "")
        proven(batch)


def proven(batch: Batch) -> None:
    """The files are whole and signed, and the delivery was started once."""
    batch.refresh_from_db()
    assert batch.files is not None
    archive = batch_files.place_of(batch, batch.files[0]["name"])
    verify(archive, signing.public_pem().encode())
    assert Job.objects.filter(key=f"deliver:{batch.pk}").count() == 1
    assert AuditLine.objects.about(batch).filter(verb="build").count() == 1


def test_two_workers_who_both_believe_that_the_job_is_theirs(world: World) -> None:
    """A lease ran out under a living worker: both write the same bytes, and one of them counts."""
    for seed in rounds(world):
        approved_story(world)
        batch = seal(world)
        race(seed, *[lambda: Building(Batch.objects.get(pk=batch.pk)).build()] * 2)
        proven(batch)


def test_build_and_withdraw(world: World) -> None:
    """Whatever comes first: the files of a closed batch are gone in the end."""
    for seed in rounds(world):
        story = approved_story(world)
        batch = seal(world)
        job = Job.objects.get(key=f"build:{batch.pk}")
        _, withdraw = race(seed, lambda: work_on(job.pk, building.build), withdrawing(world, story))
        assert withdraw.won
        run_jobs()
        batch.refresh_from_db()
        assert batch.closed_at is not None
        assert not batch_files.place_of(batch).exists()
        assert batch.state == BatchState.SEALED


def test_approve_and_seal(world: World) -> None:
    """An approved story is in this batch or in the next one."""
    for seed in rounds(world):
        story, other = approved_story(world), approved_story(world)
        fresh = correct_in_review(world, story)
        endings = race(seed, sealing(world, open_batch(world)), fresh)
        assert endings[1].won
        story.refresh_from_db()
        assert story.state == StoryState.APPROVED
        due = list(
            Consent.objects.due_for(
                open_batch(world), batching.today_in(world.campaign)
            ).values_list("story", flat=True)
        )
        assert live_items(story) + due.count(story.pk) == 1
        assert live_items(other) == 1


def correct_in_review(world: World, story: Story) -> Callable[[], object]:
    """A correction that Ana is about to approve; returns that she does."""
    telling.submit(
        by=world.mia,
        story=story,
        hook="What was wrong is right now",
        answers=story.current_revision.answers if story.current_revision else [],
        photo=None,
        permissions=[permission(world.research_america)],
        consent_text=world.consent_text,
    )
    reviewing.claim(by=world.ana, story=story)
    story.refresh_from_db()
    read = story.current_revision
    assert read is not None
    return lambda: reviewing.approve(by=world.ana, story=story, read=read)


def test_expire_and_download(world: World) -> None:
    """The last day passes while an officer fetches: then the partner is asked, or never had it."""
    for seed in rounds(world):
        story = approved_story(world)
        batch = delivered_batch(world)
        consent = story.consents.live().get(partner=world.research_america)
        taking, _ = race(
            seed,
            fetching(world, batch),
            lambda: consenting.expire_consent(consent=consent),
        )
        recall = Recall.objects.get(story=story)
        assert recall.reason == RecallReason.EXPIRED
        assert asked_back(story) == int(taking.won)
