"""Real comments of the public, from a survey's file through every door to a verified batch."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
from django.core.management import call_command

from campaigns.models import Member
from stories.models import ImportedStory, Item, Story
from stories.states import StoryState
from stories.verbs import reviewing
from tests.house.batches import delivered_batch, fetch
from tests.house.people import World, client_of, make_member, make_user
from tests.house.stories import join
from tests.stories.typing import line, page

COMMENTS = Path(__file__).parents[3] / "shared" / "data" / "stories" / "public_comments.csv"


def with_addresses(source: Path, target: Path) -> list[dict[str, str]]:
    """The file with an invented address for each row; returns its rows."""
    with source.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        row["Email"] = f"author{number}@example.org"
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return rows


def tell(world: World, row: ImportedStory) -> Story:
    """Its author signs in, takes it up, gives it a first line, allows one partner, and submits."""
    user = make_user("Alex Author", row.email)
    member: Member = make_member(user, world.isscr, home=("66045", "KS", 1))
    join(world, member)
    browser = client_of(user)
    assert browser.post(f"/stories/imported/{row.pk}/").status_code == 302
    story = Story.objects.get(imported_from=row)
    long_text = str(world.prompts["long_text"].pk)
    sent = page(
        world,
        story,
        line(world.research_america, "lawmakers", name_shown="full"),
        full_name="Alex Author",
        first_name="Alex",
        **{f"prompt-{long_text}": row.answers[long_text].replace("\n", "\r\n")},
    )
    answer = browser.post(f"/stories/{story.ref}/preview/", sent)
    assert answer.status_code == 302, answer.content.decode()
    assert browser.get(f"/stories/{story.ref}/preview/").status_code == 200
    ready = {"version": 1, "consent_version": 1}
    assert browser.post(f"/stories/{story.ref}/submit/", ready).status_code == 302
    story.refresh_from_db()
    return story


@pytest.mark.slow
def test_every_public_comment(world: World, tmp_path: Path) -> None:
    if not COMMENTS.exists():
        pytest.skip("shared data is not here")
    rows = with_addresses(COMMENTS, tmp_path / "survey.csv")
    prompt = world.prompts["long_text"]
    prompt.most_words = None
    prompt.save()
    place = ["--campaign", world.campaign.slug, "--society", world.isscr.slug]
    call_command("import_stories", str(tmp_path / "survey.csv"), *place, stdout=io.StringIO())
    for imported in ImportedStory.objects.order_by("pk"):
        story = tell(world, imported)
        reviewing.claim(by=world.ana, story=story)
        assert story.current_revision is not None
        reviewing.approve(by=world.ana, story=story, read=story.current_revision)
    assert Story.objects.filter(state=StoryState.APPROVED).count() == len(rows)

    batch = delivered_batch(world)
    assert batch.files is not None
    name = batch.files[0]["name"]
    (tmp_path / name).write_bytes(fetch(batch, name, world.paula))
    call_command("verify_batch", str(tmp_path / name), verbosity=0)
    told = {
        str(answer["value"])
        for item in Item.objects.select_related("accepted__revision")
        for answer in item.accepted.revision.answers
        if answer["kind"] == "long_text"
    }
    assert told == {row["text"].replace("\r\n", "\n") for row in rows}
    with zipfile.ZipFile(tmp_path / name) as received:
        (entry,) = (file for file in received.namelist() if file.endswith("stories.json"))
        text = received.read(entry).decode()
    assert len(json.loads(text)["stories"]) == len(rows)
    assert "author0@example.org" not in text
