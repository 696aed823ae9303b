"""The partner's inbox: only what was delivered, each download on record, one acknowledgement."""

from __future__ import annotations

import pytest
from django.urls import reverse

from campaigns.models import PartnerUser
from portal.models import AuditLine, Message, User
from stories.models import Batch, Download, NameShown, Receipt
from stories.states import BatchState
from stories.verbs import batch_files, telling
from tests.house.batches import (
    delivered_batch,
    fetch,
    fetched_batch,
    many_items,
    sealed_batch,
    story_with_photo,
)
from tests.house.people import World, client_of
from tests.house.queries import equal_queries
from tests.house.stories import approved_story, permission


def test_inbox_shows_what_was_delivered_to_the_own_partner_and_nothing_else(world: World) -> None:
    both = [permission(world.research_america), permission(world.frontline)]
    approved_story(world, permissions=both)
    mine, theirs = delivered_batch(world), delivered_batch(world, world.frontline)
    approved_story(world)
    not_yet = sealed_batch(world)
    seen = {
        user: [
            batch.ref
            for batch in client_of(getattr(world, user))
            .get(reverse("stories:inbox"))
            .context["page"]
            .rows
        ]
        for user in ("paula", "pete", "fay")
    }
    assert seen == {"paula": [mine.ref], "pete": [mine.ref], "fay": [theirs.ref]}
    assert not_yet.state == BatchState.SEALED


@pytest.mark.parametrize(
    ("name", "status"),
    [("paula", 200), ("fay", 404), ("mia", 404), ("ana", 404), ("lee", 404), ("olga", 404)],
)
def test_who_opens_a_batch_and_its_files(world: World, name: str, status: int) -> None:
    approved_story(world)
    batch = delivered_batch(world)
    client = client_of(getattr(world, name))
    page = client.get(reverse("stories:batch", args=[batch.ref]))
    file = client.get(reverse("stories:batch_file", args=[batch.ref, "stories.json"]))
    assert (page.status_code, file.status_code) == (status, status)
    assert Download.objects.count() == (1 if status == 200 else 0)


def test_a_sealed_batch_is_not_seen_before_it_is_delivered(world: World) -> None:
    approved_story(world)
    batch = sealed_batch(world)
    urls = [
        reverse("stories:batch", args=[batch.ref]),
        reverse("stories:batch_file", args=[batch.ref, "stories.json"]),
    ]
    client = client_of(world.paula)
    assert [client.get(url).status_code for url in urls] == [404, 404]


def test_who_lost_the_tie_gets_nothing_more(world: World) -> None:
    approved_story(world)
    batch = delivered_batch(world)
    client = client_of(world.pete)
    url = reverse("stories:batch_file", args=[batch.ref, "stories.json"])
    assert client.get(url).status_code == 200
    PartnerUser.objects.filter(user=world.pete).delete()
    assert client.get(url).status_code == 404


def test_a_download_is_an_attachment_and_on_record(world: World) -> None:
    story_with_photo(world)
    batch = delivered_batch(world)
    client = client_of(world.paula)
    for name in [fact["name"] for fact in batch.files or []] + ["photos/1.jpg"]:
        response = client.get(reverse("stories:batch_file", args=[batch.ref, name]))
        assert response["Content-Disposition"].startswith("attachment; filename=")
        assert response["X-Content-Type-Options"] == "nosniff"
        assert b"".join(response.streaming_content)  # type: ignore[attr-defined]
    told = Download.objects.order_by("pk").values_list("by__name", "file")
    assert [file for _, file in told][-1] == "photos/1.jpg"
    assert {who for who, _ in told} == {"Paula Grant"}
    assert AuditLine.objects.filter(verb="download").count() == len(told) == 7


@pytest.mark.parametrize(
    "name",
    [
        "nothing.txt",
        "photos/2.jpg",
        "photos/../stories.json",
        "../../secrets/secret_key",
        "photos/%2e%2e/manifest.json",
        ".part",
    ],
)
def test_no_other_file_can_be_named(world: World, name: str) -> None:
    story_with_photo(world)
    batch = delivered_batch(world)
    response = client_of(world.paula).get(f"/inbox/{batch.ref}/files/{name}")
    assert (response.status_code, Download.objects.count()) == (404, 0)


def test_acknowledging_is_by_name_once_and_tells_the_lead(world: World) -> None:
    approved_story(world)
    batch = delivered_batch(world)
    url = reverse("stories:acknowledge", args=[batch.ref])
    empty = client_of(world.paula).post(url, {"name": " "})
    assert (empty.status_code, Receipt.objects.count()) == (400, 0)
    done = client_of(world.paula).post(url, {"name": "Paula Grant, PhD"}, follow=True)
    assert "Batch 1 is acknowledged" in done.content.decode()
    receipt = Receipt.objects.get()
    batch.refresh_from_db()
    assert (receipt.name, receipt.by, batch.state) == (
        "Paula Grant, PhD",
        world.paula,
        BatchState.ACKNOWLEDGED,
    )
    assert receipt.manifest_sha256 == batch_files.fact_of(batch, "manifest.json").sha256
    late = client_of(world.pete).post(url, {"name": "Pete the Late"})
    assert late.status_code == 409
    assert "This batch is “acknowledged” by now. Paula Grant acknowledged it on" in (
        late.content.decode()
    )
    assert Receipt.objects.count() == 1
    assert [m.user for m in Message.objects.filter(template="batch_acknowledged")] == [world.lee]


