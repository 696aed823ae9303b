"""Queries and time of every list of the site with 1, 30 and 10,000 rows.

    python -m bench.lists [PART OF A LIST'S NAME ...]

Everything happens in a throw-away database: SQLite in a folder of its own, or on the PostgreSQL server
that DATABASE_URL names, whose user may create databases. Pages are asked for through Django's test
client: views, database and templates, without network and web server. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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

from bench import rows  # noqa: E402
from stories.models import Batch  # noqa: E402
from tests.house.people import World, client_of, make_world  # noqa: E402

SIZES = (1, 30, 10_000)
GETS = 7

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


@dataclass(frozen=True)
class Measured:
    """What one page cost: queries, and the median of some GETs in milliseconds."""

    queries: int
    ms: float
    sql: tuple[tuple[float, str], ...]


def measure(world: World, one: List, clock: Callable[[], float]) -> Measured:
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
    return Measured(len(asked), statistics.median(times), asked)


def get(browser: Client, address: str) -> None:
    """One GET that must be answered with the page."""
    response = browser.get(address)
    if response.status_code != 200:
        raise RuntimeError(f"{address} answered {response.status_code}")


def measured(world: World, one: List, clock: Callable[[], float]) -> list[Measured]:
    """The list with each number of rows; nothing of it stays."""
    found: list[Measured] = []
    with transaction.atomic():
        done = 0
        for size in SIZES:
            one.fill(world, done, size)
            done = size
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("ANALYZE")  # as its autovacuum does within a minute
            found.append(measure(world, one, clock))
        transaction.set_rollback(True)
    return found


def say(text: str = "") -> None:
    """One line of the output."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="only lists whose name holds one of these")
    parser.add_argument(
        "--slow", type=float, default=0, metavar="MS", help="print queries slower than this"
    )
    parser.add_argument(
        "--cpu",
        action="store_true",
        help="this process's own time instead of the clock's: for a busy machine, and SQLite only",
    )
    options = parser.parse_args()
    clock = time.process_time if options.cpu else time.perf_counter
    setup_test_environment()
    call_command("collectstatic", interactive=False, verbosity=0)
    connection.creation.create_test_db(verbosity=0)
    try:
        world = make_world()
        say(
            f"| {connection.vendor} | queries | "
            + " | ".join(f"{size:,}: ms" for size in SIZES)
            + " |"
        )
        say("| --- | --- |" + " ---: |" * len(SIZES))
        for one in LISTS:
            if not options.names or any(name in one.name for name in options.names):
                found = measured(world, one, clock)
                queries = " / ".join(str(part.queries) for part in found)
                say(
                    f"| {one.name} | {queries} | "
                    + " | ".join(f"{part.ms:.1f}" for part in found)
                    + " |"
                )
                for ms, sql in found[-1].sql:
                    if options.slow and ms >= options.slow:
                        say(f"    {ms:.1f} ms {sql}")
    finally:
        connection.creation.destroy_test_db(str(connection.settings_dict["NAME"]), verbosity=0)


if __name__ == "__main__":
    main()
