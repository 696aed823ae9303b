"""The library: what a partner may use now, to read, cite and take along; and nothing beyond the consent."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from typing import Any

import time_machine
from django.urls import reverse
from django.utils import timezone

from stories.models import Download, Item, NameShown, Recall, Story
from stories.states import RecallState
from stories.verbs import telling
from tests.house.batches import (
    approve,
    correct,
    delivered_batch,
    fetched_batch,
    many_items,
    sealed_batch,
    send_correction,
    story_with_photo,
)
from tests.house.people import World, client_of
from tests.house.queries import equal_queries
from tests.house.stories import answers, approved_story, permission, today

LIBRARY = "/inbox/stories/"


def hooks(world: World, **asked: Any) -> list[str]:
    """The hooks that Paula's library shows, in its order."""
    page = client_of(world.paula).get(LIBRARY, asked)
    return [story.hook for _, story in page.context["stories"]]


def test_library_holds_what_was_delivered_and_still_runs(world: World) -> None:
    approved_story(world, hook="Runs")
    approved_story(
        world, hook="Ends soon", permissions=[permission(world.research_america, days=2)]
    )
    approved_story(world, hook="Others", permissions=[permission(world.frontline)])
    gone = approved_story(world, hook="Gone")
    delivered_batch(world)
    delivered_batch(world, world.frontline)
    approved_story(world, hook="Sealed only")
    sealed_batch(world)
    assert hooks(world) == ["Gone", "Ends soon", "Runs"]
    telling.withdraw(by=world.mia, story=gone)
    with time_machine.travel(timezone.now() + dt.timedelta(days=4)):
        assert hooks(world) == ["Runs"]  # the batch was seen, so the others stay where they are


def test_what_was_seen_in_the_list_is_asked_back(world: World) -> None:
    """The first line and the name are the author's, too: nobody is told that no partner has read them."""
    seen = approved_story(world, hook="Seen")
    delivered_batch(world)
    assert hooks(world) == ["Seen"]
    unseen = approved_story(world, hook="Not seen")
    delivered_batch(world)
    for story in (seen, unseen):
        telling.withdraw(by=world.mia, story=story)
    states = {recall.story: recall.state for recall in Recall.objects.all()}
    assert states == {seen: RecallState.ASKED, unseen: RecallState.NEVER_TAKEN}
    mine = client_of(world.mia)
    opened = "Research!America opened batch"
    assert opened in mine.get(f"/stories/{seen.ref}/").content.decode()
    assert opened not in mine.get(f"/stories/{unseen.ref}/").content.decode()


def test_a_batch_that_is_seen_again_is_on_record_once(world: World) -> None:
    approved_story(world)
    delivered_batch(world)
    for officer in (world.paula, world.pete):
        client_of(officer).get(LIBRARY)
    assert [line.by for line in Download.objects.all()] == [world.paula]


def test_the_last_day_counts_in_the_campaigns_time_zone(world: World) -> None:
    last = dt.date.today() + dt.timedelta(days=5)  # noqa: DTZ011
    approved_story(world, permissions=[permission(world.research_america, until=last)])
    delivered_batch(world)
    evening = dt.datetime.combine(last, dt.time(23, 59), tzinfo=dt.UTC) + dt.timedelta(hours=4)
    with time_machine.travel(evening, tick=False):
        assert len(hooks(world)) == 1  # still that day in New York
    with time_machine.travel(evening + dt.timedelta(hours=3), tick=False):
        assert hooks(world) == []


def test_a_filter_that_cannot_be_read_is_said_and_takes_nothing_along(world: World) -> None:
    approved_story(world)
    delivered_batch(world)
    paula = client_of(world.paula)
    asked = "state=KS&district=KS-2"
    page = paula.get(f"{LIBRARY}?{asked}").content.decode()
    assert "District: this could not be read." in page
    assert 'href="/inbox/stories/export/csv/?state=KS"' in page
    assert 'href="/inbox/stories/sheet/?state=KS"' in page
    before = Download.objects.count()
    for door in ("sheet/", "export/csv/", "export/json/"):
        answer = paula.get(f"{LIBRARY}{door}?{asked}")
        assert (answer.status_code, answer["Location"]) == (302, f"{LIBRARY}?{asked}")
    assert Download.objects.count() == before
    assert paula.get(f"{LIBRARY}sheet/?state=KS").status_code == 200
    assert "could not be read" not in paula.get(f"{LIBRARY}?state=KS&district=1").content.decode()


