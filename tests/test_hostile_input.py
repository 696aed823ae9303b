"""Hostile input at every door: kept as typed or refused in words, harmless wherever it is shown again.

Forms are found by walking as each person. Every form gets a share of the strings in each run, another
share in each process; `HOSTILE=all` gives every string to every form, which takes an hour.
"""

from __future__ import annotations

import base64
import csv
import io
import itertools
import json
import os
from collections.abc import Callable, Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from bs4 import BeautifulSoup
from django.db import transaction
from django.test import Client

from portal.guards import MOST_CHARACTERS
from portal.models import User
from stories.models import Batch
from tests.house import hostile
from tests.house.browser import OpenPage
from tests.house.full_stage import Stage, rename_everything, set_the_stage
from tests.house.hostile import (
    ALWAYS,
    EVERY,
    FORMULAS,
    MARKUP,
    NAMES,
    NAUGHTY,
    OWN,
    Form,
    Walk,
    unharmless,
)
from tests.house.people import World, client_of, make_user, make_world
from tests.house.post import Mail

ALL = os.environ.get("HOSTILE") == "all"
#: Strings that each form gets in an ordinary run, besides our own.
SHARE = 6
PEOPLE = ("mia", "sam", "ana", "lee", "paula", "olga", "nobody")
#: Doors that are the same for everybody who has signed in: it is enough to try them as one person.
EVERYBODYS = ("account_", "mfa_", "rename", "end_", "campaigns:save_places", "campaigns:ask_to_be")
EVERYBODY = "sam"

pytestmark = pytest.mark.django_db


def plainly() -> Callable[[int], str]:
    """Texts that harm nobody, each another one."""
    count = itertools.count(1)
    words = "Words that anybody could have typed, and that stand for something better. "
    return lambda most: f"{next(count)} {words * 9}"[:most].strip()


def hostilely(strings: list[str]) -> Callable[[int], str]:
    """Texts made of the strings in turn, as many as there is room for; no NUL, which no door lets in."""
    count, turn = itertools.count(1), itertools.cycle(text.replace("\x00", "") for text in strings)

    def text(most: int) -> str:
        made = f"{next(count)}"
        while True:
            following = f"{made} {next(turn)}"
            if len(following) > most:
                # At least one of them, cut where there is no room for the whole.
                return following[:most].strip() if " " not in made else made
            made = following

    return text


def client_named(world: World, name: str) -> Client:
    user: User | None = getattr(world, name, None)
    return client_of(user)


def walked(world: World, name: str) -> Walk:
    """All that a person can reach."""
    starts = ["/", "/me/", "/me/places/", "/societies/", "/campaigns/", "/me/sessions/"]
    if name == "nobody":
        starts = [
            *("/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"),
            *("/accounts/login/code/", f"/i/{world.mia_member.token}/{world.campaign.slug}/"),
            f"/unsubscribe/{world.mia_member.token}/",
        ]
    if name == "olga":
        starts += ["/admin/", "/operator/messages/", "/operator/jobs/"]
    if name == "lee":
        starts += [f"/lead/{world.campaign.slug}/{part}/" for part in LEAD_PAGES]
    return hostile.walk(client_named(world, name), *starts)


LEAD_PAGES = ("basics", "rhythm", "consent", "phases", "prompts", "partners", "societies", "leads")


@pytest.fixture
def stage(world: World) -> Stage:
    return set_the_stage(world, plainly())


def share_of(form: Form, seed: int) -> list[str]:
    """The strings that this form gets in this run."""
    if ALL:
        return EVERY
    rest = EVERY[ALWAYS:]
    step = len(rest) // SHARE
    first = (seed * 7919 + len(form.values)) % step
    return [*OWN[:ALWAYS], *rest[first::step]]


