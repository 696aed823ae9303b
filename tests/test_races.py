"""Races about a story: two coordinators, a coordinator and the author, the author in two windows.

Each runs many times, with real connections and other pauses every time; see tests/house/races.py.
"""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.verbs import phases
from portal.models import AuditLine, Message
from stories.models import Decision, Draft, ImportedStory, Photo, Revision, Story
from stories.states import StoryState
from stories.verbs import consenting, importing, reviewing, signing_off, telling
from tests.house.batches import photo
from tests.house.people import World, client_of
from tests.house.races import REPETITIONS, one_winner, posting, race, rounds
from tests.house.stories import (
    WORDS,
    answers,
    approved_story,
    join,
    permission,
    submitted_story,
)
from tests.stories.typing import line

pytestmark = pytest.mark.django_db(transaction=True)

COLLEAGUES = ("Ana Ruiz", "Ben Okafor")


def in_review(world: World) -> tuple[Story, Revision]:
    """A story that Ana has taken, and the text that both coordinators have on their screens."""
    story = submitted_story(world)
    reviewing.claim(by=world.ana, story=story)
    story.refresh_from_db()
    assert story.current_revision is not None
    return story, story.current_revision


def edited(world: World) -> tuple[Story, Revision]:
    """A story whose edit waits for its author."""
    story, read = in_review(world)
    edit = reviewing.propose_edit(
        by=world.ana, story=story, read=read, hook="Shorter", answers=read.answers, remark=""
    )
    story.refresh_from_db()
    return story, edit


def told(template: str) -> int:
    """How many messages of a kind were written."""
    return Message.objects.filter(template=template).count()


def test_claim_and_claim(world: World) -> None:
    doors = client_of(world.ana), client_of(world.ben)
    for seed in rounds(world):
        story = submitted_story(world)
        path = reverse("stories:claim", args=[story.ref])
        winner, words = one_winner(race(seed, *(posting(door, path) for door in doors)))
        story.refresh_from_db()
        assert str(story.claimed_by) == COLLEAGUES[winner]
        assert f"{COLLEAGUES[winner]} took it on" in words


def test_the_next_story_for_each_of_two(world: World) -> None:
    doors = client_of(world.ana), client_of(world.ben)
    path = reverse("stories:take_next")
    for seed in rounds(world):
        stories = {submitted_story(world).pk, submitted_story(world).pk}
        race(seed, *(posting(door, path) for door in doors))
        taken = Story.objects.filter(pk__in=stories).values_list("claimed_by__name", flat=True)
        assert sorted(taken) == sorted(COLLEAGUES)


def test_approve_and_approve(world: World) -> None:
    doors = client_of(world.ana), client_of(world.ben)
    for seed in rounds(world):
        story, read = in_review(world)
        before = told("approved")
        path, data = reverse("stories:approve", args=[story.ref]), {"revision": read.number}
        winner, words = one_winner(race(seed, *(posting(door, path, data) for door in doors)))
        decision = Decision.objects.get(story=story)
        assert str(decision.by) == COLLEAGUES[winner]
        assert f"{COLLEAGUES[winner]} approved it on" in words
        assert told("approved") == before + 1


def test_approve_and_decline(world: World) -> None:
    doors = client_of(world.ana), client_of(world.ben)
    for seed in rounds(world):
        story, read = in_review(world)
        approve, decline = (
            reverse(f"stories:{verb}", args=[story.ref]) for verb in ("approve", "decline")
        )
        data = {"revision": read.number, "decline-reason": "It tells of something else."}
        winner, words = one_winner(
            race(seed, posting(doors[0], approve, data), posting(doors[1], decline, data))
        )
        story.refresh_from_db()
        assert story.state == (StoryState.APPROVED, StoryState.DECLINED)[winner]
        assert COLLEAGUES[winner] in words


def test_approve_and_a_new_text(world: World) -> None:
    for seed in rounds(world):
        story, read = in_review(world)
        approve, submit = race(
            seed,
            lambda: reviewing.approve(by=world.ana, story=story, read=read),
            lambda: send(world, story, f"Told again, and better, for the {seed}th time."),
        )
        story.refresh_from_db()
        assert submit.won
        assert story.state == StoryState.SUBMITTED
        assert (story.approved_revision == read) == approve.won


def send(world: World, story: Story, words: str) -> Revision:
    """Mia hands a text in, with her permission for the leading partner."""
    return telling.submit(
        by=world.mia,
        story=story,
        hook="He read the kitchen clock",
        answers=answers(world, words),
        photo=None,
        permissions=[permission(world.research_america)],
        consent_text=world.consent_text,
    )


