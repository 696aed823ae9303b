"""Submitting: what was seen is what is sent, and what the grid says is what is allowed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from campaigns.rules.usa import state_name
from portal.models import AuditLine
from stories.models import Acceptance, Consent, Draft, Item, NameShown, Story
from stories.rules.texts import revision_sha256
from stories.states import StoryState
from stories.verbs import reviewing, telling
from stories.verbs.batching import open_batch, seal
from tests.house.people import World, client_of
from tests.house.post import Mail
from tests.house.stories import WORDS, join, submitted_story
from tests.stories.typing import NEXT_YEAR, in_days, line, page


@pytest.fixture
def story(world: World) -> Story:
    """Mia's empty draft."""
    return telling.begin(by=world.mia, participation=join(world, world.mia_member))


@pytest.fixture
def mia(world: World) -> Client:
    """Mia's browser."""
    return client_of(world.mia)


def url(story: Story, door: str) -> str:
    return f"/stories/{story.ref}/{door}/"


def test_write_preview_submit(
    world: World, mia: Client, story: Story, deliver_mail: Callable[[], list[Mail]]
) -> None:
    assert mia.post(url(story, "preview"), page(world, story)).status_code == 302
    seen = mia.get(url(story, "preview"))
    assert WORDS in seen.content.decode().replace("&#x27;", "'")
    answer = mia.post(url(story, "submit"), {"version": 1, "consent_version": 1}, follow=True)
    assert "Thank you" in answer.content.decode()

    story.refresh_from_db()
    revision = story.current_revision
    assert revision is not None
    assert (story.state, revision.hook) == (StoryState.SUBMITTED, "He read the kitchen clock")
    assert [(answer["label"], answer["value"]) for answer in revision.answers] == [
        ("Your story", WORDS),
        ("I tell this as", "a scientist"),
    ]
    assert revision.sha256 == revision_sha256(revision.hook, revision.answers, None)
    assert Acceptance.objects.get().sha256 == revision.sha256
    consent = Consent.objects.get()
    assert (consent.partner, consent.lawmakers, consent.publication, consent.press) == (
        world.research_america,
        True,
        False,
        False,
    )
    assert (consent.name, consent.until.isoformat()) == ("Dr. Mia Chen", NEXT_YEAR)
    assert (consent.text, consent.given_by) == (world.consent_text, world.mia)
    assert not Draft.objects.filter(story=story).exists()
    subjects = {mail.to: mail.subject for mail in deliver_mail()}
    assert subjects["mia@example.org"] == "We have your story"
    assert "ana@example.org" in subjects


def test_every_line_of_the_grid(world: World, mia: Client, story: Story) -> None:
    later = in_days(30)
    sent = page(
        world,
        story,
        line(world.research_america, "lawmakers", "publication", "press", name_shown="first"),
        line(world.frontline, "press", until=later),
        line(None, "publication", name_shown="full"),
    )
    assert mia.post(url(story, "submit"), sent).status_code == 302
    given = {
        str(consent.partner or "later"): (
            consent.lawmakers,
            consent.publication,
            consent.press,
            consent.name_shown,
            consent.name,
        )
        for consent in story.consents.live()
    }
    assert given == {
        "Research!America": (True, True, True, NameShown.FIRST, f"Mia, {state_name('KS')}"),
        str(world.frontline): (False, False, True, NameShown.NONE, ""),
        "later": (False, True, False, NameShown.FULL, "Dr. Mia Chen"),
    }
    assert story.consents.get(partner=world.frontline).until.isoformat() == later


def test_nobody_may_use_it_is_an_answer_too(world: World, mia: Client, story: Story) -> None:
    nothing = page(world, story, line(world.research_america))
    assert mia.post(url(story, "preview"), nothing).status_code == 302
    assert "You have not allowed any partner" in mia.get(url(story, "preview")).content.decode()
    assert mia.post(url(story, "submit"), {"version": 1, "consent_version": 1}).status_code == 302
    assert Consent.objects.count() == 0
    shown = mia.get(f"/stories/{story.ref}/").content.decode()
    assert "Nobody. It stays here until you allow somebody." in shown


def test_a_draft_changed_after_its_preview_is_shown_again(
    world: World, mia: Client, story: Story
) -> None:
    mia.post(url(story, "preview"), page(world, story))
    mia.post(url(story, "save"), page(world, story, hook="Another first line"))
    answer = mia.post(url(story, "submit"), {"version": 1, "consent_version": 1})
    assert answer.status_code == 409
    assert "Another first line" in answer.content.decode()
    assert "changed in another window" in answer.content.decode()
    story.refresh_from_db()
    assert story.state == StoryState.DRAFT
    assert mia.post(url(story, "submit"), {"version": 2, "consent_version": 1}).status_code == 302


