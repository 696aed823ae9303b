"""The demonstration: made once, read by every test of this module."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import F
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from campaigns.models import Campaign, Invitation, Member, Place
from portal.models import AuditLine, Job, Message, User
from stories.demo import material, plot, rosters
from stories.demo.clock import Calendar, clock_at
from stories.demo.setting_up import PASSWORD
from stories.forms.grid import GridContext
from stories.forms.prompts import field_name
from stories.forms.story import StoryForm
from stories.models import (
    Batch,
    Consent,
    ConsentAsk,
    EndReason,
    ImportedStory,
    Item,
    Recall,
    Story,
)
from stories.rules.texts import names_given_away
from stories.states import BatchState, RecallState, StoryState
from stories.verbs.surroundings import surroundings_of
from tests.house import invariants
from tests.house.people import World, client_of

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.slow]

RESERVED = re.compile(r"@example\.org$|\.example$")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this module's demonstration keeps its files."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: DjangoDbBlocker, ground: Path) -> Iterator[str]:
    """The demonstration, rolled back after the module's last test; what the command printed."""
    out = io.StringIO()
    own = override_settings(
        DEMO=True, MEDIA_ROOT=str(ground / "files"), DEMO_CAST=ground / "demo.json"
    )
    with django_db_blocker.unblock(), transaction.atomic():
        with own:
            call_command("demo", stdout=out)
        yield out.getvalue()
        transaction.set_rollback(True)


@pytest.fixture
def played(demo: str, ground: Path, db: None, settings: Settings) -> Campaign:
    """The campaign of the demonstration, with its files in reach."""
    settings.DEMO = True
    settings.MEDIA_ROOT = str(ground / "files")
    settings.DEMO_CAST = ground / "demo.json"
    return Campaign.objects.get()


# --- Where it is not made ---


@pytest.mark.parametrize("on", [True, False])
def test_it_is_made_only_where_demo_is_on_and_nobody_else_is_there(
    on: bool, world: World, settings: Settings
) -> None:
    settings.DEMO = on
    before = counts()
    with pytest.raises(CommandError, match="empty database" if on else "DEMO is off"):
        call_command("demo", stdout=io.StringIO())
    assert counts() == before


def test_the_clock_is_slow_inside_and_right_again_outside() -> None:
    before = timezone.now()
    moment = before - dt.timedelta(days=100)
    with clock_at(moment):
        inside = timezone.now()
        assert Message().created_at - inside < dt.timedelta(seconds=5)
    assert inside - moment < dt.timedelta(seconds=5)
    assert timezone.now() >= before


@pytest.mark.parametrize("day", ["2026-11-24", "2027-01-01", "2028-02-29", "2027-03-14"])
def test_the_calendar_works_on_any_day(day: str) -> None:
    now = dt.datetime.fromisoformat(f"{day}T03:30:00+00:00")
    calendar = Calendar(now)
    for days_ago in range(200):
        tuesday = calendar.moment(calendar.weekday(days_ago, 1), 9)
        local = tuesday.astimezone(ZoneInfo("America/New_York"))
        assert (local.weekday(), local.hour) == (1, 9)
        assert abs(calendar.day(days_ago) - local.date()) < dt.timedelta(days=7)
    assert calendar.moment(1, 23, 59) < now


# --- What is there ---


def test_every_state_of_the_life_cycle_is_there(played: Campaign) -> None:
    stories = Counter(Story.objects.values_list("state", flat=True))
    assert stories.keys() == set(StoryState.values)
    assert stories.total() == len(material.texts()) >= 60
    assert set(Batch.objects.values_list("state", flat=True)) == {
        BatchState.OPEN,
        BatchState.DELIVERED,
        BatchState.ACKNOWLEDGED,
    }
    assert set(Recall.objects.values_list("state", flat=True)) == set(RecallState.values)
    assert set(Recall.objects.values_list("reason", flat=True)) == {
        "withdrawn",
        "narrowed",
        "expired",
    }
    assert set(Consent.objects.values_list("ended_why", flat=True)) >= {
        "",
        EndReason.WITHDRAWN,
        EndReason.NARROWED,
        EndReason.EXPIRED,
    }
    assert set(Item.objects.values_list("ended_why", flat=True)) == {
        "",
        "recalled",
        "replaced",
        "reissued",
    }
    assert Item.objects.live().exclude(replaces=None).exists()