def test_sign_off_and_another_edit(world: World) -> None:
    for seed in rounds(world):
        story, edit = edited(world)
        sign_off, propose = race(
            seed,
            lambda: signing_off.sign_off(by=world.mia, story=story, revision=edit),
            lambda: reviewing.propose_edit(
                by=world.ben,
                story=story,
                read=edit,
                hook="Shorter still",
                answers=edit.answers,
                remark="",
            ),
        )
        assert sign_off.won
        story.refresh_from_db()
        assert (story.state == StoryState.AWAITING_SIGN_OFF) == propose.won
        if not propose.won:
            assert "waiting for the author's sign-off" in propose.refusal


def test_sign_off_and_refusing_the_edit(world: World) -> None:
    for seed in rounds(world):
        story, edit = edited(world)
        winner, words = one_winner(
            race(
                seed,
                lambda: signing_off.sign_off(by=world.mia, story=story, revision=edit),
                lambda: signing_off.refuse_edit(by=world.mia, story=story, revision=edit),
            )
        )
        story.refresh_from_db()
        assert (story.current_revision == edit) == (winner == 0)
        assert words


def test_a_late_text_and_the_end_of_the_phase(world: World) -> None:
    closing = world.phase_one.closes_at
    for seed in rounds(world):
        phases.change_closing(by=world.lee, phase=world.phase_one, closes_at=closing)
        story = telling.begin(by=world.mia, participation=join(world, world.mia_member))
        telling.save_draft(
            by=world.mia,
            story=story,
            version=0,
            hook="Before the end",
            answers={},
            naming={},
            consents={},
        )
        close, submit = race(
            seed,
            lambda: phases.change_closing(
                by=world.lee, phase=world.phase_one, closes_at=timezone.now()
            ),
            lambda: send(world, story, WORDS),
        )
        assert close.won
        story.refresh_from_db()
        assert (story.state == StoryState.SUBMITTED) == submit.won
        assert Draft.objects.filter(story=story).exists() != submit.won
        assert submit.won or "kept as a draft" in submit.refusal


def save(world: World, story: Story, hook: str, version: int = 0) -> int:
    """Mia's page saves itself."""
    return telling.save_draft(
        by=world.mia,
        story=story,
        version=version,
        hook=hook,
        answers={},
        naming={},
        consents={},
    )


def test_two_windows_save_the_same_draft(world: World) -> None:
    for seed in rounds(world):
        story = telling.begin(by=world.mia, participation=join(world, world.mia_member))
        texts = ("From the first window", "From the second window")
        winner, words = one_winner(
            race(
                seed,
                lambda: save(world, story, texts[0]),
                lambda: save(world, story, texts[1]),
            )
        )
        draft = Draft.objects.get(story=story)
        assert (draft.hook, draft.version) == (texts[winner], 1)
        assert "another window" in words


def test_two_windows_save_a_correction_that_has_no_draft_yet(world: World) -> None:
    for seed in rounds(world):
        story = submitted_story(world)
        version = telling.working_copy(story).version
        texts = ("From the first window", "From the second window")
        winner, _ = one_winner(
            race(
                seed,
                lambda: save(world, story, texts[0], version),
                lambda: save(world, story, texts[1], version),
            )
        )
        assert Draft.objects.get(story=story).hook == texts[winner]


def test_saving_and_withdrawing(world: World) -> None:
    for seed in rounds(world):
        story = submitted_story(world)
        version = telling.working_copy(story).version
        saving, withdraw = race(
            seed,
            lambda: save(world, story, "One more thought", version),
            lambda: telling.withdraw(by=world.mia, story=story),
        )
        assert withdraw.won
        assert not Draft.objects.filter(story=story).exists()
        assert saving.won or "withdrawn" in saving.refusal


def test_adding_a_photo_and_withdrawing(world: World) -> None:
    for seed in rounds(world):
        story = submitted_story(world)
        picture = photo()
        adding, withdraw = race(
            seed,
            lambda: telling.set_photo(by=world.mia, story=story, photo=picture),
            lambda: telling.withdraw(by=world.mia, story=story),
        )
        assert withdraw.won
        assert adding.won or "withdrawn" in adding.refusal
        assert not Draft.objects.filter(story=story).exists()
        assert not Photo.objects.filter(pk=picture.pk).exists()