def test_pressing_submit_twice_sends_once(
    world: World, mia: Client, story: Story, deliver_mail: Callable[[], list[Mail]]
) -> None:
    sent = page(world, story)
    first, second = mia.post(url(story, "submit"), sent), mia.post(url(story, "submit"), sent)
    from_preview = mia.post(url(story, "submit"), {"version": 0, "consent_version": 1})
    assert (
        first["Location"] == second["Location"] == from_preview["Location"] == url(story, "")[:-1]
    )
    assert not Draft.objects.filter(story=story).exists()
    assert story.revisions.count() == 1
    assert story.consents.count() == 1
    assert [mail.subject for mail in deliver_mail() if mail.to == "mia@example.org"] == [
        "We have your story"
    ]


def test_invalid_words_are_saved_before_they_are_refused(
    world: World, mia: Client, story: Story
) -> None:
    answer = mia.post(url(story, "submit"), page(world, story, hook="y" * 200))
    assert answer.status_code == 400
    shown = answer.content.decode()
    assert "y" * 200 in shown
    assert 'href="#id_hook"' in shown
    assert 'aria-invalid="true"' in shown
    assert Draft.objects.get(story=story).hook == "y" * 200
    assert story.revisions.count() == 0


def test_a_refused_submission_leaves_nothing_half_done(
    world: World, mia: Client, story: Story
) -> None:
    lines = AuditLine.objects.count()
    sent = page(world, story, consent_version=7)
    assert mia.post(url(story, "submit"), sent).status_code == 400
    assert (story.revisions.count(), story.consents.count()) == (0, 0)
    assert AuditLine.objects.count() == lines


def test_a_correction_of_an_approved_story_keeps_the_permissions_as_they_are(
    world: World, mia: Client
) -> None:
    story = submitted_story(world)
    reviewing.claim(by=world.ana, story=story)
    story.refresh_from_db()
    assert story.current_revision is not None
    reviewing.approve(by=world.ana, story=story, read=story.current_revision)
    shown = mia.get(url(story, "write")).content.decode()
    assert "This story is approved" in shown
    kept = story.consents.live().get()
    same = line(
        world.research_america,
        "lawmakers",
        "publication",
        name_shown="full",
        until=kept.until.isoformat(),
    )
    sent = page(world, story, same, hook="He read two clocks", full_name=kept.name)
    assert mia.post(url(story, "submit"), sent).status_code == 302
    assert story.consents.live().get() == kept
    story.refresh_from_db()
    assert story.state == StoryState.SUBMITTED
    assert story.revisions.count() == 2


def test_what_leaves_is_byte_for_byte_what_was_typed(
    world: World, mia: Client, story: Story
) -> None:
    typed = f"  {WORDS}\n\n\tÜber “42 °C” … ﷽ 👩🏽‍🔬\u202e\u200b\n "
    field = f"prompt-{world.prompts['long_text'].pk}"
    mia.post(url(story, "submit"), page(world, story, **{field: typed.replace("\n", "\r\n")}))
    reviewing.claim(by=world.ana, story=story)
    story.refresh_from_db()
    assert story.current_revision is not None
    reviewing.approve(by=world.ana, story=story, read=story.current_revision)
    batch = open_batch(campaign=world.campaign, partner=world.research_america)
    seal(by=world.lee, batch=batch)
    item = Item.objects.get()
    assert item.accepted.revision.answers[0]["value"] == typed


def test_a_campaign_without_a_wording_takes_no_consent(
    world: World, mia: Client, story: Story
) -> None:
    sent = page(world, story)
    world.consent_text.delete()
    answer = mia.post(url(story, "submit"), sent)
    assert answer.status_code == 400
    assert Consent.objects.count() == 0


def test_all_or_nothing(world: World, mia: Client, story: Story) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the broken outbox of this test is a trigger of SQLite")
    sent = page(world, story)
    lines = AuditLine.objects.count()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER broken_outbox BEFORE INSERT ON portal_message "
            "BEGIN SELECT RAISE(ABORT, 'the outbox is broken'); END"
        )
    with pytest.raises(DatabaseError, match="the outbox is broken"):
        mia.post(url(story, "submit"), sent)
    story.refresh_from_db()
    assert (story.state, story.submitted_at) == (StoryState.DRAFT, None)
    assert (story.revisions.count(), story.consents.count()) == (0, 0)
    assert AuditLine.objects.count() == lines
    # What was typed had been saved before, in a transaction of its own.
    assert Draft.objects.get(story=story).hook == "He read the kitchen clock"
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER broken_outbox")
    assert mia.post(url(story, "submit"), sent | {"version": 1}).status_code == 302
