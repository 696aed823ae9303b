"""The partner API: the same doors with a key instead of a session."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from campaigns.models import PartnerUser
from portal.models import User
from stories.models import PartnerToken, Recall
from stories.verbs import telling, tokens
from tests.house.batches import delivered_batch, fetched_batch
from tests.house.people import World
from tests.house.stories import approved_story, permission

ClientOf = Callable[[User | None], Client]


class Program:
    """A partner's program: a client without a session, with a key."""

    def __init__(self, key: str) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.headers = {"Authorization": f"Bearer {key}"}

    def get(self, path: str, **query: str) -> Any:
        """Ask."""
        return self.client.get(f"/api/v1{path}", query, headers=self.headers)

    def post(self, path: str, body: dict[str, str]) -> Any:
        """Tell."""
        return self.client.post(
            f"/api/v1{path}", body, content_type="application/json", headers=self.headers
        )


def program_of(user: User) -> Program:
    officer = PartnerUser.objects.get(user=user)
    return Program(tokens.make_token(by=user, officer=officer, name="Sync"))


def test_batches_and_files_with_a_key(world: World) -> None:
    approved_story(world)
    batch = delivered_batch(world)
    program, stranger = program_of(world.paula), program_of(world.fay)

    [told] = program.get("/batches").json()["batches"]
    assert (told["ref"], told["number"], told["state"]) == (str(batch.ref), 1, "delivered")
    assert stranger.get("/batches").json() == {"batches": [], "next": None}
    assert stranger.get(f"/batches/{batch.ref}").status_code == 404
    for file in told["files"]:
        path = f"/batches/{batch.ref}/files/{file['name']}"
        body = b"".join(program.get(path).streaming_content)
        assert hashlib.sha256(body).hexdigest() == file["sha256"]
        assert stranger.get(path).status_code == 404
    assert batch.downloads.filter(by=world.paula).count() == len(told["files"])


@pytest.mark.parametrize("key", ["", "wrong", "storybank_wrong"])
def test_without_a_working_key_there_is_nothing(world: World, key: str) -> None:
    for path in ("/batches", "/recalls", "/changes"):
        assert Program(key).get(path).status_code == 401
    assert Client().get("/api/v1/batches").status_code == 401


def test_a_session_is_no_key(world: World, client_of: ClientOf) -> None:
    assert client_of(world.paula).get("/api/v1/batches").status_code == 401


def test_a_key_ends_with_its_officer(world: World, client_of: ClientOf) -> None:
    program, leaving = program_of(world.paula), program_of(world.pete)
    assert program.get("/batches").status_code == 200
    client = client_of(world.paula)
    token = PartnerToken.objects.get(officer__user=world.paula)
    assert client_of(world.pete).post(f"/inbox/tokens/{token.pk}/revoke/").status_code == 404
    client.post(f"/inbox/tokens/{token.pk}/revoke/")
    assert program.get("/batches").status_code == 401
    PartnerUser.objects.filter(user=world.pete).delete()
    assert leaving.get("/batches").status_code == 401


def test_a_key_shows_the_partner_alone_that_it_was_made_for(world: World) -> None:
    """Paula serves both; the program of one reads nothing of what the other was given."""
    second = PartnerUser.objects.create(user=world.paula, partner=world.frontline)
    first = PartnerUser.objects.get(user=world.paula, partner=world.research_america)
    both = [permission(world.research_america), permission(world.frontline)]
    story = approved_story(world, permissions=both)
    own = fetched_batch(world, world.frontline)
    other = fetched_batch(world, world.research_america)
    telling.withdraw(by=world.mia, story=story)
    program = Program(tokens.make_token(by=world.paula, officer=second, name="Sync"))
    assert [one["ref"] for one in program.get("/batches").json()["batches"]] == [str(own.ref)]
    recalls = {recall.partner: recall for recall in Recall.objects.all()}
    [asked] = program.get("/recalls").json()["recalls"]
    assert asked["ref"] == str(recalls[world.frontline].ref)
    foreign = recalls[world.research_america]
    assert program.get(f"/batches/{other.ref}").status_code == 404
    assert program.get(f"/batches/{other.ref}/files/stories.csv").status_code == 404
    sign = {"name": "Paula Grant"}
    assert program.post(f"/batches/{other.ref}/acknowledge", sign).status_code == 404
    answer = {"answer": "deleted"}
    assert program.post(f"/recalls/{foreign.ref}/answer", answer).status_code == 404
    assert program.post(f"/recalls/{asked['ref']}/answer", answer).status_code == 200
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)):
        told = {change["ref"] for change in program.get("/changes").json()["changes"]}
        assert told == {str(own.ref), asked["ref"]}
    assert (
        Program(tokens.make_token(by=world.paula, officer=first, name="Other"))
        .get(f"/batches/{other.ref}")
        .json()["closed"]
    )