def test_saving_and_submitting(world: World) -> None:
    """What an older window saves while the newer one hands in is kept or refused, never half of both."""
    for seed in rounds(world):
        story = telling.begin(by=world.mia, participation=join(world, world.mia_member))
        saving, submit = race(
            seed,
            lambda: save(world, story, "Typed meanwhile"),
            lambda: send(world, story, WORDS),
        )
        assert submit.won
        story.refresh_from_db()
        assert story.state == StoryState.SUBMITTED
        draft = Draft.objects.filter(story=story).first()
        assert draft is None or draft.hook == "Typed meanwhile"
        assert saving.won or "another window" in saving.refusal


def test_withdraw_and_withdraw(world: World) -> None:
    for seed in rounds(world):
        story = approved_story(world)
        before = told("withdrawn")
        _, words = one_winner(
            race(seed, *[lambda: telling.withdraw(by=world.mia, story=story)] * 2)
        )
        assert "Mia Chen withdrew it on" in words
        assert told("withdrawn") == before + 1


def test_changed_consents_and_a_decision(world: World) -> None:
    """Permission may change at any moment of a review; both are kept."""
    for seed in rounds(world):
        story, read = in_review(world)
        endings = race(
            seed,
            lambda: reviewing.approve(by=world.ana, story=story, read=read),
            lambda: consenting.change_consents(
                by=world.mia,
                story=story,
                permissions=[permission(world.frontline)],
                text=world.consent_text,
            ),
        )
        assert [ending.won for ending in endings] == [True, True]
        assert [consent.partner for consent in story.consents.live()] == [world.frontline]


def test_no_name_any_more_and_an_edit_with_the_name(world: World) -> None:
    """Whichever is first, no text waits for sign-off that would tell what a permission withholds."""
    door = client_of(world.mia)
    nameless = line(world.research_america, "lawmakers", name_shown="none")
    sent = nameless | {"consent_version": world.consent_text.version, "confirmed": "yes"}
    for seed in rounds(world):
        story, read = in_review(world)
        race(
            seed,
            posting(door, reverse("stories:consents", args=[story.ref]), sent),
            lambda: reviewing.propose_edit(
                by=world.ana,
                story=story,
                read=read,
                hook="Mia Chen saw him read the clock",
                answers=read.answers,
                remark="",
            ),
        )
        story.refresh_from_db()
        assert story.current_revision is not None
        shown = story.consents.live().get().name_shown
        assert (shown, "Mia Chen" in story.current_revision.hook) in {
            ("none", False),
            ("full", True),
        }


def test_begin_and_begin(world: World) -> None:
    participation = join(world, world.mia_member)
    for seed in rounds(world):
        endings = race(
            seed, *[lambda: telling.begin(by=world.mia, participation=participation)] * 3
        )
        assert len({ending.value for ending in endings}) == 1
        save(world, Story.objects.latest("pk"), f"No longer empty {seed}")
    assert Story.objects.count() == REPETITIONS


def test_a_story_from_a_survey_is_taken_up_once(world: World) -> None:
    join(world, world.mia_member)
    for seed in rounds(world):
        imported = ImportedStory.objects.create(
            campaign=world.campaign,
            society=world.isscr,
            email=world.mia.email,
            line=seed,
            row={},
            hook=f"From the survey {seed}",
            sha256=f"{seed:064x}",
        )
        _, words = one_winner(
            race(seed, *[lambda: importing.adopt_imported(by=world.mia, imported=imported)] * 2)
        )
        assert "already" in words
        assert Story.objects.filter(draft__hook=imported.hook).count() == 1
    assert AuditLine.objects.filter(verb="adopt_imported").count() == REPETITIONS


def test_claim_and_withdraw(world: World) -> None:
    for seed in rounds(world):
        story = submitted_story(world)
        claim, withdraw = race(
            seed,
            lambda: reviewing.claim(by=world.ana, story=story),
            lambda: telling.withdraw(by=world.mia, story=story),
        )
        assert withdraw.won
        assert claim.won or "withdrawn" in claim.refusal


def test_a_day_in_the_life_of_the_clock(world: World) -> None:
    """A consent that runs out while its author narrows it ends once, with one reason."""
    for seed in rounds(world):
        story = approved_story(
            world,
            permissions=[permission(world.research_america), permission(world.frontline, days=-2)],
        )
        consent = story.consents.get(partner=world.frontline)
        race(
            seed,
            lambda: consenting.expire_consent(consent=consent),
            lambda: consenting.expire_consent(consent=consent),
            lambda: consenting.change_consents(
                by=world.mia,
                story=story,
                permissions=[permission(world.research_america)],
                text=world.consent_text,
            ),
        )
        consent.refresh_from_db()
        assert consent.ended_at is not None
        ended = Message.objects.filter(key=f"expired:{consent.pk}").count()
        assert ended == (consent.ended_why == "expired")
