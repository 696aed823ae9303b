"""A coalition with a million stories in a few minutes: written by PostgreSQL itself, series by series.

Past the verbs and past the checks of foreign keys, inside every other constraint. The stories stand as
they would after a year: most are approved and handed over, a fifth waits, the rest is with its author,
declined or withdrawn. The first six tenths come from the four states of the first phase, the others from
every state, so that what a filter asks for is not spread evenly over a list.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from django.db import connection

from campaigns.rules.usa import STATE_NAMES
from stories.models import Tag
from tests.house.people import World

#: Rows made here have keys from here on, so that they never meet those of the world itself.
FIRST_KEY = 1_000
#: Stories of one author among them, and how many stories one batch holds.
OWN, BATCH = 40, 100
#: How long the pauses between the moments of two stories are together, in days.
DAYS = 300
PARAGRAPHS, WORDS_EACH, VOCABULARY = 2_000, 75, 12_000

#: Words whose share of the stories is known: in all, in one of 20, of 1,000, of 100,000.
EVERYWHERE, OFTEN, SELDOM, RARE = "grant", "axolotl", "quokka", "ptarmigan"
NOWHERE = "zebra"
#: Tags: on a tenth of the stories, and on one of 1,000.
TAG, RARE_TAG = "eyes", "for the hearing"

# A story's number decides what it is, so that 100 stories are mixed like a million.
STATE = """CASE
    WHEN n % 20 < 12 THEN 'approved' WHEN n % 20 < 16 THEN 'submitted' WHEN n % 20 = 16 THEN 'in_review'
    WHEN n % 20 = 17 THEN 'changes_requested' WHEN n % 20 = 18 THEN 'declined' ELSE 'withdrawn' END"""
US_STATE = """CASE WHEN n < 0.6 * {end} THEN ('{{KS,NC,PA,UT}}'::text[])[1 + n / 20 % 4]
    ELSE ('{{{states}}}'::text[])[1 + n / 20 % {state_count}] END"""
AT = "now() - interval '{days} days' * (1 - n::float / {end})"
TEXT = """(SELECT string_agg(text, E'\\n' ORDER BY part) FROM (
        SELECT part, (SELECT p.text FROM bench_paragraph p WHERE p.id = (hashint8(n * 4 + part) & 2147483647) % {paragraphs})
        FROM generate_series(0, 3) part) parts)
    || CASE WHEN n % 20 = 7 THEN ' {often}' ELSE '' END || CASE WHEN n % 1000 = 500 THEN ' {seldom}' ELSE '' END
    || CASE WHEN n % 100000 = 50 THEN ' {rare}' ELSE '' END"""


@dataclass(frozen=True)
class Step:
    """One table: its columns, and what stands in them for story number `n` (or, with `each`, for a batch)."""

    table: str
    columns: str
    values: str
    where: str = "true"
    each: int = 1


STEPS = (
    Step(
        "campaigns_member",
        "id, email, given_name, family_name, token, created_at",
        "{key} + n, 'member' || n || '@example.org', 'Given' || n, 'Family', gen_random_uuid(), now()",
    ),
    Step(
        "campaigns_rosterentry",
        "id, society_id, member_id, email, number, joined_at",
        "{key} + n, {society}, {key} + n, 'member' || n || '@example.org', 'A' || n, now()",
    ),
    Step(
        "campaigns_place",
        "id, member_id, kind, zip, state, district, ambiguous, institution_name, boundaries_id, said_by_member",
        "{key} + n, {key} + n, 'home', '66045', {us_state}, 1 + n % 3, false, '', {boundaries}, false",
    ),
    Step(
        "campaigns_participation",
        "id, campaign_id, member_id, society_id, phase_id, basis, counted, zip, state, district, "
        "boundaries_id, joined_at",
        "{key} + n, {campaign}, {key} + n, {society}, {phase}, 'either', 'home', '66045', {us_state}, "
        "1 + n % 3, {boundaries}, {at}",
    ),
    Step(
        "stories_revision",
        "id, story_id, number, kind, hook, answers, sha256, searchable, by_id, remark, created_at",
        "{key} + n, {key} + n, 1, 'author', 'Story ' || n || ' in one line', jsonb_build_array(jsonb_build_object("
        "'prompt', {prompt}, 'kind', 'long_text', 'label', 'Your story', 'value', t.text)), "
        "encode(sha256(n::text::bytea), 'hex'), 'story ' || n || E' in one line\\n' || t.text, {by}, '', {at}",
    ),
    Step(
        "stories_story",
        "id, ref, campaign_id, participation_id, member_id, society_id, us_state, district, state, "
        "current_revision_id, approved_revision_id, approved_at, submitted_at, created_at",
        "{key} + n, gen_random_uuid(), {campaign}, {key} + n, CASE WHEN n < {own} THEN {mia} ELSE {key} + n END, "
        "{society}, {us_state}, 1 + n % 3, {state}, {key} + n, CASE WHEN n % 20 < 12 THEN {key} + n END, "
        "CASE WHEN n % 20 < 12 THEN {at} END, {at}, {at}",
    ),
    Step(
        "stories_acceptance",
        "revision_id, sha256, by_id, at",
        "{key} + n, encode(sha256(n::text::bytea), 'hex'), {by}, {at}",
    ),
    Step(
        "stories_consent",
        "id, story_id, partner_id, text_id, lawmakers, publication, press, name_shown, name, until, "
        "given_by_id, given_at, ended_why",
        "{key} + n, {key} + n, {partner}, {consent_text}, true, n % 2 = 0, false, "
        "CASE WHEN n % 3 = 0 THEN 'none' ELSE 'full' END, CASE WHEN n % 3 = 0 THEN '' ELSE 'A. Author' END, "
        "current_date + 300, {by}, {at}, ''",
        "n % 20 < 18",
    ),
    Step(
        "stories_batch",
        "id, ref, campaign_id, partner_id, number, state, opened_at, sealed_at, count, built_at, "
        "manifest_head, manifest_sha256, signature, key_id, files",
        "{key} + n / {batch}, gen_random_uuid(), {campaign}, {partner}, {key} + n / {batch}, 'delivered', {at}, {at}, "
        "60, {at}, '{{}}', '', 's', 'k', '[]'",
        each=BATCH,
    ),
    Step(
        "stories_delivery",
        "id, batch_id, channel, started_at, delivered_at, error",
        "{key} + n / {batch}, {key} + n / {batch}, 'inbox', {at}, {at}, ''",
        each=BATCH,
    ),
    Step(
        "stories_item",
        "id, batch_id, position, partner_id, story_id, accepted_id, consent_id, ended_why",
        "{key} + n, {key} + n / {batch}, 1 + n % {batch}, {partner}, {key} + n, {key} + n, {key} + n, ''",
        "n % 20 < 12",
    ),
    Step("stories_story_tags", "story_id, tag_id", "{key} + n, {tag}", "n % 10 = 3"),
    Step("stories_story_tags", "story_id, tag_id", "{key} + n, {rare_tag}", "n % 1000 = 3"),
)  # fmt: skip


def vocabulary(dice: random.Random) -> list[str]:
    """Words that nobody speaks, in the lengths that English has."""
    syllables = [a + b for a in "bcdfghjklmnprstvw" for b in "aeiou"]
    return ["".join(dice.choices(syllables, k=dice.randint(1, 4))) for _ in range(VOCABULARY)]


def write_paragraphs() -> None:
    """What the stories are put together from: a few words are frequent and most are rare, as in any language."""
    dice = random.Random(1)
    words = vocabulary(dice)
    weights = [1 / (place + 3) for place in range(len(words))]
    made = [
        (n, f"{EVERYWHERE} {' '.join(dice.choices(words, weights, k=WORDS_EACH))}.")
        for n in range(PARAGRAPHS)
    ]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_paragraph (id int PRIMARY KEY, text text)")
        cursor.executemany("INSERT INTO bench_paragraph VALUES (%s, %s)", made)


def empty() -> None:
    """Take everything away that was filled in, so that another number of stories can come."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table in dict.fromkeys(step.table for step in reversed(STEPS)):
            column = {"stories_acceptance": "revision_id", "stories_story_tags": "story_id"}
            cursor.execute(f"DELETE FROM {table} WHERE {column.get(table, 'id')} >= {FIRST_KEY}")
        cursor.execute("SET session_replication_role = origin")


