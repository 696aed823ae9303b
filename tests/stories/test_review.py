"""The review door: who sees which story, what a coordinator can do, and who wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from campaigns.models import Coordinator, RosterEntry
from portal.models import AuditLine, Message, User
from stories.models import NameShown, Story, Tag
from stories.verbs import reviewing, telling
from tests.house.batches import send_correction
from tests.house.filling import press
from tests.house.people import World
from tests.house.queries import equal_queries
from tests.house.stories import (
    WORDS,
    answers,
    approved_story,
    join,
    permission,
    submitted_story,
)

ClientOf = Callable[[User | None], Client]


def url(name: str, story: Story, *args: object) -> str:
    return reverse(f"stories:{name}", args=[story.ref, *args])


def hooks(response: Any) -> list[str]:
    page = BeautifulSoup(response.content, "html.parser")
    return [link.get_text() for link in page.select("a.row-title")]


def in_review(world: World, **given: Any) -> Story:
    story = submitted_story(world, **given)
    reviewing.claim(by=world.ana, story=story)
    return story


def test_queue_shows_own_society_oldest_first(world: World, client_of: ClientOf) -> None:
    submitted_story(world, hook="First told")
    submitted_story(world, hook="Then told")
    submitted_story(world, hook="Of the other society", member=world.nils_member)

    assert hooks(client_of(world.ana).get(reverse("stories:queue"))) == ["First told", "Then told"]
    assert hooks(client_of(world.rita).get(reverse("stories:queue"))) == ["Of the other society"]


@pytest.mark.parametrize(
    ("who", "status"), [("ana", 200), ("rita", 404), ("mia", 404), ("paula", 404), ("olga", 404)]
)
def test_a_story_opens_for_its_own_coordinators_only(
    world: World, client_of: ClientOf, who: str, status: int
) -> None:
    story = submitted_story(world)
    assert client_of(getattr(world, who)).get(url("review", story)).status_code == status


def test_a_draft_is_the_authors_alone(world: World, client_of: ClientOf) -> None:
    draft = telling.begin(by=world.mia, participation=join(world, world.mia_member))
    assert client_of(world.ana).get(url("review", draft)).status_code == 404
    assert hooks(client_of(world.ana).get(reverse("stories:queue"), {"show": "all"})) == []


def test_queue_refuses_who_coordinates_nothing(world: World, client_of: ClientOf) -> None:
    assert client_of(world.mia).get(reverse("stories:queue")).status_code == 403
    assert client_of(None).get(reverse("stories:queue")).status_code == 302


def test_every_filter_narrows(world: World, client_of: ClientOf) -> None:
    blind = submitted_story(world, hook="Sight")
    submitted_story(world, hook="Hearing", words=WORDS.replace("blind", "deaf"))
    tag = Tag.objects.create(society=world.isscr, name="eyes")
    blind.tags.add(tag)
    client = client_of(world.ana)

    def shown(**query: str | int) -> list[str]:
        return hooks(client.get(reverse("stories:queue"), query))

    assert shown(q="BLIND father") == ["Sight"]
    assert shown(tag="eyes") == ["Sight"]
    assert shown(campaign=world.campaign.slug, state="KS", district=1) == ["Sight", "Hearing"]
    assert shown(state="NC") == []
    assert shown(district=2) == []
    assert shown(show="approved") == []
    assert shown(district="not a number", campaign="gone") == ["Sight", "Hearing"]
    client.post(url("claim", blind))
    assert shown(mine="on") == ["Sight"]


def test_each_view_says_how_many_stories_fit(world: World, client_of: ClientOf) -> None:
    approved_story(world)
    submitted_story(world, hook="Sight")
    in_review(world)
    client = client_of(world.ana)
    counts = {"todo": 2, "author": 0, "approved": 1, "closed": 0, "all": 3}

    def counted(**query: str) -> dict[str, int]:
        views = client.get(reverse("stories:queue"), query).context["views"]
        return {key: count.number for key, _, count in views}

    assert counted() == counts
    assert counted(show="approved") == counts
    assert counted(q="sight") == dict.fromkeys(counts, 0) | {"todo": 1, "all": 1}


def test_a_colleague_reads_who_has_taken_a_story(world: World, client_of: ClientOf) -> None:
    story = in_review(world)
    words = "Ana Ruiz has taken this story."
    assert words in client_of(world.ben).get(url("review", story)).content.decode()
    assert words not in client_of(world.ana).get(url("review", story)).content.decode()


def test_queue_costs_the_same_with_30_stories(world: World, client_of: ClientOf) -> None:
    client = client_of(world.ana)
    equal_queries(
        lambda n: [submitted_story(world, hook=f"Story {i}") for i in range(n)],
        lambda: client.get(reverse("stories:queue")),
    )


def test_queue_pages_by_key_without_gap_or_repeat(world: World, client_of: ClientOf) -> None:
    told = [f"Story {i}" for i in range(65)]
    for hook in told:
        submitted_story(world, hook=hook)
    client, address, seen = client_of(world.ana), reverse("stories:queue") + "?state=KS", []
    while address:
        response = client.get(address)
        seen += hooks(response)
        following = BeautifulSoup(response.content, "html.parser").select_one("a[rel=next]")
        address = reverse("stories:queue") + str(following["href"]) if following else ""
    assert seen == told


def test_take_next_claims_the_longest_waiting_and_skips_taken_ones(
    world: World, client_of: ClientOf
) -> None:
    first, second = submitted_story(world, hook="First"), submitted_story(world, hook="Second")
    assert client_of(world.ana).post(reverse("stories:take_next"))["Location"] == url(
        "review", first
    )
    assert client_of(world.ben).post(reverse("stories:take_next"))["Location"] == url(
        "review", second
    )
    second.refresh_from_db()
    assert (second.state, second.claimed_by) == ("in_review", world.ben)


def test_where_nothing_else_waits_the_next_story_is_one_that_the_coordinator_took_and_left(
    world: World, client_of: ClientOf
) -> None:
    left, colleagues, waiting = (submitted_story(world, hook=hook) for hook in ("A", "B", "C"))
    ana, take = client_of(world.ana), reverse("stories:take_next")
    ana.post(url("claim", left))
    client_of(world.ben).post(url("claim", colleagues))
    assert ana.post(take)["Location"] == url("review", waiting)
    ana.post(url("approve", waiting), {"revision": "1", "next": "1"})
    assert ana.post(take)["Location"] == url("review", left)
    assert "Nothing else is waiting. You took this one before." in (
        ana.get(url("review", left)).content.decode()
    )
    ana.post(url("approve", left), {"revision": "1"})
    assert ana.post(take)["Location"] == reverse("stories:queue")


def test_the_next_story_after_a_decision_is_one_that_fits_the_filters(
    world: World, client_of: ClientOf
) -> None:
    for hook in ("About kidneys", "Other", "About kidneys, too"):
        submitted_story(world, hook=hook)
    done, other, fitting = Story.objects.order_by("pk")
    ana, take = client_of(world.ana), reverse("stories:take_next")
    assert ana.get(reverse("stories:queue"), {"q": "kidneys"}).status_code == 200
    assert ana.post(take, {"q": "kidneys"})["Location"] == url("review", done)
    done.refresh_from_db()
    assert done.current_revision is not None
    assert ana.post(url("approve", done), {"revision": "1"}).status_code == 302
    page = ana.get(url("review", done)).content.decode()
    assert "As you have filtered the list." in page
    assert press(ana, page, take)["Location"] == url("review", fitting)
    # Without a filter the one that has waited longest is next.
    ana.get(reverse("stories:queue"))
    page = ana.get(url("review", done)).content.decode()
    assert "As you have filtered" not in page
    assert press(ana, page, take)["Location"] == url("review", other)


def test_one_press_decides_and_takes_the_next_of_the_filtered_list(
    world: World, client_of: ClientOf
) -> None:
    for hook in ("About kidneys", "Other", "Kidneys, too", "Kidneys, at last"):
        submitted_story(world, hook=hook)
    first, other, second, third = Story.objects.order_by("pk")
    ana = client_of(world.ana)
    ana.get(reverse("stories:queue"), {"q": "kidneys"})
    ana.post(reverse("stories:take_next"), {"q": "kidneys"})
    onwards = {"revision": "1", "next": "1"}
    answer = ana.post(url("approve", first), onwards)
    assert answer["Location"] == url("review", second)
    # The message stands on another story's page, so it says of which it speaks.
    assert "“About kidneys”: Approved." in ana.get(url("review", second)).content.decode()
    reason = {"decline-reason": "Not for this campaign, thank you."}
    answer = ana.post(url("decline", second), onwards | reason)
    assert answer["Location"] == url("review", third)
    answer = ana.post(url("approve", third), onwards)
    assert answer["Location"] == reverse("stories:queue")
    other.refresh_from_db()
    assert (other.state, other.claimed_by) == ("submitted", None)


def test_a_decision_that_comes_too_late_takes_no_next_story(
    world: World, client_of: ClientOf
) -> None:
    first, second = submitted_story(world), submitted_story(world, hook="Waits")
    client_of(world.ana).post(url("claim", first))
    client_of(world.ben).post(url("approve", first), {"revision": "1"})
    late = client_of(world.ana).post(url("approve", first), {"revision": "1", "next": "1"})
    second.refresh_from_db()
    assert (late.status_code, second.state) == (409, "submitted")


def test_the_way_back_leads_to_the_list_as_it_was(world: World, client_of: ClientOf) -> None:
    story, ana = submitted_story(world), client_of(world.ana)
    ana.get(reverse("stories:queue"), {"show": "all", "state": "KS"})
    page = ana.get(url("review", story)).content.decode()
    assert f'href="{reverse("stories:queue")}?show=all&amp;state=KS"' in page


def test_a_note_and_tags_leave_the_coordinator_where_she_was(
    world: World, client_of: ClientOf
) -> None:
    story, ana = submitted_story(world), client_of(world.ana)
    page = ana.get(url("review", story)).content.decode()
    for part, typed in (("note", "Ask her."), ("tags", "kidneys")):
        place = url("review", story) + ("#notes" if part == "note" else "#tags")
        assert f'name="back" value="{place}"' in page
        assert ana.post(url(part, story), {part: typed, "back": place})["Location"] == place


def test_of_two_who_claim_one_wins_and_the_other_reads_who(
    world: World, client_of: ClientOf
) -> None:
    story = submitted_story(world)
    assert client_of(world.ana).post(url("claim", story)).status_code == 302
    late = client_of(world.ben).post(url("claim", story))
    page = late.content.decode()
    assert late.status_code == 409
    assert "This story is “in review” by now. Ana Ruiz took it on" in page
    assert "Nothing you typed is lost" not in page  # nothing was typed


def test_a_buttons_own_address_leads_to_its_page(world: World, client_of: ClientOf) -> None:
    story = submitted_story(world)
    answer = client_of(world.ana).get(url("claim", story))  # as a phone does that opens a tab again
    assert answer.status_code == 405
    link = BeautifulSoup(answer.content, "html.parser").select("main a.btn")[0]
    assert link["href"] == url("review", story)


def test_of_two_who_decide_one_wins_and_the_other_loses_no_word(
    world: World, client_of: ClientOf
) -> None:
    story = in_review(world)
    number = story.current_revision and story.current_revision.number
    client_of(world.ana).post(url("approve", story), {"revision": number})
    late = client_of(world.ben).post(
        url("decline", story), {"revision": number, "decline-reason": "Too short for us, sorry."}
    )
    page = late.content.decode()
    assert late.status_code == 409
    assert "Ana Ruiz" in page
    assert "Too short for us, sorry." in page
    assert "Nothing you typed is lost" in page
    story.refresh_from_db()
    assert story.state == "approved"
    assert story.decisions.count() == 1


def test_a_decision_about_a_text_that_has_changed_meanwhile_is_too_late(
    world: World, client_of: ClientOf
) -> None:
    story = in_review(world)
    telling.submit(
        by=world.mia,
        story=story,
        hook="A better line",
        answers=answers(world),
        photo=None,
        permissions=[],
        consent_text=world.consent_text,
    )
    response = client_of(world.ana).post(url("approve", story), {"revision": 1})
    assert response.status_code == 409
    assert "A better line" in response.content.decode()
    story.refresh_from_db()
    assert story.state == "submitted"


def test_an_edit_needs_the_authors_sign_off_before_it_can_be_approved(
    world: World, client_of: ClientOf, deliver_mail: Callable[[], list[Any]]
) -> None:
    story = in_review(world)
    field = f"answer-{world.prompts['long_text'].pk}"
    client = client_of(world.ana)
    edited = WORDS.replace("one lamp at a time", "lamp by lamp")
    client.post(
        url("edit", story),
        {"revision": 1, "hook": "He read the clock", field: edited, "remark": "Shorter."},
    )
    story.refresh_from_db()
    assert story.state == "awaiting_sign_off"
    assert Message.objects.filter(user=world.mia, template="please_sign_off").count() == 1
    refused = client.post(url("approve", story), {"revision": 2})
    assert refused.status_code == 400
    story.refresh_from_db()
    assert story.approved_revision is None


def test_an_edit_that_changes_nothing_is_refused_in_words(
    world: World, client_of: ClientOf
) -> None:
    story = in_review(world)
    field = f"answer-{world.prompts['long_text'].pk}"
    response = client_of(world.ana).post(
        url("edit", story),
        {"revision": 1, "hook": "He read the kitchen clock", field: WORDS, "remark": ""},
    )
    assert response.status_code == 400
    assert "Nothing is changed yet" in response.content.decode()


@pytest.mark.parametrize(
    ("verb", "state"), [("ask_changes", "changes_requested"), ("decline", "declined")]
)
def test_a_decision_against_needs_a_reason_that_the_author_gets(
    world: World, client_of: ClientOf, verb: str, state: str
) -> None:
    story = in_review(world)
    client = client_of(world.ana)
    empty = client.post(url(verb, story), {"revision": 1, f"{verb}-reason": ""})
    assert empty.status_code == 400
    assert "The author needs to know why" in empty.content.decode()
    client.post(url(verb, story), {"revision": 1, f"{verb}-reason": "Please say when."})
    story.refresh_from_db()
    assert story.state == state
    message = Message.objects.get(user=world.mia, template__in=["changes_requested", "declined"])
    assert message.context["reason"] == "Please say when."


def test_notes_and_tags_stay_in_the_society(world: World, client_of: ClientOf) -> None:
    story = submitted_story(world)
    client = client_of(world.ana)
    client.post(url("note", story), {"note": "Ask her for the year."})
    client.post(url("tags", story), {"tags": "Vision, organoids , vision"})
    page = client_of(world.ben).get(url("review", story)).content.decode()
    assert "Ask her for the year." in page
    assert sorted(str(tag) for tag in story.tags.all()) == ["organoids", "vision"]
    assert client_of(world.rita).post(url("note", story), {"note": "x"}).status_code == 404


def test_a_name_in_a_text_that_travels_without_one_is_pointed_out(
    world: World, client_of: ClientOf
) -> None:
    nameless = permission(world.research_america, NameShown.NONE)
    told = submitted_story(world, words=WORDS + " I am Mia Chen.", permissions=[nameless])
    quiet = submitted_story(world, permissions=[nameless])
    client = client_of(world.ana)
    assert (
        "without a name, but the text contains" in client.get(url("review", told)).content.decode()
    )
    assert "but the text contains" not in client.get(url("review", quiet)).content.decode()


@pytest.mark.parametrize(
    ("name_shown", "words", "told"),
    [
        (
            NameShown.FIRST,
            "I am Mia Chen.",
            "with the first name only, but the text contains “Chen”.",
        ),
        (NameShown.NONE, "Call me Mimi.", "without a name, but the text contains “Mimi”."),
        (
            NameShown.NONE,
            "Write to mchen7@ku.example.org.",
            "without a name, but the text contains “mchen7@ku.example.org”.",
        ),
        (NameShown.FIRST, "I am Mia.", ""),
        (NameShown.FULL, "I am Mia Chen.", ""),
    ],
)
def test_every_name_and_address_of_an_author_is_pointed_out(
    world: World, client_of: ClientOf, name_shown: NameShown, words: str, told: str
) -> None:
    RosterEntry.objects.create(
        society=world.rivers, member=world.mia_member, email="mchen7@ku.example.org"
    )
    User.objects.filter(pk=world.mia.pk).update(name="Mimi Chen")
    name = "Mia, Kansas" if name_shown == NameShown.FIRST else "Mia Chen"
    shown = [permission(world.research_america, name_shown, name)]
    story = submitted_story(world, words=words, permissions=shown)
    page = client_of(world.ana).get(url("review", story)).content.decode()
    note = BeautifulSoup(page, "html.parser").select_one(".alert-warning")
    assert told in (" ".join(note.get_text().split()) if note else "")
    assert bool(note) is bool(told)


def test_a_correction_says_on_its_page_and_in_the_list_that_it_is_one(
    world: World, client_of: ClientOf
) -> None:
    fresh, story = submitted_story(world, hook="Fresh"), approved_story(world, hook="Before")
    client, words = client_of(world.ana), "This is a correction of an approved story."

    def told() -> list[bool]:
        pages = [client.get(url("review", one)).content.decode() for one in (fresh, story)]
        listed = client.get(reverse("stories:queue"), {"show": "all"}).content.decode()
        return [*(words in page for page in pages), "<li>Correction</li>" in listed]

    assert told() == [False, False, False]
    send_correction(world, story, "After")
    assert told() == [False, True, True]
    client.post(url("claim", story))
    assert told() == [False, True, True]
    client.post(url("approve", story), {"revision": "2"})
    assert told() == [False, False, False]
    telling.withdraw(by=world.mia, story=send_correction(world, story, "Again"))
    assert told() == [False, False, False]


def test_declining_a_correction_leaves_the_approved_text(world: World, client_of: ClientOf) -> None:
    story = approved_story(world)
    approved = story.approved_revision
    send_correction(world, story, "A worse line")
    client = client_of(world.ana)
    client.post(url("claim", story))
    client.post(url("decline", story), {"revision": 2, "decline-reason": "The first was better."})
    story.refresh_from_db()
    assert (story.state, story.approved_revision, story.current_revision) == (
        "approved",
        approved,
        approved,
    )


def test_every_deed_is_on_record_without_a_word_of_the_story(
    world: World, client_of: ClientOf
) -> None:
    story = in_review(world)
    client_of(world.ana).post(url("approve", story), {"revision": 1})
    lines = AuditLine.objects.about(story)
    assert [line.verb for line in lines] == ["begin", "submit", "claim", "approve"]
    assert not any("kitchen" in str(line.detail) for line in lines)


def note_on(page: bytes) -> str:
    """What stands in the yellow notes of a page."""
    notes = BeautifulSoup(page, "html.parser").select(".alert-warning")
    return " ".join(note.get_text(" ", strip=True) for note in notes)


def test_who_reads_their_own_story_is_told_and_the_record_says_so(
    world: World, client_of: ClientOf
) -> None:
    """Nothing forbids it, see docs/decisions: a society may have one coordinator alone."""
    story = submitted_story(world)
    Coordinator.objects.create(society=world.isscr, user=world.mia)
    reviewing.claim(by=world.mia, story=story)
    page = reverse("stories:review", args=[story.ref])
    mia, ana = client_of(world.mia), client_of(world.ana)
    assert note_on(ana.get(page).content) == ""
    assert note_on(mia.get(page).content).startswith("You wrote this story.")
    assert "Mia Chen (you)" in mia.get(reverse("stories:queue")).content.decode()
    mia.post(reverse("stories:approve", args=[story.ref]), {"revision": 1})
    line = AuditLine.objects.get(verb="approve")
    assert (line.actor, line.detail) == (world.mia, {"revision": 1, "own": True})
    assert "by Mia Chen, the author, version 1" in " ".join(ana.get(page).content.decode().split())


def test_coordinators_read_that_an_authors_account_is_closed(
    world: World, client_of: ClientOf
) -> None:
    story = submitted_story(world)
    reviewing.claim(by=world.ana, story=story)
    ana, page = client_of(world.ana), reverse("stories:review", args=[story.ref])
    assert note_on(ana.get(page).content) == ""
    User.objects.filter(pk=world.mia.pk).update(is_active=False)
    told = "The author’s account is closed: they get no mail and cannot answer, neither an edit nor"
    assert note_on(ana.get(page).content).startswith(told)
    words = {"revision": 1, "ask_changes-reason": "Which clock was it?"}
    ana.post(reverse("stories:ask_changes", args=[story.ref]), words)
    assert "account is closed" in note_on(ana.get(page).content)
    queue = ana.get(reverse("stories:queue"), {"show": "author"}).content.decode()
    assert "Mia Chen, whose account is closed" in queue
