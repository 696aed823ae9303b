"""Whether every approved story is with each partner once, in batches that verify, and no withdrawn one is."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
from django.db.models import Q

from chaos.browser import Browser, NoAnswer, Page
from chaos.environment import DATABASE_URL, FILES
from chaos.findings import Findings
from chaos.told import Act, Told
from stories.models import Batch, Recall, Story
from stories.states import BatchState, StoryState
from stories.verification import Failed, verify

#: What a partner must hold: each approved story with a permission that has not ended, in the author's words.
DUE = """
    SELECT partner.slug, story.ref::text, revision.sha256, revision.answers
    FROM stories_story story
    JOIN stories_consent consent ON consent.story_id = story.id AND consent.ended_at IS NULL
    JOIN campaigns_partner partner ON partner.id = consent.partner_id
    JOIN stories_revision revision ON revision.id = story.approved_revision_id
    WHERE story.state = 'approved'
"""
#: What it holds by the rows: its live items.
HELD = """
    SELECT partner.slug, story.ref::text, count(*)
    FROM stories_item item
    JOIN stories_story story ON story.id = item.story_id
    JOIN campaigns_partner partner ON partner.id = item.partner_id
    WHERE item.ended_at IS NULL GROUP BY 1, 2
"""
PATIENCE = 30


def check_batches(
    findings: Findings, told: Told, officers: Mapping[str, Browser], ground: Path, prompt: int
) -> None:
    """Everything about what was handed over; `officers` has one browser for each partner's slug."""
    batches = list(Batch.objects.exclude(state=BatchState.OPEN).select_related("partner"))
    findings.check("batches", len(batches), wrong_states(batches))
    keys = public_keys(batches, next(iter(officers.values())))
    findings.check("files of batches", len(batches), wrong_files(batches, officers, ground, keys))
    kept = list(told.done(Act.DOWNLOAD))
    findings.check(
        "downloads", len(kept), (w for line in kept for w in bad(ground / line.words, keys))
    )
    with psycopg.connect(DATABASE_URL) as connection:
        due = connection.execute(DUE).fetchall()
        held = {(partner, ref): n for partner, ref, n in connection.execute(HELD).fetchall()}
    exports = {slug: export_of(browser) for slug, browser in officers.items()}
    findings.check("stories with partners", len(due), wrong_holdings(due, held, exports, prompt))
    withdrawn = list(Story.objects.filter(state=StoryState.WITHDRAWN))
    findings.check("withdrawn stories", len(withdrawn), wrong_withdrawn(withdrawn, held, exports))
    left = [str(path) for path in FILES.rglob("*.part")]
    findings.check("half files", len(left), (f"{path} was left behind" for path in left))


def ask(browser: Browser, path: str) -> Page:
    """Open a page after the faults; nothing may be in the way any more."""
    for _ in range(PATIENCE):
        try:
            page = browser.get(path)
        except NoAnswer:
            time.sleep(1)
            continue
        if page.status < 500:
            return page
        time.sleep(1)
    raise RuntimeError(f"{path} does not open after the faults are over")


def wrong_states(batches: list[Batch]) -> Iterator[str]:
    """Sealed is delivered, unless a story was taken back before that."""
    for batch in batches:
        if batch.state == BatchState.SEALED and batch.closed_at is None:
            yield f"{batch} was sealed and never delivered"


def public_keys(batches: list[Batch], browser: Browser) -> bytes:
    """The public keys of the site, fetched as a partner would."""
    ids = {batch.key_id for batch in batches if batch.key_id}
    return b"".join(ask(browser, f"/keys/{one}.pem").body for one in sorted(ids))


