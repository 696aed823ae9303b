"""A text that would come back, or be put in an author's mouth, after they chose to go without their name."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from stories.models import Item, Story
from stories.states import StoryState
from stories.verbs import reviewing, telling
from tests.house.batches import approve, fetched_batch, photo
from tests.house.people import World, client_of
from tests.house.stories import answers, approved_story, join, permission, submitted_story
from tests.stories.typing import line, page

NAMING = "I, Mia Chen, saw him read the kitchen clock"
NAMELESS = "I saw him read the kitchen clock"


def taken(world: World, story: Story) -> Story:
    """Ana has it before her."""
    reviewing.claim(by=world.ana, story=story)
    story.refresh_from_db()
    return story


def ana_does(world: World, story: Story, door: str, **sent: str) -> Any:
    """Ana answers to the text that stands now."""
    story.refresh_from_db()
    assert story.current_revision is not None
    sent["revision"] = str(story.current_revision.number)
    return client_of(world.ana).post(reverse(f"stories:{door}", args=[story.ref]), sent)


def mia_corrects(world: World, story: Story, shown: str) -> None:
    """Mia takes her name out of the text, and lets Research!America show this much of it."""
    sent = page(world, story, line(world.research_america, "lawmakers", name_shown=shown))
    sent["hook"] = NAMELESS
    assert client_of(world.mia).post(f"/stories/{story.ref}/submit/", sent).status_code == 302
    taken(world, story)


def test_a_declined_correction_brings_no_name_back_under_no_name(world: World) -> None:
    for shown, marks in (("none", "“Mia”, “Chen”"), ("first", "“Chen”")):
        story = approved_story(world, hook=NAMING)
        fetched_batch(world)
        mia_corrects(world, story, shown)
        refused = ana_does(world, story, "decline", **{"decline-reason": "It was better before."})
        assert refused.status_code == 400
        assert f"it contains {marks}." in refused.content.decode()
        assert "It was better before." in refused.content.decode()
        asked = ana_does(world, story, "ask_changes", **{"ask_changes-reason": "Please shorten."})
        assert asked.status_code == 302
        story.refresh_from_db()
        assert story.state == StoryState.CHANGES_REQUESTED
        assert not Item.objects.live().filter(story=story).exists()


def test_a_correction_under_the_same_name_can_be_declined(world: World) -> None:
    story = approved_story(world, hook=NAMING)
    mia_corrects(world, story, "full")
    declined = ana_does(world, story, "decline", **{"decline-reason": "It was better before."})
    assert declined.status_code == 302


def test_words_that_were_not_about_the_author_may_come_back(world: World) -> None:
    """Mia had said so of the approved text, and has changed no permission since."""
    nameless = line(world.research_america, "lawmakers", name_shown="none")
    story = telling.begin(by=world.mia, participation=join(world, world.mia_member))
    mia = client_of(world.mia)
    sent = page(world, story, nameless, hook="Mia, our youngest patient", not_me=["Mia"])
    assert mia.post(f"/stories/{story.ref}/submit/", sent).status_code == 302
    story.refresh_from_db()
    approve(world, story)
    sent = page(world, story, nameless, hook="Our youngest patient")
    assert mia.post(f"/stories/{story.ref}/submit/", sent).status_code == 302
    taken(world, story)
    declined = ana_does(world, story, "decline", **{"decline-reason": "It was better before."})
    assert declined.status_code == 302


def test_an_edit_puts_no_name_into_a_text_without_one(world: World) -> None:
    permissions = [permission(world.research_america, "none", name="")]  # type: ignore[arg-type]
    story = taken(world, submitted_story(world, permissions=permissions))
    words = {f"answer-{world.prompts['long_text'].pk}": "He read the clock."}
    words[f"answer-{world.prompts['short_text'].pk}"] = "My father"
    refused = ana_does(world, story, "edit", hook="Dr. Chen’s father read the clock", **words)
    assert refused.status_code == 400
    assert "your edit contains “Chen”" in refused.content.decode()
    assert "put it another way where it is an ordinary word" in refused.content.decode()
    assert ana_does(world, story, "edit", hook="He read the clock", **words).status_code == 302


def test_no_permission_without_a_name_while_a_refusal_would_bring_one_back(world: World) -> None:
    """The edit that waits for Mia does not name her; the text to which she can go back does."""
    story = taken(world, submitted_story(world, hook=NAMING))
    assert story.current_revision is not None
    reviewing.propose_edit(
        by=world.ana,
        story=story,
        read=story.current_revision,
        hook=NAMELESS,
        answers=answers(world),
        remark="",
    )
    refused = choose(world, story, "none")
    assert refused.status_code == 400
    assert "the text contains “Mia”, “Chen”" in refused.content.decode()


def test_a_picture_says_no_more_than_the_permission(world: World) -> None:
    """Its description travels with every name that is shown, also with the first one alone."""
    story = telling.begin(by=world.mia, participation=join(world, world.mia_member))
    telling.submit(
        by=world.mia,
        story=story,
        hook=NAMELESS,
        answers=answers(world),
        photo=photo("Mia Chen at her bench"),
        permissions=[permission(world.research_america)],
        consent_text=world.consent_text,
    )
    refused = choose(world, story, "first")
    assert refused.status_code == 400
    assert "the text contains “Chen”" in refused.content.decode()


def choose(world: World, story: Story, shown: str) -> Any:
    """Mia changes on the page of permissions what Research!America may show."""
    grid = line(world.research_america, "lawmakers", name_shown=shown)
    sent = grid | {
        "full_name": "Mia Chen",
        "first_name": "Mia",
        "consent_version": world.consent_text.version,
        "confirmed": "yes",
    }
    return client_of(world.mia).post(f"/stories/{story.ref}/consents/", sent)