@pytest.mark.parametrize(("name", "status"), [("fay", 404), ("lee", 404), ("paula", 302)])
def test_who_may_acknowledge(world: World, name: str, status: int) -> None:
    approved_story(world)
    batch = delivered_batch(world)
    url = reverse("stories:acknowledge", args=[batch.ref])
    assert client_of(getattr(world, name)).post(url, {"name": "X"}).status_code == status


def test_a_closed_batch_gives_no_file_any_more(world: World, run_jobs: object) -> None:
    gone, stays = approved_story(world), approved_story(world)
    batch = fetched_batch(world)
    telling.withdraw(by=world.mia, story=gone)
    client = client_of(world.paula)
    before = Download.objects.count()
    for name in ("stories.json", "stories.csv", (batch.files or [])[0]["name"]):
        response = client.get(reverse("stories:batch_file", args=[batch.ref, name]))
        assert response.status_code == 409
        assert "closed" in response.content.decode()
    assert Download.objects.count() == before
    page = client.get(reverse("stories:batch", args=[batch.ref])).content.decode()
    assert "The 1 that you may still use" in page
    assert stays.items.live().count() == 1


def test_a_closed_batch_that_nobody_fetched_cannot_be_acknowledged(world: World) -> None:
    gone = approved_story(world)
    batch = delivered_batch(world)
    telling.withdraw(by=world.mia, story=gone)
    response = client_of(world.paula).post(
        reverse("stories:acknowledge", args=[batch.ref]), {"name": "Paula"}
    )
    assert (response.status_code, Receipt.objects.count()) == (409, 0)


def test_the_letter_has_a_link_and_no_file_and_no_story(world: World, deliver_mail: object) -> None:
    approved_story(world, hook="Nobody reads this in a mail")
    batch = delivered_batch(world)
    mails = [m for m in deliver_mail() if "is ready for you" in m.subject]  # type: ignore[operator]
    assert sorted(m.to for m in mails) == ["paula@example.org", "pete@example.org"]
    assert [list(m.wire.iter_attachments()) for m in mails] == [[], []]
    assert "Nobody reads" not in mails[0].wire.as_string()
    page = client_of(world.paula).get(mails[0].links[0])
    assert page.context["batch"] == batch


def test_batch_page_counts_what_may_be_done(world: World) -> None:
    approved_story(world)
    approved_story(
        world, permissions=[permission(world.research_america, NameShown.NONE, publication=False)]
    )
    page = client_of(world.paula).get(reverse("stories:batch", args=[delivered_batch(world).ref]))
    assert page.context["uses"] == [("Lawmakers’ offices", 2), ("Publication", 1), ("Press", 0)]
    assert page.context["names"] == [
        ("Full name", 1),
        ("First name and state", 0),
        ("No name", 1),
    ]


def test_inbox_asks_as_often_for_thirty_as_for_one(world: World) -> None:
    client = client_of(world.paula)
    equal_queries(
        lambda n: many_items(world, n),
        lambda: client.get(reverse("stories:inbox"), {"show": "all"}),
    )


def test_a_batch_page_asks_as_often_for_thirty_as_for_one(world: World) -> None:
    client = client_of(world.paula)
    pages: list[str] = []

    def make(n: int) -> None:
        for _ in range(n):
            approved_story(world)
        batch = delivered_batch(world)
        for _ in range(n):
            fetch(batch, "stories.json", world.pete)
        pages.append(reverse("stories:batch", args=[batch.ref]))

    equal_queries(make, lambda: client.get(pages[-1]))


def test_inbox_pages_and_filters_lose_nothing(world: World) -> None:
    items = many_items(world, 32)
    Batch.objects.filter(pk=items[0].batch_id).update(state=BatchState.ACKNOWLEDGED)
    client = client_of(world.paula)
    first = client.get(reverse("stories:inbox")).context["page"]
    second = client.get(f"{reverse('stories:inbox')}?{first.next_query}").context["page"]
    refs = [batch.ref for batch in first.rows + second.rows]
    assert refs == [item.batch.ref for item in reversed(items)]
    shown = client.get(reverse("stories:inbox"), {"show": "acknowledged"}).context["page"].rows
    assert [batch.pk for batch in shown] == [items[0].batch_id]


def test_colleagues_are_the_own_partners(world: World) -> None:
    page = client_of(world.paula).get(reverse("stories:inbox"))
    assert [tie.user.name for tie in page.context["colleagues"]] == ["Paula Grant", "Pete Novak"]
    assert User.objects.filter(name="Fay Idris").exists()
