"""The writing page: what it asks, what it refuses, and that it changes no letter."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from campaigns.models import ConsentText, Member, Participation, RosterEntry
from portal.models import User
from stories.models import Draft, Story
from stories.rules import words
from stories.states import StoryState
from stories.verbs import reviewing, telling
from tests.house.people import World, client_of
from tests.house.stories import WORDS, join, submitted_story
from tests.stories.typing import line, page

NASTY = Path(__file__).parents[3] / "shared" / "data" / "nasty" / "naughty_strings.json"


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


def test_what_the_coordinators_ask_for_stands_on_the_page_that_changes_it(
    world: World, mia: Client
) -> None:
    story = submitted_story(world)
    reviewing.claim(by=world.ana, story=story)
    assert story.current_revision is not None
    asked = "Which year was it?"
    assert asked not in mia.get(url(story)).content.decode()
    reviewing.ask_changes(by=world.ana, story=story, read=story.current_revision, reason=asked)
    assert asked in mia.get(url(story)).content.decode()
    refused = mia.post(url(story, "preview"), page(world, story, hook=""))
    assert refused.status_code == 400
    assert asked in refused.content.decode()


def test_what_is_not_right_is_listed_in_the_order_of_the_page(
    world: World, mia: Client, story: Story
) -> None:
    wrong = page(
        world,
        story,
        line(world.research_america, "press", name_shown="full", until="someday"),
        hook="",
        full_name="",
        **{f"prompt-{world.prompts['date'].pk}": "someday"},
    )
    answer = mia.post(url(story, "preview"), wrong)
    listed = [problem.label for problem in answer.context["problems"]]
    assert listed == [
        "Your story in one line",
        world.prompts["date"].label,
        "Your full name, as it should appear",
        "Research!America: Until",
    ]


def test_begin_opens_one_draft_however_often_it_is_pressed(world: World, mia: Client) -> None:
    participation = join(world, world.mia_member)
    first = mia.post(f"/stories/begin/{world.campaign.slug}/")
    second = mia.post(f"/stories/begin/{world.campaign.slug}/")
    story = Story.objects.get(participation=participation)
    assert (first.url, second.url) == (url(story), url(story))  # type: ignore[attr-defined]
    assert mia.get(url(story)).status_code == 200


def test_begin_is_for_those_who_have_joined(world: World) -> None:
    join(world, world.mia_member)
    door = f"/stories/begin/{world.campaign.slug}/"
    assert client_of(world.mia).get(door).status_code == 200
    assert client_of(world.nils).get(door).status_code == 404
    assert client_of(world.nils).post(door).status_code == 404
    assert Participation.objects.count() == 1


def test_begin_shows_what_was_begun_before(world: World, mia: Client, story: Story) -> None:
    Draft.objects.filter(story=story).update(hook="The clock again", version=1)
    shown = mia.get(f"/stories/begin/{world.campaign.slug}/").content.decode()
    assert "The clock again" in shown
    mia.post(f"/stories/begin/{world.campaign.slug}/")
    assert Story.objects.count() == 2


def test_the_page_asks_every_prompt_and_ticks_nothing(
    world: World, mia: Client, story: Story
) -> None:
    world.prompts["link"].retired_at = timezone.now()
    world.prompts["link"].save()
    shown = mia.get(url(story)).content.decode()
    asked = {
        kind for kind, prompt in world.prompts.items() if f'name="prompt-{prompt.pk}"' in shown
    }
    assert asked == set(world.prompts) - {"link"}
    assert world.consent_text.text in shown.replace("&#x27;", "'")
    assert 'value="lawmakers" checked' not in shown.replace("\n", " ")
    for partner in (world.research_america, world.frontline):
        assert partner.name in shown
    assert "Partners that join later" in shown


def test_only_the_author_opens_it(world: World, story: Story) -> None:
    answers = {
        user.name: client_of(user).get(url(story)).status_code
        for user in (world.mia, world.nils, world.otto, world.ana, world.lee, world.paula)
    }
    assert answers == {
        "Mia Chen": 200,
        "Nils Dahl": 404,
        "Otto Brandt": 404,
        "Ana Ruiz": 404,
        "Lee Park": 404,
        "Paula Grant": 404,
    }


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("hook", "", "Please put your story into one line."),
        ("hook", "x" * 141, "Please shorten this to 140 characters; it has 141."),
        ("hook", "a\nb", "Please write this on one line."),
        ("hook", "a\x07b", "(U+0007)"),
        ("long_text", "too short", "Please write at least 20 words; so far there are 2."),
        ("long_text", "word " * 601, "Please use at most 600 words; there are 601."),
        ("long_text", WORDS + "\x00", "(U+0000)"),
        ("one_choice", "an astronaut", "Please choose one of those offered here."),
        ("several", ["a job", "a rocket"], "Please choose among those offered here."),
        ("date", "31/31/2026", "Please give a day"),
        ("link", "javascript:alert(1)", "Please give a web address"),
    ],
)
def test_what_is_refused_is_told_beside_the_field(
    world: World, mia: Client, story: Story, field: str, value: object, said: str
) -> None:
    name = field if field == "hook" else f"prompt-{world.prompts[field].pk}"
    good = mia.post(url(story, "preview"), page(world, story))
    assert good.status_code == 302
    answer = mia.post(url(story, "preview"), page(world, story, **{name: value}))
    assert answer.status_code == 400
    assert said in answer.content.decode().replace("&#x27;", "'")
    assert "Nothing you typed is lost" in answer.content.decode()


def test_140_characters_are_counted_as_people_count_them(
    world: World, mia: Client, story: Story
) -> None:
    answer = mia.post(url(story, "preview"), page(world, story, hook="🧬" * 140))
    assert answer.status_code == 302


def naughty() -> tuple[list[str], list[str]]:
    """The list's strings that can be printed, put together into texts, and those that cannot, alone."""
    strings = [words.unix_newlines(text) for text in json.loads(NASTY.read_text()) if text.strip()]
    bad = [text for text in strings if words.control_characters(text)]
    good = [text for text in strings if text not in bad]
    return ["\n".join(good[place : place + 20]) for place in range(0, len(good), 20)], bad


