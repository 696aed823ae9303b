"""Sealing and building a batch, beside COPY of the same rows to CSV."""

from __future__ import annotations

import json
import sys
from typing import Any

from bench.ground import Ground

PROGRAM = """
import json, sys, time, django; django.setup()
from django.db import connection
from django.utils import timezone
from bench import rows
from bench.ground import peak_of
from portal.models import Job
from portal.work import work_on
from stories.models import Batch
from stories.verbs import batching, building
from tests.house.people import make_world
import os, resource
count = int(sys.argv[1])
rows.WORDS = ("We grew the very cells that she was losing, and a grant paid for it. " * 40)[:2000]
world = make_world() if not Batch.objects.exists() and not rows.Campaign.objects.exists() else None
for start in range(0, count, 5000):
    rows.due(world, start, min(start + 5000, count))
with connection.cursor() as cursor:
    cursor.execute("ANALYZE")
batch = batching.open_batch(campaign=world.campaign, partner=world.research_america)
if os.fork() == 0:  # what made the rows has its own memory
    pass
else:
    os.wait(); os._exit(0)
connection.inc_thread_sharing()
from django.db import connections
for one in connections.all(): one.connection = None; one.close_pool()
before = peak_of(os.getpid())
began = time.perf_counter()
batch = batching.seal(by=world.lee, batch=batch)
sealed = time.perf_counter()
job = Job.objects.get(kind="stories.build_batch")
assert work_on(job.pk, building.build)
built = time.perf_counter()
copy = '''COPY (SELECT s.ref, r.hook, r.answers, s.us_state, s.district, c.name, c.until, r.sha256
 FROM stories_item i JOIN stories_story s ON s.id = i.story_id JOIN stories_revision r ON r.id = i.accepted_id
 JOIN stories_consent c ON c.id = i.consent_id ORDER BY i.position) TO STDOUT WITH CSV'''
from psycopg import connect
with connect(os.environ["DATABASE_URL"]) as plain, plain.cursor() as cursor:
    again = time.perf_counter()
    with cursor.copy(copy) as out:
        size = sum(len(piece) for piece in out)
    copied = time.perf_counter() - again
batch.refresh_from_db()
assert batch.built_at and batch.count == count
print(json.dumps({"stories": count, "seal s": round(sealed - began, 2), "build s": round(built - sealed, 2),
  "ms a story": round((built - began) / count * 1000, 3), "limit: COPY s": round(copied, 3),
  "MB copied": round(size / 1e6, 1), "ratio": round((built - began) / copied, 1),
  "MB at most": peak_of(os.getpid()), "MB before": before}))
sys.stdout.flush()
os._exit(0)
"""


def measure(here: Ground, count: int) -> dict[str, Any]:
    """Seconds of each, and memory."""
    found: dict[str, Any] = json.loads(here.run(sys.executable, "-c", PROGRAM, str(count)))
    return found