def wrong_files(
    batches: list[Batch], officers: Mapping[str, Browser], ground: Path, keys: bytes
) -> Iterator[str]:
    """Each delivered batch downloads and verifies; each closed one is handed to nobody and has no files."""
    for batch in batches:
        browser = officers[batch.partner.slug]
        if batch.closed_at is not None:
            if (FILES / "batches" / str(batch.ref)).exists():
                yield f"{batch} is closed and its files still lie there"
            if batch.files:
                page = ask(browser, f"/inbox/{batch.ref}/files/{batch.files[0]['name']}")
                if page.status not in {404, 409}:
                    yield f"{batch} is closed and still handed out ({page.status})"
            continue
        if not batch.files:
            yield f"{batch} has no files"
            continue
        page = ask(browser, f"/inbox/{batch.ref}/files/{batch.files[0]['name']}")
        place = ground / f"last-{batch.ref}.zip"
        place.write_bytes(page.body)
        yield from (f"{batch}: {words}" for words in bad(place, keys))


def bad(place: Path, keys: bytes) -> Iterator[str]:
    """What the partner's own script finds wrong with a batch."""
    try:
        verify(place, keys)
    except Failed as problem:
        yield f"{place.name}: {problem}"


def export_of(browser: Browser) -> dict[str, list[dict[str, object]]]:
    """Everything that a partner may use now, by story, as it downloads it from its library."""
    page = ask(browser, "/inbox/stories/export/json/")
    found: dict[str, list[dict[str, object]]] = {}
    for story in json.loads(page.body)["stories"]:
        found.setdefault(story["story"], []).append(story)
    return found


def wrong_holdings(
    due: list[tuple[str, str, str, list[dict[str, object]]]],
    held: Mapping[tuple[str, str], int],
    exports: Mapping[str, dict[str, list[dict[str, object]]]],
    prompt: int,
) -> Iterator[str]:
    """Each story that is due is held once, by the rows and in the file, in the very words approved."""
    wanted = {(partner, ref) for partner, ref, _, _ in due}
    for partner, ref, sha256, answers in due:
        lines = exports[partner].get(ref, [])
        if (held.get((partner, ref), 0), len(lines)) != (1, 1):
            yield f"{ref} is held {held.get((partner, ref), 0)} and exported {len(lines)} times by {partner}"
            continue
        words = [answer["value"] for answer in answers if answer["prompt"] == prompt]
        told = [a["value"] for a in lines[0]["answers"] if a["kind"] == "long_text"]  # type: ignore[attr-defined]
        if (lines[0]["revision_sha256"], told) != (sha256, words):
            yield f"{ref} reached {partner} in other words than were approved"
    for partner, stories in exports.items():
        # What was handed over and is being corrected stays with the partner until it is replaced.
        unknown = [ref for ref in stories if (partner, ref) not in wanted | set(held)]
        yield from (f"{partner} holds {ref} without any right" for ref in unknown)


def wrong_withdrawn(
    withdrawn: list[Story],
    held: Mapping[tuple[str, str], int],
    exports: Mapping[str, dict[str, list[dict[str, object]]]],
) -> Iterator[str]:
    """A withdrawn story is with nobody, and everybody who ever had it was asked for it."""
    recalls = Counter(Recall.objects.values_list("story", "partner__slug"))
    for story in withdrawn:
        for partner, stories in exports.items():
            if str(story.ref) in stories or (partner, str(story.ref)) in held:
                yield f"{story.ref} was withdrawn and {partner} still has it"
            # An item that had moved on from a closed batch was with nobody; nor was what had been replaced
            # before anybody fetched it.
            handed_over = story.items.filter(partner__slug=partner).exclude(ended_why="reissued")
            never_fetched = Q(ended_why="replaced", batch__downloads=None)
            never_fetched &= ~Q(batch__state=BatchState.ACKNOWLEDGED)
            if handed_over.exclude(never_fetched).exists() and not recalls[story.pk, partner]:
                had = story.items.filter(partner__slug=partner).order_by("pk")
                rows = had.values_list(
                    "batch__number", "ended_why", "batch__state", "batch__downloads"
                )
                yield f"{story.ref} was withdrawn and {partner} was never asked for it: {list(rows)}"
