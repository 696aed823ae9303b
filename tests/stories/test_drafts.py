"""Nothing typed is lost: drafts save themselves, outlive sign-in and closed phases, and no window overwrites another."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from campaigns.models import Phase
from portal.models import Message
from stories.models import Draft, Story
from stories.states import StoryState
from stories.verbs import reviewing, telling
from tests.house.people import World, client_of
from tests.house.stories import WORDS, join, submitted_story
from tests.stories.typing import line, page

HTMX = {"HX-Request": "true"}


@pytest.fixture
def story(world: World) -> Story:
    """Mia's empty draft."""
    return telling.begin(by=world.mia, participation=join(world, world.mia_member))


@pytest.fixture
def mia(world: World) -> Client:
    """Mia's browser."""
    return client_of(world.mia)


def url(story: Story, door: str = "write") -> str:
    return f"/stories/{story.ref}/{door}/"


def test_what_is_typed_is_saved_valid_or_not(world: World, mia: Client, story: Story) -> None:
    date = f"prompt-{world.prompts['date'].pk}"
    sent = page(
        world,
        story,
        line(world.frontline, "press", name_shown="first", until="whenever"),
        hook="  two\r\nlines ",
        **{date: "31/31/2026"},
    )
    answer = mia.post(url(story, "save"), sent, headers=HTMX)
    assert answer.status_code == 200
    draft = Draft.objects.get(story=story)
    assert (draft.hook, draft.version) == ("  two\nlines ", 1)
    assert draft.answers[str(world.prompts["date"].pk)] == "31/31/2026"
    assert draft.consents[f"p{world.frontline.pk}"] == {
        "uses": ["press"],
        "name_shown": "first",
        "until": "whenever",
    }
    fragment = answer.content.decode()
    assert re.search(r"Saved at \d+(:\d\d)? [ap]\.m\. E[SD]T", fragment)
    assert 'name="version" id="draft-version" value="1" hx-swap-oob="true"' in fragment
    shown = mia.get(url(story)).content.decode()
    assert '"31/31/2026"' in shown
    assert '"whenever"' in shown


def test_the_button_saves_without_scripts(world: World, mia: Client, story: Story) -> None:
    answer = mia.post(url(story, "save"), page(world, story), follow=True)
    assert "Your draft is saved" in answer.content.decode()
    assert Draft.objects.get(story=story).hook == "He read the kitchen clock"


def test_two_windows_never_overwrite_each_other(world: World, mia: Client, story: Story) -> None:
    first = page(world, story, hook="from the phone", window="phone")
    second = page(world, story, hook="from the desk", window="desk")
    assert mia.post(url(story, "save"), first, headers=HTMX).status_code == 200

    by_itself = mia.post(url(story, "save"), second, headers=HTMX)
    assert by_itself.status_code == 409
    assert "saved from another window" in by_itself.content.decode()
    assert "draft-version" not in by_itself.content.decode()

    by_button = mia.post(url(story, "save"), second)
    assert by_button.status_code == 409
    shown = by_button.content.decode()
    assert "from the desk" in shown
    assert "Nothing was overwritten" in shown
    assert Draft.objects.get(story=story).hook == "from the phone"

    # Pressed again, knowing it: now it is kept.
    assert 'name="version" id="draft-version" value="1"' in shown
    assert mia.post(url(story, "save"), second | {"version": 1}).status_code == 302
    assert Draft.objects.get(story=story).hook == "from the desk"


def test_a_button_is_newer_than_its_own_windows_save(
    world: World, mia: Client, story: Story
) -> None:
    sent = page(world, story, window="phone")
    mia.post(url(story, "save"), sent, headers=HTMX)
    # The page had not yet heard of version 1 when the button was pressed.
    assert mia.post(url(story, "save"), sent | {"hook": "one letter more"}).status_code == 302
    assert Draft.objects.get(story=story).hook == "one letter more"