def test_something_waits_in_each_open_batch_and_one_batch_is_untouched(played: Campaign) -> None:
    today = timezone.localdate(timezone=ZoneInfo(played.time_zone))
    for batch in Batch.objects.filter(state=BatchState.OPEN):
        assert Consent.objects.due_for(batch, today).count() >= 2
    assert Batch.objects.filter(state=BatchState.DELIVERED, downloads=None, closed_at=None).exists()


def test_a_late_partner_got_what_was_allowed_and_the_others_were_asked(played: Campaign) -> None:
    late = played.partnerships.get(partner__slug=plot.LATE)
    told_before = Story.objects.filter(submitted_at__lt=late.joined_at)
    extended = told_before.filter(
        consents__partner=late.partner, consents__given_at__gte=late.joined_at
    )
    assert extended.filter(asks=None).count() >= 6
    asks = ConsentAsk.objects.filter(partner=late.partner)
    answered = asks.filter(story__consents__partner=late.partner).count()
    assert answered >= 3
    assert asks.count() - answered >= 3


def test_stories_of_a_survey_wait_for_their_authors_without_a_consent(played: Campaign) -> None:
    rows = ImportedStory.objects.all()
    assert rows.count() == 4
    assert [row for row in rows if row.story or not row.hook or not row.answers] == []
    waiting = client_of(User.objects.get(email=rosters.TWICE.email)).get(reverse("stories:mine"))
    assert rows.get(email=rosters.TWICE.email).hook in waiting.content.decode()


def test_who_took_a_story_back_is_not_asked_to_share_it(played: Campaign) -> None:
    asked = Story.objects.exclude(asks=None)
    withdrawn = asked.filter(state=StoryState.WITHDRAWN).first()
    undecided = asked.get(current_revision__hook=material.texts()["s43"].hook)
    for story, shown in ((withdrawn, False), (undecided, True)):
        assert story is not None
        page = client_of(story.member.user).get(reverse("stories:story", args=[story.ref]))
        assert (b"joined the campaign after you had written" in page.content) is shown


def test_four_hundred_members_on_three_rosters_live_all_over_the_country(played: Campaign) -> None:
    members = Member.objects.exclude(entries=None).distinct()
    assert members.count() == 400
    rosters = Counter(member.entries.count() for member in members.prefetch_related("entries"))
    assert rosters.keys() == {1, 2}
    homes = Counter(Place.objects.filter(kind="home").values_list("state", flat=True))
    assert set(dict(homes.most_common(4))) == {"KS", "NC", "PA", "UT"}
    assert len(homes) > 40
    assert homes[""] > 5
    assert Place.objects.filter(ambiguous=True).exclude(state="").count() > 20
    assert Place.objects.filter(zip="", institution__isnull=False).exists()


def test_nobody_can_be_written_to_by_mistake(played: Campaign) -> None:
    addresses = [*User.objects.values_list("email", flat=True)]
    addresses += Member.objects.values_list("email", flat=True)
    assert [address for address in addresses if not RESERVED.search(address)] == []


def test_every_invariant_holds(played: Campaign) -> None:
    invariants.check_all(cast(World, SimpleNamespace(campaign=played)))
    assert Item.objects.filter(accepted=None).count() == 0
    assert Invitation.objects.count() > 350
    assert not Job.objects.waiting().exists()


