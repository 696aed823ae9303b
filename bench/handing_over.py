"""Sealing and building a batch, beside COPY of the same rows to CSV.

"At least" is what neither Python nor Django could save: PostgreSQL inserts the same items in one statement with
all their keys, reads the stories once, and as many bytes as the files have are hashed and put on the disk.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from bench.ground import Ground

PROGRAM = """
import hashlib, json, sys, time, django; django.setup()
from django.db import connection
from django.utils import timezone
from bench import rows
from bench.ground import peak_of
from portal.models import Job
from portal.work import work_on
from stories.models import Batch
from stories.verbs import batch_files, batching, building
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
from psycopg import connect
insert = '''INSERT INTO stories_item (batch_id, partner_id, position, story_id, consent_id, accepted_id, ended_why)
 SELECT %s, c.partner_id, row_number() OVER (ORDER BY s.id), s.id, c.id, s.approved_revision_id, ''
 FROM stories_consent c JOIN stories_story s ON s.id = c.story_id WHERE s.state = 'approved' AND c.partner_id = %s'''
with connect(os.environ["DATABASE_URL"], autocommit=True) as plain, plain.cursor() as cursor:
    again = time.perf_counter()
    with plain.transaction(force_rollback=True):
        cursor.execute(insert, [batch.pk, batch.partner_id])
        assert cursor.rowcount == count
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        least = time.perf_counter() - again
    cursor.execute("VACUUM stories_item")
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
with connect(os.environ["DATABASE_URL"]) as plain, plain.cursor() as cursor:
    again = time.perf_counter()
    with cursor.copy(copy) as out:
        size = sum(len(piece) for piece in out)
    copied = time.perf_counter() - again
peak = peak_of(os.getpid())
batch.refresh_from_db()
written = sum(file.stat().st_size for file in batch_files.place_of(batch).rglob("*") if file.is_file())
piece, hashed, again = b"w" * 2**20, hashlib.sha256(), time.perf_counter()
with batch_files.nameless() as file:
    for _ in range(written // len(piece)):
        hashed.update(piece); file.write(piece)
    file.flush(); os.fsync(file.fileno())
least += copied + time.perf_counter() - again
assert batch.built_at and batch.count == count
print(json.dumps({"stories": count, "seal s": round(sealed - began, 2), "build s": round(built - sealed, 2),
  "ms a story": round((built - began) / count * 1000, 3), "limit: COPY s": round(copied, 3),
  "MB copied": round(size / 1e6, 1), "ratio": round((built - began) / copied, 1),
  "at least s": round(least, 2), "MB written": round(written / 1e6), "at least, ratio": round(least / copied, 1),
  "MB at most": peak, "MB before": before}))
sys.stdout.flush()
os._exit(0)
"""


def measure(here: Ground, count: int) -> dict[str, Any]:
    """Seconds of each, and memory."""
    found: dict[str, Any] = json.loads(here.run(sys.executable, "-c", PROGRAM, str(count)))
    return found