def test_naughty_strings_come_back_byte_for_byte(world: World, mia: Client, story: Story) -> None:
    if not NASTY.exists():
        pytest.skip("shared data is not here")
    texts, bad = naughty()
    prompt = world.prompts["long_text"]
    prompt.most_words = None
    prompt.save()
    field = f"prompt-{prompt.pk}"
    for text in texts:
        typed = f"{WORDS}\n{text}\n"
        sent = page(world, story, **{field: typed.replace("\n", "\r\n")})
        assert mia.post(url(story, "preview"), sent).status_code == 302
        assert Draft.objects.get(story=story).answers[str(prompt.pk)] == typed
        shown = html.unescape(mia.get(url(story)).content.decode())
        assert typed in shown
    assert len(texts) > 11
    for text in bad:
        answer = mia.post(url(story, "preview"), page(world, story, **{field: WORDS + text}))
        assert answer.status_code == 400
        assert "characters that cannot be printed" in answer.content.decode()


def test_an_unknown_line_of_the_grid_changes_nothing(
    world: World, mia: Client, story: Story
) -> None:
    sent = page(world, story)
    sent["lines"] = [*sent["lines"], "p999999", "nonsense"]
    sent["line-p999999-uses"] = ["lawmakers"]
    mia.post(url(story, "submit"), sent)
    story.refresh_from_db()
    assert [c.partner for c in story.consents.live()] == [world.research_america]


def test_anonymous_words_may_not_tell_who_wrote_them(
    world: World, mia: Client, story: Story
) -> None:
    named = line(world.research_america, "press", name_shown="full")
    nameless = line(world.research_america, "press")
    field = f"prompt-{world.prompts['long_text'].pk}"
    gives_away = {field: f"{WORDS} They call me CHEN at the lab, or mia@example.org."}

    assert (
        mia.post(url(story, "preview"), page(world, story, named, **gives_away)).status_code == 302
    )
    answer = mia.post(url(story, "preview"), page(world, story, nameless, **gives_away))
    assert answer.status_code == 400
    # Once in the summary on top, and once where it can be put right.
    said = answer.content.decode()
    assert said.count("the text contains “Mia”, “Chen”, “mia@example.org”") == 2

    # A surname can be an ordinary word; an address never is.
    ticked = page(world, story, nameless, not_me=["Chen", "Mia", "mia@example.org"], **gives_away)
    assert mia.post(url(story, "preview"), ticked).status_code == 400
    only_name = {field: f"{WORDS} The Chen river."}
    asked = mia.post(url(story, "preview"), page(world, story, nameless, **only_name))
    assert asked.status_code == 400
    assert 'value="Chen"' in asked.content.decode()
    not_her = page(world, story, nameless, not_me=["Chen"], **only_name)
    assert mia.post(url(story, "preview"), not_her).status_code == 302