def test_the_page_shows_a_key_once(world: World, client_of: ClientOf) -> None:
    client = client_of(world.paula)
    officer = PartnerUser.objects.get(user=world.paula)
    address = reverse("stories:tokens")
    refused = client.post(address, {"name": "", "officer": officer.pk})
    assert refused.status_code == 400
    foreign = PartnerUser.objects.get(user=world.fay)
    assert client.post(address, {"name": "x", "officer": foreign.pk}).status_code == 400
    made = client.post(address, {"name": "Nightly", "officer": officer.pk}).content.decode()
    key = made.split('class="secret">')[1].split("<")[0]
    assert Program(key).get("/batches").status_code == 200
    again = client.get(address).content.decode()
    assert key not in again
    assert "Nightly" in again
    assert client_of(world.mia).get(address).status_code == 403


def test_acknowledging_and_answering(world: World) -> None:
    story = approved_story(world)
    batch = delivered_batch(world)
    program = program_of(world.paula)
    program.get(f"/batches/{batch.ref}/files/stories.json")
    assert program.post(f"/batches/{batch.ref}/acknowledge", {"name": ""}).status_code == 400
    done = program.post(f"/batches/{batch.ref}/acknowledge", {"name": "Paula Grant"})
    assert done.json()["state"] == "acknowledged"
    again = program.post(f"/batches/{batch.ref}/acknowledge", {"name": "Paula Grant"})
    assert again.status_code == 409
    assert "Paula Grant" in again.json()["error"]

    telling.withdraw(by=world.mia, story=story)
    [told] = program.get("/recalls", state="asked").json()["recalls"]
    recall = Recall.objects.get()
    assert (told["ref"], told["story"]) == (str(recall.ref), str(story.ref))
    answer = f"/recalls/{told['ref']}/answer"
    assert program_of(world.fay).post(answer, {"answer": "deleted"}).status_code == 404
    assert program.post(answer, {"answer": "published"}).status_code == 400
    assert program.post(answer, {"answer": "lost"}).status_code == 400
    assert program.post(answer, {"answer": "deleted"}).json()["state"] == "deleted"
    assert program.post(answer, {"answer": "deleted"}).status_code == 409
    assert program.get("/recalls", state="asked").json()["recalls"] == []
    closed = program.get(f"/batches/{batch.ref}").json()
    assert (closed["closed"], closed["files"]) == (True, [])
    assert program.get(f"/batches/{batch.ref}/files/stories.json").status_code == 409


def test_changes_are_told_once_in_order(world: World) -> None:
    story = approved_story(world)
    batch = delivered_batch(world)
    program = program_of(world.paula)
    program.get(f"/batches/{batch.ref}/files/stories.json")
    telling.withdraw(by=world.mia, story=story)
    assert program.get("/changes").json() == {"changes": [], "next": ""}
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)):
        first = program.get("/changes").json()
        assert [change["kind"] for change in first["changes"]] == ["delivered", "recalled"]
        after = program.get("/changes", after=first["next"]).json()
        assert after == {"changes": [], "next": first["next"]}
        assert program_of(world.fay).get("/changes").json()["changes"] == []
    assert program.get("/changes", after="yesterday").status_code == 400


def test_what_a_program_asks_wrongly_is_refused_in_words(world: World) -> None:
    """A place or state that is none of ours is no reason to begin at the start or to give everything."""
    approved_story(world)
    batch = delivered_batch(world)
    program = program_of(world.paula)
    acknowledge = f"/api/v1/batches/{batch.ref}/acknowledge"
    refusals = [
        (400, program.get("/batches", after="yesterday")),
        (400, program.get("/recalls", after="yesterday")),
        (400, program.get("/recalls", state="open")),
        (
            400,
            program.client.post(acknowledge, "{nam", "application/json", headers=program.headers),
        ),
        (401, Program("storybank_wrong").get("/batches")),
        (404, program.get("/batch")),
        (422, program.post(f"/batches/{batch.ref}/acknowledge", {})),
    ]
    for status, answer in refusals:
        assert (answer.status_code, list(answer.json())) == (status, ["error"])
    for state in ("", "asked", "deleted"):
        assert program.get("/recalls", state=state).status_code == 200


def test_the_api_describes_itself(world: World) -> None:
    told = Client().get("/api/v1/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    assert set(told["paths"]) >= {"/api/v1/batches", "/api/v1/recalls", "/api/v1/changes"}
