"""Recalls: out of every open batch at once, asked back from whoever holds it, never delivered again."""

from __future__ import annotations

import threading

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from portal.errors import Refused, TooLate
from portal.models import Job, Message, Urgency
from stories.models import (
    Batch,
    Item,
    ItemEnd,
    NameShown,
    Recall,
    RecallReason,
    Story,
)
from stories.states import BatchState, RecallState
from stories.verbs import batch_files, telling
from stories.verbs.batching import open_batch, seal
from stories.verbs.consenting import change_consents
from stories.verbs.handing_over import RecallAnswer, answer_recall
from tests.house.batches import (
    correct,
    delivered_batch,
    fetched_batch,
    many_items,
    sealed_batch,
)
from tests.house.people import World, client_of, make_world
from tests.house.post import run_jobs
from tests.house.queries import equal_queries
from tests.house.stories import approved_story, permission

ASK = {"answer": "published", "where": "https://example.org/news/7"}


def withdraw(world: World, story: Story) -> None:
    """Through the author's own door."""
    story.refresh_from_db()
    telling.withdraw(by=world.mia, story=story)


def recalled(world: World) -> Recall:
    """A story that Research!America holds, and that its author has withdrawn."""
    story = approved_story(world, hook="Give me back", words="All the words of it.")
    fetched_batch(world)
    withdraw(world, story)
    return Recall.objects.get()


def test_withdrawing_before_sealing_leaves_the_open_batch_without_it(world: World) -> None:
    gone, stays = approved_story(world), approved_story(world)
    withdraw(world, gone)
    assert [item.story for item in sealed_batch(world).items.all()] == [stays]
    assert Recall.objects.count() == 0


def test_withdrawing_asks_every_partner_that_holds_it(world: World) -> None:
    both = [permission(world.research_america), permission(world.frontline)]
    story = approved_story(world, permissions=both)
    fetched_batch(world)
    fetched_batch(world, world.frontline, by=world.fay)
    withdraw(world, story)
    recalls = Recall.objects.order_by("partner")
    assert [(r.partner, r.state, r.reason) for r in recalls] == [
        (world.research_america, RecallState.ASKED, RecallReason.WITHDRAWN),
        (world.frontline, RecallState.ASKED, RecallReason.WITHDRAWN),
    ]
    told = Message.objects.filter(template="recall")
    assert sorted(m.user.name for m in told if m.user) == ["Fay Idris", "Paula Grant", "Pete Novak"]
    assert {m.urgency for m in told} == {Urgency.AT_ONCE}
    assert Message.objects.filter(template="recall_for_lead", user=world.lee).count() == 2
    assert Item.objects.live().count() == 0


def test_what_nobody_fetched_is_not_asked_for_and_the_rest_comes_again(world: World) -> None:
    gone, stays = approved_story(world), approved_story(world)
    batch = delivered_batch(world)
    withdraw(world, gone)
    recall = Recall.objects.get()
    batch.refresh_from_db()
    assert (recall.state, batch.closed_at is not None) == (RecallState.NEVER_TAKEN, True)
    assert Message.objects.filter(template="recall").count() == 0
    assert batch.items.get(story=stays).ended_why == ItemEnd.REISSUED
    again = delivered_batch(world)
    assert [(again.number, item.story) for item in again.items.all()] == [(2, stays)]


def test_a_partner_that_fetched_the_batch_keeps_the_rest(world: World) -> None:
    gone, stays = approved_story(world), approved_story(world)
    fetched_batch(world)
    withdraw(world, gone)
    assert stays.items.get().ended_at is None
    with pytest.raises(Refused):
        seal(
            by=world.lee, batch=open_batch(campaign=world.campaign, partner=world.research_america)
        )


def test_a_partner_that_holds_only_the_earlier_text_is_asked_for_that(world: World) -> None:
    story = approved_story(world)
    first = fetched_batch(world)
    correct(world, story)
    second = delivered_batch(world)
    withdraw(world, story)
    recalls = {r.item.batch: r.state for r in Recall.objects.all()}
    assert recalls == {first: RecallState.ASKED, second: RecallState.NEVER_TAKEN}
    closed = Batch.objects.filter(closed_at__isnull=False)
    assert set(closed) == {first, second}


def test_an_earlier_unfetched_batch_with_an_earlier_text_is_closed_too(world: World) -> None:
    story = approved_story(world)
    first = delivered_batch(world)
    correct(world, story)
    second = fetched_batch(world)
    withdraw(world, story)
    assert [r.item.batch for r in Recall.objects.filter(state=RecallState.ASKED)] == [second]
    url = reverse("stories:batch_file", args=[first.ref, "stories.json"])
    assert client_of(world.paula).get(url).status_code == 409


def test_a_story_between_two_batches_is_asked_back_all_the_same(world: World) -> None:
    story, other = approved_story(world), approved_story(world)
    first = fetched_batch(world)
    correct(world, story)
    correct(world, other)
    delivered_batch(world)
    withdraw(world, other)  # closes the second batch; `story` waits for the third
    assert story.items.live().count() == 0
    withdraw(world, story)
    asked = Recall.objects.filter(state=RecallState.ASKED, story=story)
    assert [(r.item.batch, r.item.story) for r in asked] == [(first, story)]


