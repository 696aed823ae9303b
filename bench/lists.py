"""Queries and time of every list of the site, with few rows and with many.

    python -m bench.lists [PART OF A LIST'S NAME ...]

asks for each list with 1, 30 and 10,000 rows of its own.

    python -m tests.house.servers python -m bench.lists --stories 100 10000 1000000

asks for the lists of one coalition that has so many stories, on PostgreSQL. Everything happens in a
throw-away database: SQLite in a folder of its own, or on the PostgreSQL server that TEST_DATABASE_URL or
DATABASE_URL names, whose user may create databases. Pages are asked for through Django's test client:
views, database and templates, without network and web server. Prints a Markdown table; --json FILE
keeps the figures for programs.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if "DATABASE_URL" in os.environ:
    os.environ.setdefault("TEST_DATABASE_URL", os.environ["DATABASE_URL"])
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

import django

import tests.house.own_ground  # noqa: F401 (takes a folder of its own before settings are read)

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext, setup_test_environment  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench import millions, rows  # noqa: E402
from campaigns.models import Coordinator  # noqa: E402
from stories.models import Batch  # noqa: E402
from stories.verbs import coverage  # noqa: E402
from tests.house.people import World, client_of, make_world  # noqa: E402

SIZES = (1, 30, 10_000)
GETS = 15

Fill = Callable[[World, int, int], None]


@dataclass(frozen=True)
class List:
    """One list: its name, who looks, at which address, and what fills it.

    A list's second page is asked for by "next" in the address, where the first has one.
    """

    name: str
    who: str
    address: str
    fill: Fill


LISTS = (
    List("review queue", "ana", "/review/", rows.to_review),
    List("review queue, nearly all done", "ana", "/review/", rows.reviewed_among_waiting),
    List("review queue, page 2", "ana", "/review/?next", rows.to_review),
    List("review queue, words searched", "ana", "/review/?q=grant+cells", rows.to_review),
    List("review queue, words not found", "ana", "/review/?q=zebra", rows.to_review),
    List("my stories", "mia", "/stories/", rows.own_stories),
    List("inbox batches", "paula", "/inbox/", rows.batches_of_one),
    List("a batch of the inbox", "paula", "/inbox/{batch}/", rows.one_batch),
    List("recalls", "paula", "/inbox/recalls/", rows.recalled),
    List("recalls, inbox on top", "paula", "/inbox/", rows.recalled),
    List("library", "paula", "/inbox/stories/", rows.handed_over),
    List("library, page 2", "paula", "/inbox/stories/?next", rows.handed_over),
    List("library, words searched", "paula", "/inbox/stories/?q=grant", rows.handed_over),
    List("lead's batches", "lee", "/lead/{campaign}/batches/", rows.batches_of_one),
    List("one of the lead's batches", "lee", "/lead/batches/{batch}/", rows.one_batch),
    List("next batch", "lee", "/lead/{campaign}/batches/next/research-america/", rows.due),
    List("lead's approved stories", "lee", "/lead/{campaign}/stories/", rows.due),
    List("roster", "ana", "/roster/isscr/", rows.members),
    List("roster, page 2", "ana", "/roster/isscr/?next", rows.members),
    List("roster, name searched", "ana", "/roster/isscr/?q=given7", rows.members),
    List("roster, one state", "ana", "/roster/isscr/?state=KS", rows.members),
    List("requests", "ana", "/requests/", rows.requests),
    List("campaigns", "mia", "/campaigns/", rows.campaigns),
    List("lead's campaigns", "lee", "/lead/", rows.campaigns),
    List("lead's handing over", "lee", "/lead/batches/", rows.campaigns),
    List("operator: messages", "olga", "/operator/messages/", rows.given_up_messages),
    List("operator: jobs", "olga", "/operator/jobs/", rows.given_up_jobs),
    List("operator: overview", "olga", "/operator/", rows.given_up_messages),
)


#: Lists of one coalition, whatever its size; `fill` is not asked. The shares of words and tags stand in
#: bench/millions.py.
OF_MANY = tuple(
    List(name, who, address, rows.to_review)
    for name, who, address in (
        ("review queue", "ana", "/review/"),
        ("review queue, page 2", "ana", "/review/?next"),
        ("review queue, approved", "ana", "/review/?show=approved"),
        ("review queue, all", "ana", "/review/?show=all"),
        ("review queue, one state", "ana", "/review/?state=PA"),
        ("review queue, one district", "ana", "/review/?state=PA&district=2"),
        ("review queue, a state of the last months", "ana", "/review/?state=WY"),
        ("review queue, a tag", "ana", f"/review/?show=all&tag={millions.TAG}"),
        ("review queue, a rare tag", "ana", f"/review/?show=all&tag={millions.RARE_TAG}"),
        ("review queue, taken by me", "ana", "/review/?mine=on"),
        ("review queue, a word of all", "ana", f"/review/?show=all&q={millions.EVERYWHERE}"),
        ("review queue, a word of 1 in 20", "ana", f"/review/?show=all&q={millions.OFTEN}"),
        ("review queue, a word of 1 in 1,000", "ana", f"/review/?show=all&q={millions.SELDOM}"),
        ("review queue, a word of 1 in 100,000", "ana", f"/review/?show=all&q={millions.RARE}"),
        ("review queue, a word of none", "ana", f"/review/?show=all&q={millions.NOWHERE}"),
        ("review queue of two societies", "ben", "/review/"),
        ("my stories", "mia", "/stories/"),
        ("inbox", "paula", "/inbox/"),
        ("inbox, page 2", "paula", "/inbox/?next"),
        ("library", "paula", "/inbox/stories/"),
        ("library, page 2", "paula", "/inbox/stories/?next"),
        ("library, one state", "paula", "/inbox/stories/?state=PA"),
        ("library, a word of all", "paula", f"/inbox/stories/?q={millions.EVERYWHERE}"),
        ("library, a word of none", "paula", f"/inbox/stories/?q={millions.NOWHERE}"),
        ("lead's approved stories", "lee", "/lead/{campaign}/stories/"),
        ("lead's approved stories, page 2", "lee", "/lead/{campaign}/stories/?next"),
        ("lead's approved stories, one state", "lee", "/lead/{campaign}/stories/?state=PA"),
        (
            "lead's approved stories, a word of none",
            "lee",
            "/lead/{campaign}/stories/?q=" + millions.NOWHERE,
        ),
        ("roster", "ana", "/roster/isscr/"),
        ("roster, page 2", "ana", "/roster/isscr/?next"),
        ("roster, one state", "ana", "/roster/isscr/?state=PA"),
        ("roster, a name of many", "ana", "/roster/isscr/?q=given"),
        ("roster, a name of 1 in 90", "ana", "/roster/isscr/?q=given77"),
        ("roster, two names", "ana", "/roster/isscr/?q=given77+family"),
        ("roster, a name of one", "ana", "/roster/isscr/?q=chen"),
        ("roster, a name of none", "ana", "/roster/isscr/?q=zebra"),
        ("roster, two letters of none", "ana", "/roster/isscr/?q=zz"),
        ("coverage", "lee", "/lead/{campaign}/coverage/"),
        ("coverage, one state", "lee", "/lead/{campaign}/coverage/?state=PA"),
        ("coverage of one society", "ana", "/lead/{campaign}/coverage/"),
    )
)


@dataclass(frozen=True)
class Measured:
    """What one page cost: its queries, and some GETs in milliseconds."""

    name: str
    size: int
    times: tuple[float, ...]
    sql: tuple[tuple[float, str], ...]

    @property
    def queries(self) -> int:
        """How many queries the page makes."""
        return len(self.sql)

    @property
    def ms(self) -> float:
        """The median."""
        return statistics.median(self.times)

    def as_figure(self) -> dict[str, Any]:
        """For programs."""
        return {
            "list": self.name,
            "database": connection.vendor,
            "rows": self.size,
            "queries": self.queries,
            "ms_median": round(self.ms, 2),
            "ms_least": round(min(self.times), 2),
            "ms_most": round(max(self.times), 2),
        }


def measure(world: World, one: List, size: int, clock: Callable[[], float]) -> Measured:
    """Ask for the page once for its queries, and then GETS times for the time."""
    browser = client_of(getattr(world, one.who))
    address = one.address.format(
        campaign=world.campaign.slug,
        batch=getattr(Batch.objects.exclude(sealed_at=None).first(), "ref", ""),
    )
    if address.endswith("?next"):
        address = address.removesuffix("next")
        following = browser.get(address).context["page"].next_query
        address += following or ""
    get(browser, address)
    with CaptureQueriesContext(connection) as captured:
        get(browser, address)
    asked = tuple(
        (float(query["time"]) * 1000, query["sql"]) for query in captured.captured_queries
    )
    gc.collect()
    times = []
    for _ in range(GETS):
        began = clock()
        get(browser, address)
        times.append((clock() - began) * 1000)
    return Measured(one.name, size, tuple(times), asked)


def get(browser: Client, address: str) -> None:
    """One GET that must be answered with the page."""
    response = browser.get(address)
    if response.status_code != 200:
        raise RuntimeError(f"{address} answered {response.status_code}")


def each_alone(
    world: World, lists: Sequence[List], clock: Callable[[], float]
) -> Iterator[list[Measured]]:
    """Each list with each number of rows of its own; nothing of it stays."""
    for one in lists:
        found: list[Measured] = []
        with transaction.atomic():
            done = 0
            for size in SIZES:
                one.fill(world, done, size)
                done = size
                if connection.vendor == "postgresql":
                    with connection.cursor() as cursor:
                        cursor.execute("ANALYZE")  # as its autovacuum does within a minute
                found.append(measure(world, one, size, clock))
            transaction.set_rollback(True)
        yield found


def of_many(
    world: World, lists: Sequence[List], sizes: Sequence[int], clock: Callable[[], float]
) -> Iterator[list[Measured]]:
    """All lists of a coalition with each number of stories."""
    Coordinator.objects.create(society=world.rivers, user=world.ben)
    millions.write_paragraphs()
    found: dict[str, list[Measured]] = {one.name: [] for one in lists}
    for size in sizes:
        began = time.monotonic()
        millions.empty()
        millions.fill(world, size)
        coverage.count(campaign=world.campaign, now=timezone.now())
        note(f"{size:,} stories written in {time.monotonic() - began:.0f} s")
        for one in lists:
            found[one.name].append(measure(world, one, size, clock))
    yield from found.values()


def say(text: str = "") -> None:
    """One line of the output."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """One line beside the output, for whoever waits."""
    sys.stderr.write(f"{text}\n")


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="only lists whose name holds one of these")
    parser.add_argument(
        "--stories",
        nargs="+",
        type=int,
        metavar="N",
        help="one coalition with so many stories, on PostgreSQL",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures there, too")
    parser.add_argument(
        "--slow", type=float, default=0, metavar="MS", help="print queries slower than this"
    )
    parser.add_argument(
        "--cpu",
        action="store_true",
        help="this process's own time instead of the clock's: for a busy machine, and SQLite only",
    )
    return parser.parse_args(arguments)


def figures(
    names: Sequence[str] = (), stories: Sequence[int] = (), *, cpu: bool = False, slow: float = 0
) -> list[dict[str, Any]]:
    """Measure, print the table, and return a figure for each list and size."""
    clock = time.process_time if cpu else time.perf_counter
    setup_test_environment()
    call_command("collectstatic", interactive=False, verbosity=0)
    connection.creation.create_test_db(verbosity=0)
    kept: list[dict[str, Any]] = []
    try:
        world = make_world()
        lists = [
            one
            for one in (OF_MANY if stories else LISTS)
            if not names or any(name in one.name for name in names)
        ]
        found = (
            of_many(world, lists, stories, clock) if stories else each_alone(world, lists, clock)
        )
        print_head(stories or SIZES)
        for line in found:
            print_line(line, slow)
            kept.extend(part.as_figure() for part in line)
    finally:
        connection.creation.destroy_test_db(str(connection.settings_dict["NAME"]), verbosity=0)
    return kept


def print_head(sizes: Sequence[int]) -> None:
    """The head of the table."""
    say(
        f"| {connection.vendor} | queries | "
        + " | ".join(f"{size:,}: ms" for size in sizes)
        + " | last / first |"
    )
    say("| --- | --- |" + " ---: |" * (len(sizes) + 1))


def print_line(found: Sequence[Measured], slow: float) -> None:
    """One list's line, and its slow queries below."""
    queries = " / ".join(str(part.queries) for part in found)
    times = " | ".join(f"{part.ms:.1f}" for part in found)
    say(f"| {found[0].name} | {queries} | {times} | {found[-1].ms / found[0].ms:.2f} |")
    for ms, sql in found[-1].sql:
        if slow and ms >= slow:
            say(f"    {ms:.1f} ms {sql}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    options = options_of(arguments)
    found = figures(options.names, options.stories or (), cpu=options.cpu, slow=options.slow)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
