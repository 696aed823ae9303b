"""Too much of everything through people's doors: a picture that unpacks for ever, endless columns, ten
thousand drafts, and files whose names want to be somewhere else."""

from __future__ import annotations

import io
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as site
from django.test import Client
from django.urls import reverse

from campaigns.models import RosterImport
from portal.models import User
from stories.models import Draft, Photo, Story
from stories.states import StoryState
from stories.verbs import telling
from tests.house.hostile import FILES, FORMULAS, MARKUP, NAUGHTY, unharmless
from tests.house.people import World
from tests.house.queries import equal_queries
from tests.house.stories import join
from tests.stories.test_photos import bomb, picture

ClientOf = Callable[[User | None], Client]


@pytest.fixture
def draft(world: World) -> Story:
    return telling.begin(by=world.mia, participation=join(world, world.mia_member))


def named(content: bytes, name: str) -> io.BytesIO:
    """A file for a form, under this name."""
    file = io.BytesIO(content)
    file.name = name
    return file


def kept_files() -> list[Path]:
    """All that stands in storage."""
    return [file for file in Path(site.MEDIA_ROOT).rglob("*") if file.is_file()]


# --- Pictures ------------------------------------------------------------------------------------


def test_a_bomb_is_refused_in_words_before_it_is_unpacked(
    world: World, draft: Story, client_of: ClientOf
) -> None:
    door, mia = reverse("stories:photo", args=[draft.ref]), client_of(world.mia)
    tracemalloc.start()
    try:
        answer = mia.post(door, {"photo": named(bomb(), "small.png"), "hook": "typed beside it"})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "more pixels than we can take" in page
    assert "typed beside it" in page
    assert peak < 20 * 1024 * 1024  # unpacked it has 1.2 GB
    assert (Photo.objects.count(), kept_files()) == (0, [])


def test_every_hostile_file_is_refused_or_becomes_a_picture_of_ours(
    world: World, draft: Story, client_of: ClientOf
) -> None:
    door, mia = reverse("stories:photo", args=[draft.ref]), client_of(world.mia)
    answers = set()
    for file in FILES:
        answer = mia.post(door, {"photo": named(file.read_bytes(), file.name)})
        answers.add(answer.status_code)
        assert unharmless(answer.content.decode()) == []
    assert answers == {302, 400}
    assert {file.read_bytes()[:3] for file in kept_files()} == {b"\xff\xd8\xff"}


# --- Tables --------------------------------------------------------------------------------------


def test_a_roster_with_a_hundred_thousand_columns_is_refused_in_words(
    world: World, client_of: ClientOf
) -> None:
    door, ana = reverse("campaigns:send_roster", args=["isscr"]), client_of(world.ana)
    header = ",".join(["email", *(f"column {n}" for n in range(99_999))])
    long_line = "email\nmia@example.org" + ",x" * 99_999
    for table in (header, header + "\n" + "x," * 99_999, long_line):
        answer = ana.post(door, {"file": named(table.encode(), "roster.csv")})
        if (
            answer.status_code == 302
        ):  # the header is in order; what is wrong is told on the next page
            answer = ana.get(answer["Location"])
        page = answer.content.decode()
        assert "100,000 columns; at most 500 can be read" in page or "longer than" in page
        assert len(page) < 100_000
    assert not RosterImport.objects.exclude(imported_at=None).exists()


# --- Names of files ------------------------------------------------------------------------------

ODD_NAMES = [
    *(
        "../../../../etc/passwd",
        "..\\..\\..\\windows\\win.ini",
        "/etc/cron.d/evil",
        "photos/../../x",
    ),
    *(
        "evil.jpg\x00.php",
        "a\r\nX-Injected: yes.jpg",
        '"><script>alert(1)</script>.jpg',
        "CON",
        ".",
    ),
    *("..", "%2e%2e%2fx.jpg", "\u202egpj.exe", "name" * 300 + ".jpg", "~/.ssh/authorized_keys"),
]
NAMES = [*ODD_NAMES, *NAUGHTY[::25], *MARKUP[::25], *FORMULAS[::5]]