def test_one_answer_stands_for_all_texts_and_is_asked_for_once(world: World) -> None:
    story = approved_story(world)
    fetched_batch(world)
    correct(world, story)
    fetched_batch(world)
    change_consents(
        by=world.mia,
        story=story,
        permissions=[permission(world.research_america, NameShown.NONE)],
        text=world.consent_text,
    )
    withdraw(world, story)
    recall = Recall.objects.get()
    page = client_of(world.paula).get(reverse("stories:recall", args=[recall.ref]))
    assert [item.batch.number for item in page.context["items"]] == [2, 1]


def test_narrowing_recalls_and_what_is_left_goes_again(world: World) -> None:
    story = approved_story(world)
    fetched_batch(world)
    change_consents(
        by=world.mia,
        story=story,
        permissions=[permission(world.research_america, NameShown.NONE)],
        text=world.consent_text,
    )
    assert [r.reason for r in Recall.objects.all()] == [RecallReason.NARROWED]
    again = delivered_batch(world).items.get()
    assert (again.story, again.consent.name_shown) == (story, NameShown.NONE)


def test_the_files_of_a_closed_batch_are_deleted(world: World) -> None:
    story = approved_story(world)
    batch = fetched_batch(world)
    assert batch_files.place_of(batch, "stories.json").exists()
    withdraw(world, story)
    run_jobs()
    assert not batch_files.place_of(batch).exists()
    assert Job.objects.get(kind="stories.discard_files").finished_at is not None
    call_command("deliver", "--rebuild", verbosity=0)
    assert not batch_files.place_of(batch).exists()


def test_no_path_delivers_it_again(world: World) -> None:
    gone, stays = approved_story(world, hook="Gone for good"), approved_story(world, hook="Stays")
    batch = fetched_batch(world)
    item = gone.items.get()
    withdraw(world, gone)
    client = client_of(world.paula)
    given = {
        "file": client.get(reverse("stories:batch_file", args=[batch.ref, "stories.json"])),
        "story": client.get(reverse("stories:library_story", args=[item.pk])),
        "photo": client.get(reverse("stories:library_photo", args=[item.pk])),
    }
    assert {name: r.status_code for name, r in given.items()} == {
        "file": 409,
        "story": 404,
        "photo": 404,
    }
    pages = [
        client.get(reverse("stories:library")),
        client.get(reverse("stories:inbox")),
        client.get(reverse("stories:batch", args=[batch.ref])),
        client.get(reverse("stories:recalls"), {"show": "all"}),
        client.get(reverse("stories:recall", args=[Recall.objects.get().ref])),
    ]
    exports = [
        b"".join(client.get(reverse("stories:library_export", args=[f])).streaming_content)  # type: ignore[attr-defined]
        for f in ("csv", "json")
    ]
    read = [page.content for page in pages] + exports
    assert [b"Gone for good" in text for text in read] == [False] * 7
    assert [b"Stays" in text for text in exports] == [True, True]
    assert stays.items.live().count() == 1


@pytest.mark.parametrize(
    ("typed", "state", "words"),
    [
        ({"answer": "deleted", "why": "left over"}, RecallState.DELETED, ""),
        (ASK, RecallState.PUBLISHED, "https://example.org/news/7"),
        ({"answer": "cannot", "why": "In the record."}, RecallState.CANNOT, "In the record."),
    ],
)
def test_the_three_answers_reach_author_and_lead(
    world: World, typed: dict[str, str], state: str, words: str
) -> None:
    recall = recalled(world)
    response = client_of(world.paula).post(
        reverse("stories:answer_recall", args=[recall.ref]), typed, follow=True
    )
    assert response.status_code == 200
    recall.refresh_from_db()
    assert (recall.state, recall.answer, recall.answered_by) == (state, words, world.paula)
    told = Message.objects.filter(template__startswith="recall_answered").order_by("template")
    assert [(m.template, m.user) for m in told] == [
        ("recall_answered", world.mia),
        ("recall_answered_for_lead", world.lee),
    ]
    page = client_of(world.lee).get(reverse("stories:lead_batch", args=[recall.item.batch.ref]))
    assert recall.get_state_display() in page.content.decode()
    assert words in page.content.decode()


@pytest.mark.parametrize(
    ("typed", "missing"),
    [
        ({}, "Choose one of the three answers."),
        ({"answer": "published", "why": "x"}, "Say where it was published"),
        ({"answer": "cannot", "where": "x"}, "Say why"),
        ({"answer": "never_taken"}, "Please choose one of those offered here."),
    ],
)
def test_an_answer_needs_its_words(world: World, typed: dict[str, str], missing: str) -> None:
    recall = recalled(world)
    response = client_of(world.paula).post(
        reverse("stories:answer_recall", args=[recall.ref]), typed
    )
    recall.refresh_from_db()
    assert (response.status_code, recall.state) == (400, RecallState.ASKED)
    assert missing in response.content.decode()