def test_a_first_name_line_may_not_tell_the_rest(world: World, mia: Client, story: Story) -> None:
    first = line(world.research_america, "press", name_shown="first")
    field = f"prompt-{world.prompts['long_text'].pk}"
    own_first = page(world, story, first, **{field: f"{WORDS} I am Mia."})
    surname = page(world, story, first, **{field: f"{WORDS} I am Mia Chen."})
    assert mia.post(url(story, "preview"), own_first).status_code == 302
    assert mia.post(url(story, "preview"), surname).status_code == 400


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("2020-01-01", "This day has passed"),
        ("2099-01-01", "within the next five years"),
        ("", "Please say until when"),
        ("soon", "Please give a day"),
    ],
)
def test_until_when(world: World, mia: Client, story: Story, until: str, said: str) -> None:
    good = line(world.research_america, "press")
    bad = line(world.research_america, "press", until=until)
    unused = line(world.research_america, until=until)
    assert mia.post(url(story, "preview"), page(world, story, good)).status_code == 302
    answer = mia.post(url(story, "preview"), page(world, story, bad))
    assert answer.status_code == 400
    assert said in answer.content.decode()
    if until != "soon":
        assert mia.post(url(story, "preview"), page(world, story, unused)).status_code == 302


def test_a_shown_name_must_be_there(world: World, mia: Client, story: Story) -> None:
    shown = line(world.research_america, "press", name_shown="full")
    answer = mia.post(url(story, "preview"), page(world, story, shown, full_name=""))
    assert answer.status_code == 400
    assert "please write it here" in answer.content.decode()


def test_a_new_wording_must_be_read_first(world: World, mia: Client, story: Story) -> None:
    sent = page(world, story)
    ConsentText.objects.create(
        campaign=world.campaign, version=2, text="New words.", created_by=world.lee
    )
    answer = mia.post(url(story, "submit"), sent)
    assert answer.status_code == 400
    shown = answer.content.decode()
    assert "The wording that you agree to has changed" in shown
    assert "New words." in shown
    assert 'name="consent_version" value="2"' in shown
    story.refresh_from_db()
    assert (story.state, story.consents.count()) == (StoryState.DRAFT, 0)
    again = page(world, story, consent_version=2)
    assert mia.post(url(story, "submit"), again).status_code == 302
    assert story.consents.get().text.version == 2


def test_the_preview_shows_each_partner_what_it_gets_and_no_more(
    world: World, mia: Client, story: Story
) -> None:
    sent = page(
        world,
        story,
        line(world.research_america, "lawmakers", "press", name_shown="first"),
        line(None, "publication"),
    )
    assert mia.post(url(story, "preview"), sent).status_code == 302
    shown = mia.get(url(story, "preview")).content.decode()
    readers, nothing = shown.split('<section class="panel"')[1:]
    research, later = readers.split("<h2")[1:]
    assert "Mia, Kansas" in research
    assert "Lawmakers’ offices, press" in research
    assert "No name" in later
    assert shown.replace("&#x27;", "'").count(WORDS) == 1
    assert WORDS in later.replace("&#x27;", "'")
    assert "Frontline" in nothing
    assert "Receives nothing" in nothing
    assert "Dr. Mia Chen" not in shown


def test_a_preview_of_an_unfinished_draft_is_the_page_with_what_is_missing(
    world: World, mia: Client, story: Story
) -> None:
    answer = mia.get(url(story, "preview"))
    assert "Please put your story into one line." in answer.content.decode()


def test_ended_stories_cannot_be_written(world: World, mia: Client) -> None:
    story = submitted_story(world)
    assert mia.get(url(story)).status_code == 200
    telling.withdraw(by=world.mia, story=story)
    assert mia.get(url(story)).status_code == 409
    assert mia.post(url(story, "save"), page(world, story)).status_code == 409


