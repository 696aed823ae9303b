"""The story of one story, from sign-in to the answered recall, with what goes wrong on the way: no log line,
audit line or queue's note tells a word of it, a name or an address."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from portal import outbox
from portal.models import AuditLine, Job, Message
from stories.models import Batch, Recall, Story
from stories.states import BatchState, RecallState, StoryState
from stories.verbs.telling import begin
from tests.house.bells import take_bells
from tests.house.people import World, client_of
from tests.house.post import run_jobs, run_task
from tests.house.post_office import PostOffice
from tests.house.stories import WORDS, join
from tests.stories.typing import page

HOOK, NOTE, ANSWER = "He read the kitchen clock", "Ask her about the lamps", "On our poster in May"
#: Pieces of what people typed and of who they are. No word of our own log lines is among them.
SECRETS = [
    *("kitchen", "retinal", "blind slowly", "lamp at a time", "about the lamps", "poster in May"),
    *(
        "example.org",
        "Mia",
        "Chen",
        "Ana",
        "Ruiz",
        "Paula",
        "Grant",
        "Lee Park",
        "Otto",
        "Newcomer",
    ),
    *("66045", "Kansas"),
]


def told_in(text: str) -> list[str]:
    """Which of the secrets stand in a text."""
    return [secret for secret in SECRETS if re.search(rf"\b{re.escape(secret)}", text)]


def post(client: Client, name: str, story: Story | None = None, **data: object) -> None:
    """Press a button, and get what a person would call a success."""
    url = reverse(f"stories:{name}", args=[story.ref] if story else [])
    answer = client.post(url, data)
    assert answer.status_code in {200, 302}, answer.content.decode()


def sign_in_by_code(office: PostOffice) -> None:
    """A code is asked for, mailed and typed, once wrongly."""
    client = Client()
    client.post("/accounts/login/code/", {"email": "mia@example.org"})
    run_task("portal.send_mail")
    body = office.taken[-1].get_body(("plain",))
    assert body is not None
    found = re.search(r"\b\d{6}\b", str(body.get_content()))
    assert found is not None
    client.post("/accounts/login/code/confirm/", {"code": "000000"})
    assert client.post("/accounts/login/code/confirm/", {"code": found[0]}).status_code == 302


def tell_and_approve(world: World) -> Story:
    """Written, noted upon, approved: all through the doors."""
    mia, ana = client_of(world.mia), client_of(world.ana)
    story = begin(by=world.mia, participation=join(world, world.mia_member))
    post(mia, "preview", story, **page(world, story, hook=HOOK))
    post(mia, "submit", story, version=1, consent_version=1)
    post(ana, "claim", story)
    post(ana, "note", story, note=NOTE)
    assert client_of(world.ben).get("/review/", {"q": "kitchen clock"}).status_code == 200
    post(ana, "approve", story, revision=1)
    story.refresh_from_db()
    assert story.state == StoryState.APPROVED
    return story


def hand_over(world: World, settings: Settings, blocked: Path) -> Batch:
    """Sealed and built; the first attempt to build fails because nothing can be written."""
    lead = client_of(world.lee)
    seal = reverse("stories:seal", args=[world.campaign.slug, world.research_america.slug])
    assert lead.post(seal).status_code == 302
    good, settings.MEDIA_ROOT = settings.MEDIA_ROOT, str(blocked)
    run_task("stories.build_batch", Job.objects.get(kind="stories.build_batch").pk)
    assert Job.objects.get(kind="stories.build_batch").last_error != ""
    settings.MEDIA_ROOT = good
    Job.objects.update(due_at=timezone.now())
    run_jobs()
    return Batch.objects.get(state=BatchState.DELIVERED)


def take_back(world: World, story: Story, batch: Batch) -> None:
    """Fetched, withdrawn, recalled, answered."""
    mia, paula = client_of(world.mia), client_of(world.paula)
    assert batch.files is not None
    url = reverse("stories:batch_file", args=[batch.ref, batch.files[0]["name"]])
    fetched = paula.get(url)
    assert b"".join(fetched.streaming_content)  # type: ignore[attr-defined]
    post(mia, "withdraw", story)
    recall = Recall.objects.get()
    answer = reverse("stories:answer_recall", args=[recall.ref])
    given = {"answer": RecallState.PUBLISHED, "where": ANSWER}
    assert paula.post(answer, given).status_code == 302
    assert paula.get(url).status_code in {404, 409, 410}


def upload_a_roster(world: World) -> None:
    """A roster with a line that is no address."""
    file = SimpleUploadedFile(
        "members of Kansas.csv",
        b"Email,First name,Last name,ZIP\nnew@example.org,Newcomer,Chen,66045\nMia at home,Mia,Chen,66045\n",
    )
    url = reverse("campaigns:send_roster", args=[world.isscr.slug])
    assert client_of(world.ana).post(url, {"file": file}).status_code == 302
    run_jobs()


@pytest.mark.django_db(transaction=True)
def test_nothing_that_a_person_typed_or_is_called_is_logged(
    world: World,
    post_office: PostOffice,
    settings: Settings,
    tmp_path: Path,
    log_lines: Callable[[], str],
) -> None:
    blocked = tmp_path / "a file, not a folder"
    blocked.touch()
    post_office.at_rcpt["lee@example.org"] = "550 <lee@example.org> Lee Park is not known here"
    post_office.after_data["paula@example.org"] = "451 Paula Grant reads no mail now"
    sign_in_by_code(post_office)
    story = tell_and_approve(world)
    batch = hand_over(world, settings, blocked)
    take_back(world, story, batch)
    upload_a_roster(world)
    with transaction.atomic():
        outbox.tell("otto@example.org", "no_such_template", {"words": WORDS})
    for clock in ("portal.send_mail", "portal.sweep", "portal.write_digests", "portal.forget"):
        run_task(clock)
    for address in (f"/stories/{story.ref}/", "/no/such/page/", f"/review/{story.ref}/"):
        client_of(world.otto).get(address)

    assert post_office.recipients.count("mia@example.org") > 3
    lines = [json.loads(line) for line in log_lines().splitlines()]
    assert {line["logger"] for line in lines} >= {"portal.work", "portal.post.drain"}
    assert [line for line in lines if told_in(json.dumps(line, ensure_ascii=False))] == []
    kept = [
        *AuditLine.objects.values_list("verb", "detail"),
        *Message.objects.values_list("last_error", "key"),
        *Job.objects.values_list("kind", "arguments", "last_error", "key"),
        *[(bell.task, bell.arguments) for bell in take_bells()],
    ]
    assert len(kept) > 20
    assert [row for row in kept if told_in(json.dumps(row, ensure_ascii=False, default=str))] == []


def test_a_secret_in_a_line_is_found() -> None:
    assert told_in('{"said": "Dear Mia, 66045"}') == ["Mia", "66045"]
    assert told_in('{"said": "Task portal.send_mail finished"}') == []