def test_filters(world: World) -> None:
    approved_story(world, hook="Kansas, full")
    approved_story(
        world,
        hook="Kansas, nameless",
        permissions=[permission(world.research_america, NameShown.NONE, press=True)],
    )
    approved_story(
        world, member=world.nils_member, hook="Utah, lakes", words="Brine shrimp lay EGGS."
    )
    delivered_batch(world)
    assert hooks(world, state="UT") == ["Utah, lakes"]
    assert hooks(world, state="KS", district="1", name_shown="none") == ["Kansas, nameless"]
    assert hooks(world, use="press") == ["Kansas, nameless"]
    assert hooks(world, q="shrimp eggs") == ["Utah, lakes"]
    assert hooks(world, q=str(Story.objects.get(us_state="UT").ref)) == ["Utah, lakes"]
    assert hooks(world, campaign=world.campaign.slug, q="full") == ["Kansas, full"]
    assert hooks(world, district="9") == []
    assert len(hooks(world, state="nonsense", campaign="nonsense", batch="x")) == 3


def test_search_does_not_look_into_texts_that_were_not_handed_over(world: World) -> None:
    story = approved_story(world, hook="The text that left")
    delivered_batch(world)
    telling.submit(
        by=world.mia,
        story=story,
        hook="Secret correction",
        answers=answers(world, "zebrafish"),
        photo=None,
        permissions=[permission(world.research_america)],
        consent_text=world.consent_text,
    )
    assert (hooks(world, q="zebrafish"), hooks(world, q="left")) == ([], ["The text that left"])


def test_twelve_stories_of_one_district_by_noon(world: World) -> None:
    for n in range(12):
        approved_story(world, hook=f"District one, {n}")
    approved_story(world, member=world.nils_member)
    delivered_batch(world)
    client = client_of(world.paula)
    page = client.get(LIBRARY, {"state": "KS", "district": "1", "use": "lawmakers"})
    assert (page.context["count"].number, len(page.context["stories"])) == (12, 12)
    text = page.content.decode()
    assert f"{reverse('stories:library_export', args=['csv'])}?state=KS&amp;district=1" in text


def test_the_filtered_stories_stand_in_full_on_one_page_under_their_permission(
    world: World,
) -> None:
    for n in (1, 2):
        approved_story(world, hook=f"District one, {n}")
    approved_story(world, member=world.nils_member, hook="Utah")
    batch, client = delivered_batch(world), client_of(world.paula)
    asked = {"state": "KS", "district": "1"}
    listed = client.get(LIBRARY, asked).content.decode()
    assert f"{LIBRARY}sheet/?state=KS&amp;district=1" in listed
    page = client.get(f"{LIBRARY}sheet/", asked)
    text = page.content.decode()
    hooks_shown = [story.hook for _, story, _ in page.context["stories"]]
    assert hooks_shown == ["District one, 2", "District one, 1"]
    head = " ".join(text.split("<h1", 1)[1].split("<section", 1)[0].split())
    today = timezone.localdate()
    assert f"2 stories, as permitted on {today:%B} {today.day}, {today.year}" in head
    assert "State: Kansas. District: 1." in head
    assert text.count("Show as “Mia Chen”") == 2
    assert text.count("May be used for lawmakers’ offices and publication until") == 2
    assert "Utah" not in text.split("<main", 1)[1]
    taken = Download.objects.get(item=None)
    assert (taken.batch, taken.by, taken.item) == (batch, world.paula, None)


def test_a_sheet_without_a_filter_names_none_and_one_of_a_batch_names_the_batch(
    world: World,
) -> None:
    approved_story(world)
    batch, client = delivered_batch(world), client_of(world.paula)
    whole = client.get(f"{LIBRARY}sheet/").content.decode()
    assert "1 story, as permitted on" in whole
    assert "Filtered" not in whole
    asked = {"batch": str(batch.ref), "use": "lawmakers"}
    words = "Filtered by May be used for: Lawmakers’ offices. Batch: 1."
    assert words in client.get(f"{LIBRARY}sheet/", asked).content.decode()


def test_what_was_taken_back_stands_on_no_page(world: World) -> None:
    story = approved_story(world, hook="Taken back")
    approved_story(world, hook="Stays")
    fetched_batch(world)
    telling.withdraw(by=world.mia, story=story)
    page = client_of(world.paula).get(f"{LIBRARY}sheet/")
    assert [shown.hook for _, shown, _ in page.context["stories"]] == ["Stays"]


def test_a_story_leads_back_to_the_filtered_list(world: World) -> None:
    approved_story(world)
    item = delivered_batch(world).items.get()
    client = client_of(world.paula)
    here = f"{LIBRARY}{item.pk}/?state=KS"
    assert f'href="{here}"' in client.get(LIBRARY, {"state": "KS"}).content.decode()
    assert f'class="crumb" href="{LIBRARY}?state=KS"' in client.get(here).content.decode()