def test_a_save_while_signed_out_keeps_the_page(world: World, story: Story) -> None:
    answer = Client().post(url(story, "save"), page(world, story), headers=HTMX)
    assert answer.status_code == 401
    assert "HX-Redirect" not in answer
    assert Draft.objects.get(story=story).version == 0


def test_what_was_sent_while_signed_out_comes_back_after_sign_in(
    world: World, mia: Client, story: Story
) -> None:
    browser = Client()
    sent = page(world, story, hook="typed while signed out")
    answer = browser.post(url(story, "preview"), sent)
    assert answer.status_code == 302
    assert answer.url == f"/accounts/login/?next={url(story)}"  # type: ignore[attr-defined]
    assert Draft.objects.get(story=story).version == 0

    browser.force_login(world.mia, backend="django.contrib.auth.backends.ModelBackend")
    back = browser.get(url(story), follow=True)
    assert "typed while signed out" in back.content.decode()
    assert "Welcome back" in back.content.decode()
    draft = Draft.objects.get(story=story)
    assert (draft.hook, draft.version) == ("typed while signed out", 1)


def test_a_photo_that_was_sent_while_signed_out_leads_back_to_the_form(
    world: World, story: Story
) -> None:
    """The draft's address for saving is no page: whoever signs in must not end up there."""
    heavy = SimpleUploadedFile("me.jpg", b"x" * (3 << 20), "image/jpeg")
    browser = Client()
    answer = browser.post(url(story, "save"), page(world, story) | {"photo": heavy})
    assert answer.status_code == 302
    assert answer.url == f"/accounts/login/?next={url(story)}"  # type: ignore[attr-defined]
    assert "Back button" in browser.get(answer.url).content.decode()  # type: ignore[attr-defined]


def test_two_windows_that_were_signed_out_both_get_back_what_was_typed(
    world: World, story: Story
) -> None:
    other = telling.open_draft(by=world.mia, participation=story.participation, hook="Another")
    browser = Client()
    browser.post(url(story, "save"), page(world, story, hook="typed in the first window"))
    browser.post(url(other, "submit"), page(world, other, hook="typed in the second window"))
    browser.force_login(world.mia, backend="django.contrib.auth.backends.ModelBackend")
    for one, words in ((other, "in the second window"), (story, "in the first window")):
        assert f"typed {words}" in browser.get(url(one), follow=True).content.decode()
        assert Draft.objects.get(story=one).hook == f"typed {words}"


def test_what_was_sent_while_signed_out_is_for_its_author_only(world: World, story: Story) -> None:
    browser = Client()
    browser.post(url(story, "save"), page(world, story, hook="typed while signed out"))
    browser.force_login(world.nils, backend="django.contrib.auth.backends.ModelBackend")
    answer = browser.get(url(story))
    assert answer.status_code == 404
    assert "typed while signed out" not in answer.content.decode()
    assert Draft.objects.get(story=story).hook == ""


def test_kept_words_do_not_overwrite_what_another_window_saved(
    world: World, mia: Client, story: Story
) -> None:
    browser = Client()
    browser.post(url(story, "save"), page(world, story, hook="typed while signed out"))
    mia.post(url(story, "save"), page(world, story, hook="saved meanwhile", window="other"))
    browser.force_login(world.mia, backend="django.contrib.auth.backends.ModelBackend")
    shown = browser.get(url(story)).content.decode()
    assert "typed while signed out" in shown
    assert "Nothing was overwritten" in shown
    assert Draft.objects.get(story=story).hook == "saved meanwhile"