def fill(world: World, count: int) -> None:
    """`count` stories of ISSCR, on empty tables. Needs a superuser: foreign keys are not looked up."""
    if connection.vendor != "postgresql":
        raise RuntimeError("a million stories need PostgreSQL")
    facts = facts_of(world, count)
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '1GB'")
        cursor.execute("SET session_replication_role = replica")
        held = take_word_indexes(cursor)
        for step in STEPS:
            series = f"generate_series(0, {count - 1}, {step.each}) n"
            if "t.text" in step.values:
                series += f", LATERAL (SELECT {facts['text']} AS text) t"
            cursor.execute(
                f"INSERT INTO {step.table} ({step.columns}) "
                f"SELECT {step.values.format(**facts)} FROM {series} WHERE {step.where}"
            )
        cursor.execute("SET session_replication_role = origin")
        for definition in held:
            cursor.execute(definition)
        cursor.execute("VACUUM ANALYZE")  # as its autovacuum does within a minute


def take_word_indexes(cursor: object) -> list[str]:
    """Drop the indexes over words and return how to make them: filled row by row they take an hour."""
    run = cursor.execute  # type: ignore[attr-defined]
    run("SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE '%% USING gin %%'")
    found = list(cursor.fetchall())  # type: ignore[attr-defined]
    for name, _ in found:
        run(f'DROP INDEX "{name}"')
    return [definition for _, definition in found]


def facts_of(world: World, count: int) -> dict[str, object]:
    """What stands for the names in the steps."""
    tags = [
        Tag.objects.get_or_create(society=world.isscr, name=name)[0].pk for name in (TAG, RARE_TAG)
    ]
    every = sorted(STATE_NAMES)
    return {
        "key": FIRST_KEY,
        "own": OWN,
        "batch": BATCH,
        "mia": world.mia_member.pk,
        "by": world.mia.pk,
        "society": world.isscr.pk,
        "campaign": world.campaign.pk,
        "phase": world.phase_one.pk,
        "partner": world.research_america.pk,
        "consent_text": world.consent_text.pk,
        "prompt": world.prompts["long_text"].pk,
        "boundaries": world.boundaries.pk,
        "tag": tags[0],
        "rare_tag": tags[1],
        "state": STATE,
        "us_state": US_STATE.format(end=count, states=",".join(every), state_count=len(every)),
        "at": AT.format(days=DAYS, end=count),
        "text": TEXT.format(paragraphs=PARAGRAPHS, often=OFTEN, seldom=SELDOM, rare=RARE),
    }