def test_story_page_says_what_may_be_done(world: World) -> None:
    approved_story(
        world,
        hook="To be read",
        permissions=[permission(world.research_america, NameShown.FIRST, name="Mia, Kansas")],
    )
    item = delivered_batch(world).items.get()
    text = client_of(world.paula).get(f"{LIBRARY}{item.pk}/").content.decode()
    until = today() + dt.timedelta(days=300)
    assert "Show exactly “Mia, Kansas”" in text
    assert f"{until:%B} {until.day}, {until.year}" in text
    assert "Chen" not in text.replace("kitchen", "")
    assert f"Story {item.story.ref}, batch 1, no. 1." in text
    assert "May be used for lawmakers’ offices and publication until" in text


def test_nothing_on_the_screen_tells_who_an_anonymous_author_is(world: World) -> None:
    story_with_photo(world, NameShown.NONE)
    item = delivered_batch(world).items.get()
    client = client_of(world.paula)
    pages = [LIBRARY, f"{LIBRARY}{item.pk}/", f"/inbox/{item.batch.ref}/"]
    text = "".join(client.get(url).content.decode() for url in pages)
    traces = ["Mia", "Chen", "mia@", "A lab bench", item.story.member.token.hex]
    assert [trace for trace in traces if trace in text] == []
    assert client.get(f"{LIBRARY}{item.pk}/photo/").status_code == 404


def test_a_photo_comes_through_the_checked_view(world: World) -> None:
    story_with_photo(world)
    item = delivered_batch(world).items.get()
    url = f"{LIBRARY}{item.pk}/photo/"
    response = client_of(world.paula).get(url)
    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    assert b"".join(response.streaming_content).startswith(b"\xff\xd8")  # type: ignore[attr-defined]
    assert client_of(world.paula).get(f"{url}?save")["Content-Disposition"] == (
        'attachment; filename="batch-1-1.jpg"'
    )
    assert client_of(world.fay).get(url).status_code == 404


def test_reading_is_on_record_once_a_day(world: World) -> None:
    approved_story(world)
    item = delivered_batch(world).items.get()
    paula, pete = client_of(world.paula), client_of(world.pete)
    for client in (paula, paula, pete):
        assert client.get(f"{LIBRARY}{item.pk}/").status_code == 200
    with time_machine.travel(timezone.now() + dt.timedelta(days=1)):
        client_of(world.paula).get(f"{LIBRARY}{item.pk}/")
    told = Download.objects.order_by("pk").values_list("by__name", "item")
    assert list(told) == [
        ("Paula Grant", item.pk),
        ("Pete Novak", item.pk),
        ("Paula Grant", item.pk),
    ]
    assert client_of(world.fay).get(f"{LIBRARY}{item.pk}/").status_code == 404


def test_a_selection_leaves_as_csv_and_json_and_is_on_record(world: World) -> None:
    approved_story(world, hook="=cmd|' /C calc'!A0")
    approved_story(world, member=world.nils_member, hook="From Utah")
    batch = delivered_batch(world)
    client = client_of(world.paula)
    response = client.get("/inbox/stories/export/csv/", {"state": "KS"})
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [(row["hook"], row["batch"]) for row in rows] == [("'=cmd|' /C calc'!A0", "1")]
    assert response["Content-Disposition"] == 'attachment; filename="storybank-selection.csv"'
    whole = client.get("/inbox/stories/export/json/")
    told = json.loads(b"".join(whole.streaming_content))["stories"]  # type: ignore[attr-defined]
    assert sorted(line["hook"] for line in told) == ["=cmd|' /C calc'!A0", "From Utah"]
    assert list(Download.objects.order_by("pk").values_list("batch", "file")) == [
        (batch.pk, "storybank-selection.csv"),
        (batch.pk, "storybank-selection.json"),
    ]
    assert client.get("/inbox/stories/export/xlsx/").status_code == 404


def test_a_corrected_story_shows_its_new_text_only(world: World) -> None:
    story = approved_story(world, hook="Old words")
    delivered_batch(world)
    correct(world, story)
    delivered_batch(world)
    assert hooks(world) == ["What was wrong is right now"]
    item = Item.objects.live().get()
    assert "Batch 1, no. 1: use this text" in (
        client_of(world.paula).get(f"{LIBRARY}{item.pk}/").content.decode()
    )


def test_a_story_under_correction_may_still_be_used_as_it_was(world: World) -> None:
    story = approved_story(world, hook="As it was")
    delivered_batch(world)
    send_correction(world, story, "As it will be")
    assert hooks(world) == ["As it was"]
    approve(world, story)
    assert hooks(world) == ["As it was"]


def test_library_asks_as_often_for_thirty_as_for_one(world: World) -> None:
    client = client_of(world.paula)
    equal_queries(lambda n: many_items(world, n), lambda: client.get(LIBRARY))


def test_library_pages_lose_and_repeat_nothing(world: World) -> None:
    items = many_items(world, 31)
    client = client_of(world.paula)
    first = client.get(LIBRARY).context["page"]
    second = client.get(f"{LIBRARY}?{first.next_query}").context["page"]
    assert [item.pk for item in first.rows + second.rows] == [item.pk for item in reversed(items)]