def test_a_stale_token_of_our_own_page_loses_nothing(world: World, story: Story) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.mia, backend="django.contrib.auth.backends.ModelBackend")
    sent = page(world, story, hook="typed before I signed in again")
    own, foreign = {"Origin": "http://testserver"}, {"Origin": "http://elsewhere.example"}

    by_itself = browser.post(url(story, "save"), sent, headers=HTMX | own)
    assert by_itself.status_code == 403
    token = by_itself["X-Fresh-Token"]
    again = browser.post(url(story, "save"), sent, headers=HTMX | own | {"X-CSRFToken": token})
    assert again.status_code == 200

    by_button = browser.post(url(story, "save"), sent | {"version": 1, "hook": "more"}, headers=own)
    assert (by_button.status_code, by_button["Location"]) == (302, url(story))
    assert "more" in browser.get(url(story), follow=True).content.decode()

    other_site = browser.post(url(story, "save"), sent | {"hook": "planted"}, headers=foreign)
    assert other_site.status_code == 403
    assert "X-Fresh-Token" not in other_site
    assert "planted" not in browser.get(url(story)).content.decode()


def test_an_older_window_does_not_overwrite_what_was_sent_from_another(
    world: World, mia: Client
) -> None:
    """Both were opened on a story that was submitted before; the one sends a new text, then the other."""
    story = submitted_story(world)
    first = page(world, story, hook="sent from the first window", full_name="Mia Chen")
    second = page(world, story, hook="sent from the second window", full_name="Mia Chen")
    for sent in (first, second):
        sent["window"] = sent["hook"]
        key = f"line-p{world.research_america.pk}"
        consent = story.consents.live().get()
        sent |= {f"{key}-until": consent.until.isoformat()}
        sent[f"{key}-uses"] = ["lawmakers", "publication"]
    assert mia.post(url(story, "submit"), first).status_code == 302
    assert story.consents.count() == 1
    twice = mia.post(url(story, "submit"), first)
    assert twice.status_code == 302
    assert story.revisions.count() == 2
    assert Message.objects.filter(template="submitted").count() == 2
    answer = mia.post(url(story, "submit"), second)
    assert answer.status_code == 409
    assert "sent from the second window" in answer.content.decode()
    story.refresh_from_db()
    assert story.current_revision is not None
    assert story.current_revision.hook == "sent from the first window"


def test_a_late_submission_is_kept_as_a_draft_and_says_so(
    world: World, mia: Client, story: Story
) -> None:
    sent = page(world, story, hook="one minute too late")
    Phase.objects.filter(campaign=world.campaign).update(
        opens_at=timezone.now() - dt.timedelta(days=9), closes_at=timezone.now()
    )
    assert "not taking new stories right now" in mia.get(url(story)).content.decode()
    answer = mia.post(url(story, "submit"), sent)
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert "Your story is safe" in shown
    assert "one minute too late" in shown
    story.refresh_from_db()
    assert story.state == StoryState.DRAFT
    assert Draft.objects.get(story=story).hook == "one minute too late"
    assert "one minute too late" in mia.get("/stories/").content.decode()


def test_consents_changed_elsewhere_stand_above_an_open_page(world: World, mia: Client) -> None:
    story = submitted_story(world)
    open_page = page(world, story, line(world.research_america, "press", name_shown="full"))
    taken_back = {
        "lines": open_page["lines"],
        "consent_version": 1,
    }
    assert mia.post(url(story, "consents"), taken_back).status_code == 302
    assert list(story.consents.live()) == []
    answer = mia.post(url(story, "submit"), open_page)
    assert answer.status_code == 409
    assert list(story.consents.live()) == []


def test_a_draft_from_an_edit_begins_with_the_edited_text(world: World, mia: Client) -> None:
    story = submitted_story(world)
    reviewing.claim(by=world.ana, story=story)
    story.refresh_from_db()
    assert story.current_revision is not None
    reviewing.propose_edit(
        by=world.ana,
        story=story,
        read=story.current_revision,
        hook="Edited by Ana",
        answers=story.current_revision.answers,
        remark="",
    )
    assert "Edited by Ana" in mia.get(f"{url(story)}?from=edit").content.decode()
    assert WORDS in mia.get(f"{url(story)}?from=edit").content.decode().replace("&#x27;", "'")