def rounds(form: Form, seed: int) -> Iterator[dict[str, str]]:
    """What is typed in each round: another string in each field, and one round that tampers with the rest."""
    strings = share_of(form, seed)
    for place in range(len(strings)):
        yield {
            name: strings[(place + number) % len(strings)] for number, name in enumerate(form.typed)
        }
        if not form.typed:
            break
    others = sorted({name for name, _ in form.values} - set(form.typed))
    for text in (OWN[0], OWN[2], "99999999999999999999", "-1", "<b>", "A" * 5000):
        if others:
            yield dict.fromkeys(others, text)


def send(client: Client, form: Form, texts: dict[str, str]) -> tuple[int, str, str]:
    """Send a form and undo whatever it did; returns the status, what the page says, and where it leads."""
    cookies = dict(client.cookies)
    with transaction.atomic():
        if form.method.lower() == "get":
            answer = client.get(form.action, form.data(texts), follow=True)
        else:
            answer = client.post(form.action, form.data(texts), headers={"referer": form.page})
        body = b"".join(answer) if answer.streaming else answer.content
        html = answer["Content-Type"].startswith("text/html") if answer.content else False
        transaction.set_rollback(True)
    client.cookies.clear()
    client.cookies.update(cookies)
    return answer.status_code, body.decode() if html else "", answer.get("Location", "")


def kept(text: str, page: str) -> bool:
    """Whether a page still holds what was typed, in a field or to be copied."""
    fields = BeautifulSoup(page, "html.parser")
    values = {str(tag.get("value", "")) for tag in fields.find_all("input")}
    values |= {tag.get_text() for tag in fields.find_all(["textarea", "pre"])}
    plain = " ".join(text.replace("\x00", "").split())
    return any(plain in " ".join(value.replace("\x00", "").split()) for value in values)


@pytest.mark.slow
@pytest.mark.parametrize("name", PEOPLE)
def test_no_form_breaks(stage: Stage, name: str) -> None:
    """Every text field of every form that a person can reach, hidden ones and choices too."""
    client = client_named(stage.world, name)
    forms = {
        key: form
        for key, form in walked(stage.world, name).forms.items()
        if not key[0].startswith(EVERYBODYS) or name in {EVERYBODY, "nobody"}
    }
    assert forms
    found: list[str] = []
    for seed, form in enumerate(forms.values()):
        for texts in rounds(form, seed):
            try:
                status, page, leads_to = send(client, form, texts)
            except Exception as problem:  # every one is a finding
                found.append(
                    f"{form.key[0]} {short(texts)}: {type(problem).__name__} {problem}"[:400]
                )
                continue
            if status >= 500:
                found.append(f"{form.key[0]} {short(texts)}: {status}")
            if leads_to.startswith(("//", "http")) and "testserver" not in leads_to:
                found.append(f"{form.key[0]} leads away to {leads_to}")
            found += [f"{form.key[0]} {short(texts)}: {bad}" for bad in unharmless(page)]
    assert not found, "\n".join(dict.fromkeys(found))


def short(texts: dict[str, str]) -> str:
    """Enough of what was typed to find it again."""
    return str({name: text[:40] for name, text in texts.items()})[:200]


# --- What was let in, shown again ----------------------------------------------------------------


@pytest.fixture
def hostile_stage(world: World) -> Stage:
    """The same stage, and every word on it hostile."""
    text = hostilely([*MARKUP, *OWN[:6], *FORMULAS, *NAUGHTY, *NAMES])
    rename_everything(world, text)
    return set_the_stage(world, text)


def test_what_was_typed_is_harmless_on_every_page_in_mail_and_in_files(
    hostile_stage: Stage, deliver_mail: Callable[[], list[Mail]]
) -> None:
    world = hostile_stage.world
    found: list[str] = []
    pages = 0
    for name in PEOPLE:
        walk = walked(world, name)
        pages += len(walk.pages)
        found += [f"{name} {path}: {bad}" for path, all_ in walk.harmful.items() for bad in all_]
    assert pages > 100
    letters = deliver_mail()
    assert len(letters) > 20
    for letter in letters:
        found += [f"{letter.subject[:40]}: {bad}" for bad in unharmful_mail(letter)]
    assert not found, "\n".join(dict.fromkeys(found))


