"""Stories from survey tools: each layout, the column map, nothing invented, nothing twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command

from campaigns.models import RosterEntry
from portal.models import Message
from stories.models import Consent, Draft, ImportedStory, Story
from tests.house.people import World, client_of
from tests.house.post import Mail
from tests.house.sides import surveyed
from tests.house.stories import WORDS, join
from tests.stories.typing import page

COMMENTS = Path(__file__).parents[3] / "shared" / "data" / "stories" / "public_comments.csv"
QUOTED = '"' + WORDS.replace('"', '""') + '\n\nSecond paragraph, with a comma."'


@pytest.fixture
def bring(world: World, tmp_path: Path) -> Callable[..., str]:
    """`bring(text, *arguments)`: run the command on a file with this text; returns what it printed."""

    def run(text: str | bytes, *arguments: str, **options: object) -> str:
        file = tmp_path / "survey.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        out = StringIO()
        call_command(
            "import_stories",
            str(file),
            "--campaign",
            world.campaign.slug,
            "--society",
            world.isscr.slug,
            *arguments,
            stdout=out,
            **options,
        )
        return out.getvalue()

    return run


def surveymonkey() -> str:
    return (
        "Respondent ID,Collector ID,IP Address,Email Address,Headline,Your story,It is about,,,I tell this as\n"
        ",,,,Open-Ended Response,Open-Ended Response,a treatment,a discovery,Other (please specify),Response\n"
        f"11,7,192.0.2.7,Mia@Example.org,My father reads again,{QUOTED},a treatment,a discovery,,A Scientist\n"
        f"12,7,192.0.2.8,nils@example.org,,{QUOTED},,,a bridge,a juggler\n"
        "13,7,192.0.2.9,,Nobody,Told by nobody,,,,\n"
        "14,7,192.0.2.9,pat@example.org,,,,,,\n"
    )


def google() -> str:
    return (
        "Timestamp,Username,Story in one line,Your story,It is about,When did it happen?\n"
        f'2026/09/01 9:30:11 AM MDT,mia@example.org,{"x" * 180},{QUOTED},"a job, a student",9/30/2025\n'
    )


def qualtrics() -> str:
    return (
        "StartDate,Status,IPAddress,ResponseId,RecipientEmail,Q1,Q2_1,Q2_2,LocationLatitude\n"
        "Start Date,Response Type,IP Address,Response ID,Recipient Email,Your story,"
        "It is about - a job,It is about - a student,Location Latitude\n"
        '"{""ImportId"":""startDate""}","{""ImportId"":""status""}","{""ImportId"":""ip""}",'
        '"{""ImportId"":""_recordId""}","{""ImportId"":""recipientEmail""}","{""ImportId"":""QID1""}",'
        '"{""ImportId"":""QID2_1""}","{""ImportId"":""QID2_2""}","{""ImportId"":""lat""}"\n'
        f"2026-09-01,IP Address,192.0.2.1,R_1,mia@example.org,{QUOTED},a job,,38.9\n"
        f"2026-09-01,Survey Preview,192.0.2.1,R_2,lee@example.org,{QUOTED},a job,,38.9\n"
    )


def test_surveymonkey(world: World, bring: Callable[..., str]) -> None:
    said = bring(surveymonkey())
    assert "SurveyMonkey" in said
    assert "2 added" in said
    assert "line 9 rejected: has no e-mail address" in said
    assert "line 10 rejected: tells nothing" in said
    mia, nils = ImportedStory.objects.order_by("pk")
    kind = {name: str(prompt.pk) for name, prompt in world.prompts.items()}
    assert (mia.email, mia.hook) == ("mia@example.org", "My father reads again")
    assert mia.answers == {
        kind["long_text"]: f"{WORDS}\n\nSecond paragraph, with a comma.",
        kind["several"]: ["a treatment", "a discovery"],
        kind["one_choice"]: "a scientist",
    }
    assert nils.answers[kind["several"]] == ["a bridge"]
    assert nils.answers[kind["one_choice"]] == "a juggler"
    assert mia.row["Respondent ID"] == "11"
    assert mia.row["It is about / a discovery"] == "a discovery"
    assert "192.0.2" not in json.dumps([mia.row, nils.row])
    assert "Not stored at all: IP Address" in said


def test_google_forms(world: World, bring: Callable[..., str]) -> None:
    said = bring(google())
    assert "Google Forms" in said
    assert "1 with a first line that its author is asked to shorten" in said
    row = ImportedStory.objects.get()
    assert row.hook == "x" * 180
    assert row.answers[str(world.prompts["several"].pk)] == ["a job", "a student"]
    assert row.answers[str(world.prompts["date"].pk)] == "2025-09-30"


def test_qualtrics(world: World, bring: Callable[..., str]) -> None:
    said = bring(qualtrics())
    assert "Qualtrics" in said
    assert "is a preview by the survey's maker" in said
    row = ImportedStory.objects.get()
    assert row.answers == {
        str(world.prompts["long_text"].pk): f"{WORDS}\n\nSecond paragraph, with a comma.",
        str(world.prompts["several"].pk): ["a job"],
    }
    assert row.row["ResponseId"] == "R_1"
    assert "38.9" not in json.dumps(row.row)


def test_importing_twice_changes_nothing_and_tells_nobody_again(
    bring: Callable[..., str], deliver_mail: Callable[[], list[Mail]]
) -> None:
    bring(surveymonkey())
    assert sorted(mail.to for mail in deliver_mail()) == ["mia@example.org", "nils@example.org"]
    before = list(ImportedStory.objects.values())
    said = bring(surveymonkey())
    assert "0 added" in said
    assert "2 known already" in said
    assert "0 authors told" in said
    assert list(ImportedStory.objects.values()) == before
    assert deliver_mail() == []


def test_the_letter_leads_to_the_story(
    world: World, bring: Callable[..., str], deliver_mail: Callable[[], list[Mail]]
) -> None:
    bring(google())
    (mail,) = deliver_mail()
    assert "kept your story for you" in mail.subject
    assert "/stories/" in mail.links
    assert "/unsubscribe/" in mail.wire["List-Unsubscribe"]
    assert WORDS not in mail.text


def test_quiet_and_dry_runs(
    bring: Callable[..., str], deliver_mail: Callable[[], list[Mail]]
) -> None:
    said = bring(google(), "--dry-run")
    assert "1 would be added" in said
    assert (ImportedStory.objects.count(), Message.objects.count()) == (0, 0)
    bring(google(), "--quiet")
    assert (ImportedStory.objects.count(), deliver_mail()) == (1, [])


def test_whoever_wants_no_invitations_is_not_told(
    world: World, bring: Callable[..., str], deliver_mail: Callable[[], list[Mail]]
) -> None:
    world.mia_member.no_invitations_since = world.campaign.created_at
    world.mia_member.save()
    bring(surveymonkey())
    assert [mail.to for mail in deliver_mail()] == ["nils@example.org"]


def test_nor_at_another_of_their_addresses(world: World, bring: Callable[..., str]) -> None:
    """One that a roster knows, and one that they have proven themselves."""
    world.mia_member.no_invitations_since = world.campaign.created_at
    world.mia_member.save()
    known, proven = "mia.chen@ku.example.org", "mia.at.home@example.org"
    RosterEntry.objects.create(society=world.rivers, member=world.mia_member, email=known)
    EmailAddress.objects.create(user=world.mia, email=proven, verified=True)
    for address in (known, proven):
        bring(google().replace("mia@example.org", address))
        assert ImportedStory.objects.filter(email=address).exists()
    assert not Message.objects.filter(template="imported_story").exists()


def test_a_column_map_says_what_names_do_not(
    world: World, bring: Callable[..., str], tmp_path: Path
) -> None:
    text = "Mail of person;Slogan;Txt\nmia@example.org;Short;Long enough\n"
    long_text = world.prompts["long_text"]
    chosen = ["--map", "Mail of person=email", "--map", f"Txt=prompt:{long_text.label}"]
    bring(text, *chosen)
    assert ImportedStory.objects.get().hook == ""
    ImportedStory.objects.all().delete()
    file = tmp_path / "map.json"
    file.write_text(
        json.dumps({"Mail of person": "email", "Slogan": "hook", "Txt": f"prompt:{long_text.pk}"})
    )
    bring(text, "--map", str(file))
    row = ImportedStory.objects.get()
    assert (row.hook, row.answers) == ("Short", {str(long_text.pk): "Long enough"})


@pytest.mark.parametrize(
    ("text", "arguments", "words"),
    [
        ("a,b\n1,2\n", [], "No column holds e-mail addresses"),
        ("email,b\nmia@example.org,2\n", [], "No column answers a prompt"),
        ("email,story\nmia@example.org,x\n", ["--map", "c=hook"], "There is no column “c”"),
        ("email,story\nmia@example.org,x\n", ["--map", "story=headline"], "is no target"),
        ("email,story\nmia@example.org,x\n", ["--map", "story=prompt:9999"], "has no prompt"),
        ("email,story\nmia@example.org,x\n", ["--map", "story"], "takes COLUMN=TARGET"),
        ("email,story\nno address,x\n", [], "Every row was rejected"),
        ("", [], "The file is empty"),
        (b"PK\x03\x04rest", [], "an Excel workbook"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_in_words(
    bring: Callable[..., str], text: str | bytes, arguments: list[str], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        bring(text, *arguments)
    assert ImportedStory.objects.count() == 0


def test_encodings(bring: Callable[..., str], world: World) -> None:
    text = "Email,Your story\nmia@example.org,“Zoë” grew cells\n"
    for place, data in enumerate((b"\xef\xbb\xbf" + text.encode(), text.encode("cp1252"))):
        bring(data + f"nils@example.org,row {place}\n".encode(), "--quiet")
    texts = {row.answers[str(world.prompts["long_text"].pk)] for row in ImportedStory.objects.all()}
    assert texts == {"“Zoë” grew cells", "row 0", "row 1"}


def test_a_society_that_takes_no_part(world: World, tmp_path: Path) -> None:
    world.campaign.societies.remove(world.isscr)
    file = tmp_path / "survey.csv"
    file.write_text(google())
    with pytest.raises(CommandError, match="does not take part"):
        call_command(
            "import_stories", str(file), "--campaign", world.campaign.slug, "--society", "isscr"
        )


def test_only_the_author_takes_a_story_up_and_agrees_there(
    world: World, bring: Callable[..., str]
) -> None:
    bring(google())
    row = ImportedStory.objects.get()
    mia, nils = client_of(world.mia), client_of(world.nils)
    door = f"/stories/imported/{row.pk}/"

    # Not joined yet: the list leads to the campaign, and the door says so.
    assert "Join the campaign first" in mia.get("/stories/").content.decode()
    assert mia.post(door).status_code == 400
    join(world, world.mia_member)
    join(world, world.nils_member, world.rivers)
    assert "Read and agree" in mia.get("/stories/").content.decode()
    assert "xxx" not in nils.get("/stories/").content.decode()
    assert nils.post(door).status_code == 404

    answer = mia.post(door)
    story = Story.objects.get()
    assert answer["Location"] == f"/stories/{story.ref}/write/"
    assert Draft.objects.get(story=story).hook == "x" * 180
    assert Consent.objects.count() == 0
    assert mia.post(door).status_code == 409
    assert Story.objects.count() == 1

    # The long first line is the author's to shorten.
    tried = mia.post(f"/stories/{story.ref}/preview/", page(world, story, hook="x" * 180))
    assert "Please shorten this to 140 characters; it has 180." in tried.content.decode()
    sent = mia.post(f"/stories/{story.ref}/submit/", page(world, story))
    assert sent.status_code == 302
    assert Consent.objects.get().given_by == world.mia


def test_an_unproved_address_opens_nothing(world: World, bring: Callable[..., str]) -> None:
    bring(google())
    join(world, world.mia_member)
    world.mia.emailaddress_set.update(verified=False)  # type: ignore[attr-defined]
    row = ImportedStory.objects.get()
    assert client_of(world.mia).post(f"/stories/imported/{row.pk}/").status_code == 404


def test_all_public_comments(world: World, bring: Callable[..., str]) -> None:
    if not COMMENTS.exists():
        pytest.skip("shared data is not here")
    text = COMMENTS.read_bytes()
    with pytest.raises(CommandError, match="No column holds e-mail addresses"):
        bring(text)
    said = bring(text, "--without-addresses")
    assert "198 added" in said
    assert "“text” becomes prompt" in said
    again = bring(text, "--without-addresses")
    assert "198 known already" in again
    assert {row.email for row in ImportedStory.objects.all()} == {""}


def test_whoever_joins_is_led_to_what_waits_and_not_to_an_empty_draft(world: World) -> None:
    """Joining begins a story with the same press; a stale page's button may be pressed once more."""
    mia, join_it = client_of(world.mia), f"/campaigns/{world.campaign.slug}/join/"
    surveyed(world)
    led = [mia.post(join_it, follow=True).redirect_chain[-1] for _ in range(2)]
    assert led == [("/stories/", 302)] * 2
    assert not Story.objects.exists()
    ImportedStory.objects.all().delete()
    first = mia.post(join_it, follow=True).redirect_chain[-1][0]
    story = Story.objects.get()
    assert first == f"/stories/{story.ref}/write/"
    assert mia.post(join_it, follow=True).redirect_chain[-1] == ("/stories/", 302)
    assert Story.objects.count() == 1