def test_history_lies_in_the_past_and_in_order(played: Campaign) -> None:
    lines = list(AuditLine.objects.exclude(verb="load_boundaries").order_by("pk"))
    moments = [line.at for line in lines]
    assert moments == sorted(moments)
    assert moments[-1] < timezone.now()
    late = Item.objects.filter(story__created_at__gte=F("batch__sealed_at"))
    assert late.count() == 0


# --- What leaves ---


def test_no_file_of_a_batch_names_an_author_who_chose_no_name(played: Campaign) -> None:
    nameless = [
        item.story
        for item in Item.objects.filter(consent__name_shown="none").select_related("story__member")
    ]
    assert len(nameless) >= 4
    for batch in Batch.objects.exclude(files=None).filter(closed_at=None):
        folder = Path(default_storage.path(f"batches/{batch.ref}"))
        items = batch.items.filter(consent__name_shown="none").select_related("story__member")
        texts = "\n".join(
            file.read_text(encoding="utf-8")
            for file in folder.iterdir()
            if file.suffix in {".csv", ".json"}
        )
        for item in items:
            member = item.story.member
            assert (
                names_given_away(texts, f"{member.given_name} {member.family_name}", [member.email])
                == []
            )


def test_what_lies_in_the_inbox_can_be_verified(played: Campaign) -> None:
    whole = Batch.objects.exclude(files=None).filter(closed_at=None)
    assert whole.count() >= 3
    for batch in whole:
        assert batch.files is not None
        archive = default_storage.path(f"batches/{batch.ref}/{batch.files[0]['name']}")
        call_command("verify_batch", archive, stdout=io.StringIO())
    for batch in Batch.objects.exclude(closed_at=None):
        assert not Path(default_storage.path(f"batches/{batch.ref}")).exists()


def test_the_form_would_take_every_story_that_was_submitted(played: Campaign) -> None:
    refused = {}
    for story in Story.objects.exclude(current_revision=None):
        live = list(Consent.objects.filter(story=story).select_related("text"))
        revision = story.revisions.filter(kind="author").first()
        assert revision is not None
        grid = GridContext(
            story=story,
            partnerships=list(played.partnerships.select_related("partner")),
            live=[consent for consent in live if consent.ended_at is None],
            text=live[0].text,
            today=timezone.localdate(),
            addresses=surroundings_of(story).author_addresses,
        )
        prompts = list(played.prompts.all())
        data = {"hook": revision.hook} | {
            field_name(answer["prompt"]): answer["value"] for answer in revision.answers
        }
        if revision.photo:
            data["photo_description"] = revision.photo.description
        form = StoryForm(data, grid=grid, prompts=prompts, photo=revision.photo)
        if not form.is_valid():
            refused[revision.hook] = form.errors.as_json()
    assert refused == {}


# --- Who can be tried ---


def test_the_cast_signs_in_by_password_and_begins_on_a_page_of_theirs(
    played: Campaign, demo: str
) -> None:
    people = json.loads(django_settings.DEMO_CAST.read_text())
    assert len(people) == 21
    for person in people:
        client = client_of(User.objects.get(email=person["email"]))
        assert client.get(person["url"]).status_code == 200, person
    printed = [person for person in people if person["email"] in demo]
    assert len(printed) == 6
    for person in printed:
        assert Client().login(email=person["email"], password=PASSWORD)
    roles = " ".join(person["role"] for person in printed)
    for word in ("member", "coordinator", "campaign lead", "partner officer", "operator"):
        assert word in roles
    assert PASSWORD in demo
    assert "/demo/" in demo


def test_a_second_run_changes_nothing_and_says_so(played: Campaign, ground: Path) -> None:
    before, written = counts(), (ground / "demo.json").read_text()
    out = io.StringIO()
    call_command("demo", stdout=out)
    assert "is here already; nothing was changed" in out.getvalue()
    assert PASSWORD in out.getvalue()
    assert (counts(), (ground / "demo.json").read_text()) == (before, written)


def counts() -> dict[str, int]:
    """How many rows each table has."""
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}
