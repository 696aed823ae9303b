"""Who the demonstration can be tried as: the cast of its pages, and what `manage.py demo` prints."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from django.conf import settings
from django.urls import reverse

from campaigns.models import Campaign
from stories.demo import material, rosters
from stories.demo.material import Staff


@dataclass(frozen=True)
class SignIn:
    """One person to become: `tries` says what to do as them, `url` where they begin."""

    email: str
    name: str
    role: str
    tries: str
    url: str
    #: One of each role is printed in the terminal; the demonstration's page shows all.
    printed: bool = False


def sign_ins(campaign: Campaign) -> list[SignIn]:
    """Everybody, in the order in which a newcomer would try them."""
    return [*members(campaign), *coordinators(), *leads(campaign), *partners(), operator()]


def members(campaign: Campaign) -> list[SignIn]:
    """Members, each in another situation."""
    page = reverse("campaigns:campaign", args=[campaign.slug])
    mine = reverse("stories:mine")
    authors = {person.name: person for person in rosters.listed_authors().values()}

    def author(name: str, role: str, tries: str) -> SignIn:
        return SignIn(authors[name].email, name, role, tries, mine, printed=False)

    invited, astride, twice = rosters.INVITED, rosters.ASTRIDE, rosters.TWICE
    stranger = rosters.STRANGER
    return [
        SignIn(
            invited.email, invited.name, "member in Kansas, invited",
            "Read the invitation, join, and tell a story. Then follow it as the others.",
            page, printed=True,
        ),
        SignIn(
            authors["Lourdes Barrientos"].email, "Lourdes Barrientos", "member with four stories",
            "One was handed over, one was taken back and answered, one waits for your sign-off, one is a draft.",
            mine, printed=True,
        ),
        author(
            "Esperanza Olmedo", "member in Texas",
            "Your story is with both partners. Take it back, and see both asked for it.",
        ),
        author(
            "Vikram Patel", "member, asked about a partner",
            "Another partner has joined since you wrote. Decide whether it may have your story.",
        ),
        author(
            "Bjørn Eriksen", "member who took a story back",
            "See what was asked of the partner that holds it.",
        ),
        SignIn(
            astride.email, astride.name, "member on a state line",
            "Your ZIP lies in Kansas and in Nebraska. Nobody guesses: choose.", page,
        ),
        SignIn(
            twice.email, twice.name, "member of two societies",
            "You were invited once. Join for the society of your choice; what you once wrote in a survey waits under “My stories”.", page,
        ),
        SignIn(
            stranger.email, stranger.name, "not on a roster yet",
            "You asked ISSCR to be added, and wait. Its coordinators see your request.", reverse("campaigns:my_societies"),
        ),
    ]  # fmt: skip


def coordinators() -> list[SignIn]:
    """Both coordinators of each society; the first of ISSCR is printed."""
    queue = reverse("stories:queue")
    words = {
        "coordinator-isscr-1": "Claim a story, propose an edit, approve. Compare Đức Nguyễn's edited text.",
        "coordinator-larkmoor-1": "Your queue shows another society's stories, and none of ISSCR's.",
        "coordinator-quillbrook-1": "A story waits here whose author asked for her Spanish to stay.",
    }
    other = "The same queue as your colleague's. Try to decide a story at the same time."
    return [
        SignIn(
            person.email, person.name, f"coordinator, {society_of(person)}",
            words.get(person.key, other), queue, printed=person.key == "coordinator-isscr-1",
        )
        for person in material.cast()
        if person.role == "coordinator"
    ]  # fmt: skip


def leads(campaign: Campaign) -> list[SignIn]:
    """Who set the campaign up."""
    url = reverse("stories:lead_batches", args=[campaign.slug])
    words = "See what is due for each partner, seal a batch, read receipts and recalls; change the set-up."
    return [
        SignIn(person.email, person.name, "campaign lead", words, url, person.key == "lead-1")
        for person in material.cast()
        if person.role == "campaign_lead"
    ]


def partners() -> list[SignIn]:
    """The partners' officers."""
    inbox = reverse("stories:inbox")
    words = {
        "research-america": "A batch waits: fetch it, verify it, acknowledge it. Two recalls want an answer.",
        "lanternfield": "You joined late: read what you hold, acknowledge a batch, answer a recall.",
    }
    return [
        SignIn(
            person.email, person.name, f"partner officer, {partner_of(person)}",
            words[person.at], inbox, printed=person.key == "partner-ra-1",
        )
        for person in material.cast()
        if person.role == "partner_user"
    ]  # fmt: skip


def operator() -> SignIn:
    """Who runs the site."""
    person = next(person for person in material.cast() if person.role == "operator")
    words = "See that mail leaves and workers answer. You can read no story."
    return SignIn(person.email, person.name, "operator", words, reverse("operator"), printed=True)


def society_of(person: Staff) -> str:
    """The short name of a person's society."""
    rows = material.campaign()["societies"]
    return next(str(row["short_name"]) for row in rows if row["key"] == person.at)


def partner_of(person: Staff) -> str:
    """The first words of a partner's name."""
    rows = material.campaign()["partners"]
    return next(str(row["name"]).split(" of ")[0] for row in rows if row["key"] == person.at)


def write_cast(people: list[SignIn]) -> None:
    """Let the demonstration's pages know who can be signed in as."""
    rows = []
    for person in people:
        row = asdict(person)
        row.pop("printed")
        rows.append(row | {"try": row.pop("tries")})
    settings.DEMO_CAST.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