def unharmful_mail(letter: Mail) -> list[str]:
    """A mail's headers are ours alone, and its HTML runs and loads nothing."""
    names = {name.lower() for name in letter.wire}
    strange = names - OUR_HEADERS
    found = [f"header {name}" for name in strange]
    if len(letter.wire.get_all("To", [])) != 1 or "everybody@" in str(letter.wire["To"]):
        found.append(f"goes to {letter.wire['To']}")
    return found + [bad for bad in unharmless(letter.html) if "attribute style" not in bad]


OUR_HEADERS = {
    *("subject", "from", "to", "message-id", "date", "mime-version", "content-type"),
    *("content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post", "auto-submitted"),
    "x-auto-response-suppress",
}


def test_files_hold_the_exact_words_and_no_formula(hostile_stage: Stage) -> None:
    world = hostile_stage.world
    officer = client_named(world, "paula")
    exported = officer.get("/inbox/stories/export/json/")
    told = json.loads(b"".join(exported.streaming_content))  # type: ignore[attr-defined]
    story = hostile_stage.delivered
    assert story.approved_revision is not None
    (line,) = [line for line in told["stories"] if line["story"] == str(story.ref)]
    assert line["hook"] == story.approved_revision.hook
    assert [answer["value"] for answer in line["answers"]] == [
        answer["value"] for answer in story.approved_revision.answers
    ]
    table = officer.get("/inbox/stories/export/csv/")
    text = b"".join(table.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len(rows) == len(told["stories"]) + 1
    assert {len(row) for row in rows} == {len(rows[0])}
    live = [cell for row in rows for cell in row if cell.lstrip()[:1] in DANGEROUS and cell.strip()]
    assert live == []


#: What a spreadsheet reads as the beginning of a formula.
DANGEROUS = tuple("=+-@\t\r\n＝＋－＠")


def test_a_browser_runs_nothing_of_it(hostile_stage_live: Stage, open_page: OpenPage) -> None:
    """A real browser complains about nothing: no script ran, none was refused, nothing was loaded."""
    world = hostile_stage_live.world
    stage = hostile_stage_live
    for user, paths in (
        (
            world.mia,
            ["/stories/", f"/stories/{stage.delivered.ref}/", f"/stories/{stage.draft.ref}/write/"],
        ),
        (world.ana, ["/review/?show=all", f"/review/{stage.in_review.ref}/", "/requests/"]),
        (world.lee, [f"/lead/{world.campaign.slug}/", f"/lead/{world.campaign.slug}/prompts/"]),
        (world.paula, ["/inbox/", "/inbox/stories/", "/inbox/recalls/"]),
    ):
        page = open_page(user)
        page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
        for path in paths:
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            page.wait_for_load_state("networkidle")


@pytest.fixture
def hostile_stage_live(transactional_db: None) -> Stage:
    world = make_world()
    text = hostilely([*MARKUP, *OWN[:6], *NAUGHTY])
    rename_everything(world, text)
    return set_the_stage(world, text)


# --- What is kept, and what is refused in words --------------------------------------------------


def test_an_authors_words_are_kept_as_typed_or_refused_with_them_on_the_page(stage: Stage) -> None:
    """The hook is kept in the draft letter by letter, but for the NUL that no database holds."""
    for text in (*OWN[:4], *OWN[9:12], *FORMULAS[4:7], *MARKUP[::25], *NAUGHTY[::10], *NAMES[::25]):
        keeps_or_refuses(stage, text)


def keeps_or_refuses(stage: Stage, text: str) -> None:
    client, draft = client_named(stage.world, "mia"), stage.draft
    path = f"/stories/{draft.ref}/"
    draft.draft.refresh_from_db()
    sent = {"hook": text, "version": str(draft.draft.version), "window": "w"}
    assert client.post(f"{path}save/", sent).status_code == 302
    draft.draft.refresh_from_db()
    assert draft.draft.hook == text.replace("\x00", "").replace("\r\n", "\n")
    answer = client.post(f"{path}preview/", sent | {"version": str(draft.draft.version)})
    assert answer.status_code == 400
    assert kept(text, answer.content.decode())


REFUSALS = (
    ("ana", "/review/{in_review}/note/", "note"),
    ("ana", "/review/{in_review}/decline/", "decline-reason"),
    ("ana", "/review/{in_review}/ask-changes/", "ask_changes-reason"),
    ("mia", "/me/name/", "name"),
    ("lee", "/lead/{slug}/consent/", "text"),
)


def test_a_nul_or_too_much_is_refused_and_stays_in_the_field(stage: Stage) -> None:
    revision = stage.in_review.current_revision
    assert revision is not None
    for name, path, field in REFUSALS:
        client = client_named(stage.world, name)
        where = path.format(in_review=stage.in_review.ref, slug=stage.world.campaign.slug)
        for text in ("words that were typed\x00", "words that were typed " * 5000):
            answer = client.post(where, {field: text, "revision": str(revision.number)})
            assert answer.status_code in {200, 400}, where
            assert "is-invalid" in answer.content.decode(), where
            assert kept(text, answer.content.decode()), where


BODIES = (
    b"hook=%ED%A0%80%ED%B0%80+and+%FF%FE",  # lone surrogates and no UTF-8 at all
    b"hook=%C0%AF&hook=%F8%88%80%80%80",
    b"=&&==%%%&hook",
    b"hook=" + b"%00" * 50,
    "hook=é".encode("latin-1"),
)
CONTENT_TYPES = (
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-7",
    "application/x-www-form-urlencoded; charset=nonsense",
    "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=" + "x" * 300,
    "multipart/form-data",
    "application/json",
    "\x00",
)


def test_a_body_that_is_no_utf8_breaks_nothing(stage: Stage) -> None:
    client = client_named(stage.world, "mia")
    for body, content_type in itertools.product(BODIES, CONTENT_TYPES):
        answer = client.generic(
            "POST", f"/stories/{stage.draft.ref}/save/", body, content_type=content_type
        )
        assert answer.status_code < 500, content_type
    stage.draft.draft.refresh_from_db()
    assert "\x00" not in stage.draft.draft.hook


# --- Headers, addresses, pages -------------------------------------------------------------------

HEADERS = (
    *("User-Agent", "Referer", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"),
    *("Accept-Language", "Origin", "Cookie", "If-Modified-Since", "If-None-Match", "Range"),
    *("HX-Request", "HX-Current-URL", "HX-Target", "X-Request-ID", "Authorization", "Accept"),
)


def test_no_header_breaks_a_page_or_stands_in_it(stage: Stage) -> None:
    texts = (*OWN[:4], MARKUP[2], *NAUGHTY[45:50], "A" * 20_000, "\xff\xfe")
    for name, path in (
        ("ana", "/review/"),
        ("mia", "/me/sessions/"),
        ("nobody", "/accounts/login/"),
    ):
        client = client_named(stage.world, name)
        for header, text in itertools.product(HEADERS, texts):
            # What a server lets through: one line, in Latin-1.
            value = text.splitlines()[0].encode("latin-1", "replace").decode("latin-1")
            answer = client.get(path, headers={header: value})
            assert answer.status_code in {200, 302, 400}, (header, value[:40])
            if answer.status_code == 200:
                assert unharmless(answer.content.decode()) == []


@pytest.mark.parametrize(
    "host",
    ["evil.example", "testserver.evil.example", "testserver@evil.example", "a b", "[", "\x00"],
)
def test_another_host_is_refused_and_never_stands_in_a_link(
    host: str, deliver_mail: Callable[[], list[Mail]]
) -> None:
    mia, client = make_user("Mia Chen"), Client()
    for path in ("/", "/accounts/login/code/"):
        assert client.get(path, headers={"host": host}).status_code == 400
    refused = client.post("/accounts/password/reset/", {"email": mia.email}, headers={"host": host})
    assert refused.status_code == 400
    answer = client.post(
        "/accounts/password/reset/",
        {"email": mia.email},
        headers={"x-forwarded-host": "evil.example"},
    )
    assert answer.status_code == 302
    (letter,) = deliver_mail()
    assert "evil.example" not in letter.wire.as_string()


TOKENS = [
    *(
        "x",
        "A" * 5_000,
        "A" * 10_000,
        "\x00",
        "%00",
        "bnVsbA",
        "W10",
        "e30",
        "W251bGwsbnVsbF0",
        "WzEsMl0",
        "...",
    ),
    *(
        base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")
        for plain in (
            [None],
            [True],
            ["x"],
            [10**30],
            [-(10**30)],
            [1.5],
            [{"at": "2026-01-01"}],
            [{"at": "2026-01-01T00:00:00+00:00"}],
            ["\x00"],
            ["\ud800"],
            [[1]],
            ["x", "x"],
            [{"at": "x"}, 1],
            [{"at": "2026-01-01T00:00:00"}, "x"],
            [{"at": "2026-01-01T00:00:00"}, 10**30],
            [{"at": "9999-12-31T23:59:59+00:00"}, 1],
            [{"at": "0001-01-01T00:00:00+14:00"}, 1],
            [1, "\x00"],
            ["x", 1],
        )
    ),
    base64.urlsafe_b64encode(b"[" * 1_400).decode(),
    base64.urlsafe_b64encode(b"9" * 1_000).decode(),
    base64.urlsafe_b64encode(b"[" + b"9" * 1_000 + b",1]").decode(),
]

LISTS = (
    *(("mia", "/stories/"), ("mia", "/campaigns/"), ("ana", "/review/"), ("ana", "/roster/isscr/")),
    *(("ana", "/requests/"), ("ana", "/requests/?show=answered"), ("paula", "/inbox/")),
    *(("paula", "/inbox/stories/"), ("paula", "/inbox/recalls/"), ("olga", "/operator/messages/")),
    *(("olga", "/operator/jobs/"), ("lee", "/lead/research-saves/stories/"), ("lee", "/lead/")),
    ("lee", "/lead/research-saves/batches/"),
)


def answer_to(query: dict[str, str]) -> int:
    """What an address with this is answered with: no page makes NULs or endless addresses."""
    written = urlencode(query)
    return 400 if "%00" in written or len(written) > MOST_CHARACTERS else 200


def test_a_page_token_that_nobody_gave_out_is_the_first_page(stage: Stage) -> None:
    found = []
    for name, path in LISTS:
        client = client_named(stage.world, name)
        for token in TOKENS:
            query = {"after": token}
            try:
                with transaction.atomic():
                    answer = client.get(path, query, follow=True)
            except Exception as problem:  # every one is a finding
                found.append(f"{path} {token[:60]}: {type(problem).__name__} {problem}"[:300])
                continue
            if answer.status_code != answer_to(query):
                found.append(f"{path} {token[:60]}: {answer.status_code}")
    assert not found, "\n".join(found)


def test_no_query_string_breaks_a_list(stage: Stage) -> None:
    names = ["q", "show", "state", "district", "tag", "campaign", "mine", "partner", "name", "use"]
    found = []
    for name, path in LISTS:
        client = client_named(stage.world, name)
        for text in (*OWN[:14], *NAUGHTY[::60], *MARKUP[::60], "\\", "%", "_" * 200):
            query = dict.fromkeys(names, text)
            try:
                with transaction.atomic():
                    answer = client.get(path, query, follow=True)
            except Exception as problem:  # every one is a finding
                found.append(f"{path} {text[:60]!r}: {type(problem).__name__} {problem}"[:300])
                continue
            found += [f"{path} {text[:60]!r}: {bad}" for bad in unharmless(answer.content.decode())]
            if answer.status_code != answer_to(query):
                found.append(f"{path} {text[:60]!r}: {answer.status_code}")
        odd = client.generic("GET", path, QUERY_STRING="q=%ED%A0%80%FF%00&" + "a=b&" * 900)
        assert odd.status_code < 500
    assert not found, "\n".join(found)


PATHS = (
    *("/keys/%00.pem", "/keys/..%2f..%2fsecrets.pem", "/keys/%F0%9F.pem", "/demo/mail/%00/"),
    *("/inbox/{batch}/files/%00", "/inbox/{batch}/files/../../etc/passwd"),
    *("/inbox/{batch}/files/..%2f..%2f..%2fetc%2fpasswd", "/inbox/{batch}/files/" + "x/" * 3000),
    *("/inbox/{batch}/files/photos/..%5c..%5cx", "/inbox/stories/99999999999999999999/"),
    *(
        "/stories/{story}/photo/99999999999999999999/",
        "/review/{story}/photo/99999999999999999999/",
    ),
    *("/requests/99999999999999999999/accept/", "/me/sessions/99999999999999999999/end/"),
    *("/roster/isscr/import/99999999999999999999/", "/stories/imported/99999999999999999999/"),
    *("/operator/messages/99999999999999999999/retry/", "/inbox/stories/export/%00/"),
    *("/api/v1/batches/%00", "/api/v1/batches/{batch}/files/%00"),
    *(
        "/static/%00",
        "/static/..%2f..%2fmanage.py",
        "/" + "a" * 60_000,
        "/%ff%fe/",
        "//evil.example/",
    ),
    *("/admin/portal/user/99999999999999999999/change/", "/admin/portal/user/%00/change/"),
    "/lead/research-saves/phases/99999999999999999999/",
)


def test_no_address_breaks(stage: Stage) -> None:
    batch = Batch.objects.exclude(closed_at=None).order_by("pk").first()
    assert batch is not None
    found = []
    for name, path in itertools.product(PEOPLE, PATHS):
        client = client_named(stage.world, name)
        where = path.format(batch=batch.ref, story=stage.delivered.ref)
        for method in ("GET", "POST", "OPTIONS", "DELETE", "TRACE"):
            try:
                with transaction.atomic():
                    answer = client.generic(method, where)
                    transaction.set_rollback(True)
            except Exception as problem:  # every one is a finding
                found.append(
                    f"{name} {method} {path[:60]}: {type(problem).__name__} {problem}"[:300]
                )
                continue
            if answer.status_code >= 500 or b"root:" in getattr(answer, "content", b""):
                found.append(f"{name} {method} {path[:60]}: {answer.status_code}")
    assert not found, "\n".join(dict.fromkeys(found))


ONWARD = [
    *("https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example"),
    *("javascript:alert(1)", "http:evil.example", "///evil.example", "https:///evil.example"),
    *("/%0d%0aLocation:%20https://evil.example", "\x00//evil.example", " //evil.example"),
    "https://testserver@evil.example/",
]


def test_nobody_is_sent_away_to_another_site(stage: Stage) -> None:
    for onward in ONWARD:
        leads_nobody_away(stage, onward)


def leads_nobody_away(stage: Stage, onward: str) -> None:
    query = urlencode({"next": onward})
    strangers = ("/accounts/login/", "/accounts/signup/", "/accounts/login/code/")
    for path in strangers:
        page = Client().get(f"{path}?{query}")
        assert page.status_code < 500
        if page.status_code == 200:
            assert unharmless(page.content.decode()) == []
    client = client_named(stage.world, "mia")
    for path in (*strangers, "/accounts/logout/", "/accounts/reauthenticate/"):
        for answer in (client.get(f"{path}?{query}"), client.post(path, {"next": onward})):
            led = urlsplit(answer.get("Location", ""))
            assert led.scheme in {"", "http"}
            assert led.netloc in {"", "testserver"}, (path, answer.get("Location"))
    refused = client_named(stage.world, "ana").post(
        f"/review/{stage.submitted.ref}/approve/", headers={"referer": onward.strip("\x00 ")}
    )
    assert "evil.example" not in refused.content.decode()