def test_no_name_of_a_file_leads_out_of_storage_or_stays(
    world: World, draft: Story, client_of: ClientOf, tmp_path: Path
) -> None:
    around = {path for path in tmp_path.rglob("*") if not path.is_relative_to(site.MEDIA_ROOT)}
    photo = reverse("stories:photo", args=[draft.ref])
    roster = reverse("campaigns:send_roster", args=["isscr"])
    mia, ana = client_of(world.mia), client_of(world.ana)
    content = picture()
    for name in NAMES:
        for client, door, form in (
            (mia, photo, form_of("photo", name, content)),
            (ana, roster, form_of("file", name, b"email\nnew@example.org\n")),
        ):
            answer = client.generic("POST", door, form, "multipart/form-data; boundary=edge")
            assert answer.status_code in {302, 400}, name
            if answer.status_code == 302:
                answer = client.get(answer["Location"])
            assert unharmless(answer.content.decode()) == [], name
            assert "X-Injected" not in answer
    kept = kept_files()
    assert {file.parent.name for file in kept} == {"photos", "roster_imports"}
    assert {len(file.stem) for file in kept} == {32}  # hexadecimal digits that tell nothing
    assert {file.suffix for file in kept} == {".jpg", ".csv"}
    assert RosterImport.objects.exists()
    now = {path for path in tmp_path.rglob("*") if not path.is_relative_to(site.MEDIA_ROOT)}
    assert now == around


def form_of(field: str, name: str, content: bytes) -> bytes:
    """A form as an attacker writes it: the name of the file goes out as it is, but for quotes and lines."""
    written = name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
    head = f'--edge\r\nContent-Disposition: form-data; name="{field}"; filename="{written}"\r\n'
    kind = "Content-Type: application/x-php\r\n\r\n"
    return (head + kind).encode("utf-8", "replace") + content + b"\r\n--edge--\r\n"


# --- Ten thousand drafts -------------------------------------------------------------------------

DRAFTS = 10_000
#: However slow the machine: what reads every draft takes many times as long.
SECONDS = 3.0


def open_drafts(world: World, count: int) -> None:
    """So many drafts of Mia's in one campaign, each with words."""
    participation = join(world, world.mia_member)
    made = Story.objects.bulk_create(
        [
            Story(
                campaign=world.campaign,
                participation=participation,
                member=world.mia_member,
                society=world.isscr,
                us_state="KS",
                district=1,
            )
            for _ in range(count)
        ],
        batch_size=500,
    )
    Draft.objects.bulk_create(
        [Draft(story=story, hook="Begun and left", version=1) for story in made], batch_size=500
    )


@pytest.mark.slow
def test_ten_thousand_open_drafts_hold_nobody_up(world: World, client_of: ClientOf) -> None:
    open_drafts(world, DRAFTS)
    slug = world.campaign.slug
    pages = [
        (world.mia, reverse("stories:mine")),
        (world.mia, reverse("stories:begin", args=[slug])),
        (world.mia, "/me/"),
        (world.mia, "/campaigns/"),
        (world.ana, reverse("stories:queue")),
        (world.lee, reverse("stories:lead_stories", args=[slug])),
        (world.lee, reverse("stories:coverage", args=[slug])),
    ]
    for person, path in pages:
        client = client_of(person)
        equal_queries(lambda n: open_drafts(world, n), lambda: client.get(path))  # noqa: B023
        began = time.perf_counter()
        answer = client.get(path)
        took = time.perf_counter() - began
        assert took < SECONDS, f"{path} took {took:.1f} s"
        assert len(answer.content) < 200_000, path
    # One more is begun, written and thrown away as ever.
    mia = client_of(world.mia)
    began_at = mia.post(reverse("stories:begin", args=[slug]))["Location"]
    assert mia.get(began_at).status_code == 200
    assert Story.objects.filter(state=StoryState.DRAFT).count() == DRAFTS + len(pages) * 30 + 1


@pytest.mark.slow
def test_everything_about_oneself_holds_ten_thousand_drafts(
    world: World, client_of: ClientOf
) -> None:
    open_drafts(world, DRAFTS)
    mia = client_of(world.mia)
    began = time.perf_counter()
    answer = mia.get(reverse("own_data"))
    took = time.perf_counter() - began
    assert took < 3 * SECONDS, f"{took:.1f} s"
    told = b"".join(answer) if answer.streaming else answer.content
    assert told.count(b"Begun and left") == DRAFTS
