"""The three requests that a busy week is made of cost at most twelve SQL statements each.

Through the real pages, by people with everything that costs: a second step, colleagues who hear at
once, once a day and not at all, three partners, and nothing in the cache. What begins, ends or marks
a transaction is not counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.fixtures import Settings

from campaigns.models import CampaignPartner, Coordinator, Partner
from portal.models import DigestLine, Message, User
from stories.models import Draft, NameShown, Note, Story, Tag
from stories.states import StoryState
from stories.verbs import reviewing, telling
from tests.house.people import World, client_of, make_user
from tests.house.sides import draft_of
from tests.house.stories import join, permission, submitted_story

pytestmark = pytest.mark.django_db(transaction=True)

MOST = 12
MARKS = re.compile(r"BEGIN|COMMIT|(RELEASE )?SAVEPOINT")


@contextmanager
def at_most(count: int) -> Iterator[list[str]]:
    """What is asked inside, without the marks of transactions, is no more than so many statements."""
    asked: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield asked
    asked += [q["sql"] for q in captured.captured_queries if not MARKS.match(q["sql"])]
    assert len(asked) <= count, "\n".join(f"{n}. {sql[:200]}" for n, sql in enumerate(asked, 1))


@pytest.fixture
def busy(world: World, settings: Settings) -> World:
    """The coalition as it costs most."""
    settings.DEMAND_SECOND_FACTOR = True
    for person in (world.ana, world.ben, world.mia):
        Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={})
    Coordinator.objects.filter(user=world.ben).update(notices="daily")
    for number in range(3):
        colleague = make_user(f"Colleague{number} Ruiz")
        how = ("at_once", "daily", "off")[number]
        Coordinator.objects.create(society=world.isscr, user=colleague, notices=how)
    third = Partner.objects.create(name="Lab Watch", slug="lab-watch")
    CampaignPartner.objects.create(campaign=world.campaign, partner=third)
    return world


def story_to_submit(world: World, name_shown: str) -> Story:
    """A draft that is complete."""
    story = telling.begin(by=world.mia, participation=join(world, world.mia_member))
    draft = draft_of(world)
    for line in draft["consents"].values():
        line["name_shown"] = name_shown
    telling.save_draft(by=world.mia, story=story, version=0, **draft)
    return story


@pytest.mark.parametrize("name_shown", NameShown.values)
def test_submitting(busy: World, name_shown: str) -> None:
    mia = client_of(busy.mia)
    typed = {"version": 1, "consent_version": busy.consent_text.version}
    # PostgreSQL is told a prepared question once for each connection: here, for a story before.
    mia.post(reverse("stories:submit", args=[story_to_submit(busy, name_shown).ref]), typed)
    story = story_to_submit(busy, name_shown)
    preview = mia.get(reverse("stories:preview", args=[story.ref]))
    assert preview.status_code == 200
    before = Message.objects.count(), DigestLine.objects.count()
    cache.clear()
    with at_most(MOST):
        answer = mia.post(reverse("stories:submit", args=[story.ref]), typed)
    assert answer.status_code == 302
    story.refresh_from_db()
    assert story.state == StoryState.SUBMITTED
    assert story.consents.live().count() == 1
    # Mia, Ana and one colleague by letter, Ben and another in their digest.
    assert Message.objects.count() - before[0] == 3
    assert DigestLine.objects.count() - before[1] == 2
    assert not Draft.objects.exists()


@pytest.mark.parametrize("name_shown", NameShown.values)
def test_reading_a_story_in_review(busy: World, name_shown: str) -> None:
    shown = permission(busy.research_america, NameShown(name_shown))
    story = submitted_story(busy, permissions=[shown])
    reviewing.claim(by=busy.ana, story=story)
    reviewing.set_tags(by=busy.ana, story=story, names=["cells", "eyes"])
    for number in range(3):
        reviewing.add_note(by=busy.ben, story=story, text=f"Note {number}")
    assert (Tag.objects.count(), Note.objects.count()) == (2, 3)
    ana = client_of(busy.ana)
    ana.get(reverse("stories:review", args=[story.ref]))  # as above: PostgreSQL knows the questions
    cache.clear()
    with at_most(MOST):
        answer = ana.get(reverse("stories:review", args=[story.ref]))
    assert answer.status_code == 200
    assert "Approve this text" in answer.content.decode()


def test_approving(busy: World) -> None:
    story = submitted_story(busy)
    reviewing.claim(by=busy.ana, story=story)
    before = Message.objects.count()
    ana = client_of(busy.ana)
    cache.clear()
    with at_most(MOST):
        answer = ana.post(reverse("stories:approve", args=[story.ref]), {"revision": "1"})
    assert answer.status_code == 302
    story.refresh_from_db()
    assert story.state == StoryState.APPROVED
    assert Message.objects.count() == before + 1


def test_a_tie_that_has_ended_opens_nothing_any_more(busy: World) -> None:
    """What is read along with a person is read anew for every request."""
    story = submitted_story(busy)
    ana = client_of(busy.ana)
    page = reverse("stories:review", args=[story.ref])
    assert ana.get(page).status_code == 200
    Coordinator.objects.filter(user=busy.ana).delete()
    assert ana.get(page).status_code == 404
    assert ana.get(reverse("stories:queue")).status_code == 403


def test_a_closed_account_and_a_changed_password_end_the_session(busy: World) -> None:
    page = reverse("stories:mine")
    mia, elsewhere = client_of(busy.mia), client_of(busy.mia)
    assert mia.get(page).status_code == elsewhere.get(page).status_code == 200
    person = User.objects.get(pk=busy.mia.pk)
    person.set_password("another long password")
    person.save()
    assert elsewhere.get(page).status_code == 302
    again = client_of(person)
    assert again.get(page).status_code == 200
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert again.get(page).status_code == 302