def test_a_name_of_two_letters_gives_its_author_away_too(
    world: World, mia: Client, story: Story
) -> None:
    """As it is spelled: not "he" for He, and not every "Dr." for a Dr. Li."""
    Member.objects.filter(pk=world.mia_member.pk).update(given_name="Mia", family_name="Li")
    User.objects.filter(pk=world.mia.pk).update(name="Dr. Mia Lì")
    nameless = line(world.research_america, "press")
    for hook, told in (
        ("I am Dr. Li of Lawrence", True),
        ("Her name, Lì, stood on the door", True),
        ("Dr. Brandt and the li battery, Lithium and a flea", False),
    ):
        sent = page(world, story, nameless, hook=hook, full_name="Dr. Mia Li")
        answer = mia.post(url(story, "preview"), sent)
        assert answer.status_code == (400 if told else 302)
        assert ('value="Li"' in answer.content.decode()) is told


def test_every_address_of_the_author_gives_them_away(
    world: World, mia: Client, story: Story
) -> None:
    """One that a roster has and one of the account, beside the one that all know her by."""
    RosterEntry.objects.create(
        society=world.rivers, member=world.mia_member, email="mchen7@ku.example.org"
    )
    EmailAddress.objects.create(user=world.mia, email="clockreader@example.org", verified=True)
    nameless = line(world.research_america, "press")
    for address in ("MChen7@ku.example.org", "clockreader@example.org"):
        sent = page(world, story, nameless, hook=f"Write to {address}", not_me=[address.lower()])
        answer = mia.post(url(story, "preview"), sent)
        assert answer.status_code == 400
        assert f"“{address.lower()}”" in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "hook", "told"),
    [
        ("Mia O'Brien", "Dr. O’Brien saw it", "O'Brien"),  # as phones type it
        ("Mia O’Brien", "Dr. O'Brien saw it", "O’Brien"),
        ("Mia García-López", "Dr. Lopez saw it", "López"),
        ("Mia Løvås", "Dr. Lovas saw it", "Løvås"),
        ("Mia Weber", "See example.org/mia_weber", "Weber"),
        ("Mia Weber", "Dr. We\u00adber saw it", "Weber"),  # a hyphen that nobody sees
        ("Mia Weber", "Webers saw it, the cobweber too", ""),
        ("Jürgen Weber", "Juergen saw it", "Jürgen"),  # as German is typed without its letters
        ("Juergen Weber", "Jürgen saw it", "Juergen"),
        ("Mia Groß", "Dr. GROSS saw it", "Groß"),
        ("Mia Sørensen", "Dr. Soerensen saw it", "Sørensen"),
        ("Mia Weber", "Seen by #MiaSavesScience", "Mia"),
        ("Mia Weber", "Seen by #miaweber", "MiaWeber"),
        ("Mia Weber", "Seen by @weber_mia99 and @webermia99", "WeberMia"),
        ("Donald Mia", "McDonaldson and the macdonald, academia too", ""),
        ("Hu Man", "A human cell", ""),
        ("Mia Li", "LiCl and a LiDAR", ""),
    ],
)
def test_a_name_is_found_however_it_was_typed(
    world: World, mia: Client, story: Story, name: str, hook: str, told: str
) -> None:
    given, _, family = name.partition(" ")
    Member.objects.filter(pk=world.mia_member.pk).update(given_name=given, family_name=family)
    User.objects.filter(pk=world.mia.pk).update(name=name)
    sent = page(world, story, line(world.research_america, "press"), hook=hook, full_name=name)
    answer = mia.post(url(story, "preview"), sent)
    assert answer.status_code == (400 if told else 302)
    assert not told or f'value="{html.escape(told)}"' in answer.content.decode()


def test_half_of_a_double_first_name_may_be_shown(world: World, mia: Client, story: Story) -> None:
    Member.objects.filter(pk=world.mia_member.pk).update(given_name="Mía-Sofia")
    first = line(world.research_america, "press", name_shown="first")
    for hook, status in (("I am Mia", 302), ("I am Mia-Sofia", 400)):
        sent = page(world, story, first, hook=hook, first_name="Mia")
        assert mia.post(url(story, "preview"), sent).status_code == status