def test_of_two_officers_one_answers_and_the_other_loses_no_word(world: World) -> None:
    recall = recalled(world)
    url = reverse("stories:answer_recall", args=[recall.ref])
    client_of(world.pete).post(url, {"answer": "deleted"})
    late = client_of(world.paula).post(url, ASK)
    text = late.content.decode()
    assert late.status_code == 409
    assert "This recall is “deleted” by now. Pete Novak answered it on" in text
    assert ASK["where"] in text
    recall.refresh_from_db()
    assert recall.state == RecallState.DELETED
    with pytest.raises(TooLate):
        answer_recall(by=world.paula, recall=recall, answer=RecallAnswer(RecallState.CANNOT, "x"))


@pytest.mark.parametrize(
    ("name", "status"), [("paula", 200), ("fay", 404), ("lee", 404), ("mia", 404), ("olga", 404)]
)
def test_who_opens_a_recall(world: World, name: str, status: int) -> None:
    recall = recalled(world)
    client = client_of(getattr(world, name))
    assert client.get(reverse("stories:recall", args=[recall.ref])).status_code == status
    if status == 404:
        url = reverse("stories:answer_recall", args=[recall.ref])
        assert client.post(url, {"answer": "deleted"}).status_code == 404


def test_the_letters_say_it_without_the_story(world: World, deliver_mail: object) -> None:
    recall = recalled(world)
    mails = deliver_mail()  # type: ignore[operator]
    asked = [m for m in mails if m.subject.startswith("Please give a story back")]
    assert sorted(m.to for m in asked) == ["paula@example.org", "pete@example.org"]
    assert asked[0].links[0] == reverse("stories:recall", args=[recall.ref])
    everything = "".join(m.wire.as_string() for m in mails)
    assert ("Give me back" in everything, "All the words of it" in everything) == (False, False)


def test_unanswered_recalls_stand_on_top_of_the_inbox(world: World) -> None:
    recall = recalled(world)
    client = client_of(world.paula)
    url = reverse("stories:recall", args=[recall.ref])
    assert url in client.get(reverse("stories:inbox")).content.decode()
    client.post(reverse("stories:answer_recall", args=[recall.ref]), {"answer": "deleted"})
    assert url not in client.get(reverse("stories:inbox")).content.decode()


def test_recall_lists_ask_as_often_for_thirty_as_for_one(world: World) -> None:
    client = client_of(world.paula)

    def make(n: int) -> None:
        for item in many_items(world, n):
            fetch_by_hand(item)
            withdraw(world, item.story)

    equal_queries(make, lambda: client.get(reverse("stories:recalls"), {"show": "all"}))
    equal_queries(make, lambda: client.get(reverse("stories:inbox"), {"show": "new"}))


def fetch_by_hand(item: Item) -> None:
    """The batch was taken, though it has no files."""
    item.batch.downloads.create(by_id=item.batch.partner.officers.first().user_id, file="x.zip")  # type: ignore[union-attr]


@pytest.mark.django_db(transaction=True)
def test_seal_and_withdraw_at_once_never_leave_a_live_item_of_a_withdrawn_story() -> None:
    world = make_world()
    story = approved_story(world)
    batch = open_batch(campaign=world.campaign, partner=world.research_america)
    start = threading.Barrier(2)

    def run(act: object) -> None:
        start.wait()
        try:
            act()  # type: ignore[operator]
        except (Refused, TooLate):
            pass
        finally:
            connection.close()

    acts = [
        lambda: seal(by=world.lee, batch=batch),
        lambda: telling.withdraw(by=world.mia, story=story),
    ]
    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    story.refresh_from_db()
    assert story.state == "withdrawn"
    assert Item.objects.live().filter(story=story).count() == 0
    assert Batch.objects.exclude(state=BatchState.OPEN).filter(closed_at=None).count() == 0


def test_what_comes_after_a_recall_replaces_nothing(world: World) -> None:
    """Also where the text that was asked back had been corrected in a batch that nobody opened."""
    story, other = approved_story(world), approved_story(world)
    fetched_batch(world)
    correct(world, story)
    correct(world, other)
    delivered_batch(world)
    withdraw(world, other)  # closes the second batch; `story` is to move to the third
    change_consents(
        by=world.mia,
        story=story,
        permissions=[permission(world.research_america, NameShown.NONE)],
        text=world.consent_text,
    )
    third = delivered_batch(world).items.get()
    assert third.replaces is None
    change_consents(
        by=world.mia,
        story=story,
        permissions=[permission(world.research_america, NameShown.FULL)],
        text=world.consent_text,
    )
    assert delivered_batch(world).items.get().replaces == third


def test_the_lead_reads_no_earlier_text_of_a_story_that_was_taken_back(world: World) -> None:
    story = approved_story(world, hook="How he read the clock at first")
    first = fetched_batch(world)
    door, path = client_of(world.lee), reverse("stories:lead_batch", args=[first.ref])
    assert "How he read the clock at first" in door.get(path).content.decode()
    correct(world, story)
    fetched_batch(world)
    withdraw(world, story)
    shown = door.get(path).content.decode()
    assert "no longer read here" in shown
    assert "How he read the clock at first" not in shown
    assert "Mia Chen" not in shown
