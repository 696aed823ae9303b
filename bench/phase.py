"""A phase opens: invitations and messages written, beside PostgreSQL inserting the same bytes.

The process that writes is killed in the middle and another goes on; nobody is asked twice.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import psycopg
from psycopg import sql

from bench.ground import Ground, memory_of

FILL = """
import sys, django; django.setup()
from django.db import connection
from campaigns.models import Member
from campaigns.verbs import invitations
from django.db import transaction
from portal import outbox
from tests.house.people import make_world
count = int(sys.argv[1])
world = make_world()
with connection.cursor() as cursor:
    cursor.execute("SET session_replication_role = replica")  # these rows need no look at what they point to
    cursor.execute('''INSERT INTO campaigns_member (email, given_name, family_name, token, created_at)
        SELECT 'member' || n || '@example.org', 'Given' || n, 'Family', gen_random_uuid(), now()
        FROM generate_series(1, %s) n''', [count])
    cursor.execute('''INSERT INTO campaigns_rosterentry (society_id, member_id, email, number, joined_at)
        SELECT %s, id, email, '', now() FROM campaigns_member WHERE email LIKE 'member%%'
    ''', [world.isscr.pk])
    cursor.execute('''INSERT INTO campaigns_place (member_id, kind, zip, state, ambiguous,
            institution_name, said_by_member, boundaries_id)
        SELECT m.id, p.kind, p.zip, 'KS', false, '', false, p.boundaries_id
        FROM campaigns_member m, (SELECT * FROM campaigns_place WHERE kind = 'home' LIMIT 1) p
        WHERE m.email LIKE 'member%%' ''')
    cursor.execute("ANALYZE")
with transaction.atomic():
    outbox.start("campaigns.invite", key="bench", phase=world.phase_one.pk)
"""
WORK = """
import time, django; django.setup()
from portal.models import Job
from portal.work import work_on
from campaigns.verbs import invitations
print(time.time(), flush=True)
job = Job.objects.get(key="bench")
Job.objects.filter(pk=job.pk).update(leased_until=None, lease=None)  # as when the dead one's ran out
work_on(job.pk, invitations.invite)
"""
TABLES = ("campaigns_invitation", "portal_message")


def measure(here: Ground, count: int) -> dict[str, Any]:
    """Seconds, memory, what was written twice, and bytes."""
    here.run(sys.executable, "-c", FILL, str(count))
    began, tops, killed = time.perf_counter(), [], False
    started = [time.time()]
    with psycopg.connect(here.environment["DATABASE_URL"], autocommit=True) as plain:
        worker = here.start(sys.executable, "-c", WORK, name="phase")
        early = 0
        while worker.poll() is None:
            time.sleep(0.2)
            done = plain.execute("SELECT done FROM portal_job WHERE key = 'bench'").fetchone()
            share = (done[0] if done else 0) / count
            if worker.poll() is None:
                tops.append(memory_of(worker.pid))
            early = tops[-1] if share < 0.3 and tops else early
            if share > 0.5 and not killed:
                worker.kill()
                worker.wait()
                killed = True
                started.append(time.time())
                worker = here.start(sys.executable, "-c", WORK, name="phase")
        seconds = time.perf_counter() - began
        said = (here.folder / "phase.log").read_text().split()
        starting = sum(float(at) for at in said) - sum(started)
        asked, once, told = plain.execute(
            "SELECT (SELECT count(*) FROM campaigns_invitation), (SELECT count(DISTINCT member_id)"
            " FROM campaigns_invitation), (SELECT count(*) FROM portal_message)"
        ).fetchone() or (0, 0, 0)
        sizes = {
            table: (plain.execute("SELECT pg_total_relation_size(%s)", [table]).fetchone() or [0])[
                0
            ]
            for table in (*TABLES, "campaigns_member", "campaigns_rosterentry", "campaigns_place")
        }
        limit = same_bytes(plain)
    return {
        "members": count,
        "seconds, with a kill in the middle": round(seconds, 1),
        "of them two processes starting": round(starting, 1),
        "a second": round(count / (seconds - starting)),
        "limit: INSERT ... SELECT s": round(limit, 2),
        "ratio without starting": round((seconds - starting) / limit, 1),
        "invitations / members / messages": f"{asked} / {once} / {told}",
        "MB before a third, at most": f"{early}, {max(tops)}",
        "bytes a row": json.dumps({table: size // count for table, size in sizes.items()}),
    }


def same_bytes(plain: psycopg.Connection[Any]) -> float:
    """PostgreSQL writes the same rows into tables with the same indexes."""
    seconds = 0.0
    for table in TABLES:
        names = {"one": sql.Identifier(table), "again": sql.Identifier(f"again_{table}")}
        plain.execute(sql.SQL("CREATE TABLE {again} (LIKE {one} INCLUDING ALL)").format(**names))
        began = time.perf_counter()
        plain.execute(sql.SQL("INSERT INTO {again} SELECT * FROM {one}").format(**names))
        seconds += time.perf_counter() - began
        plain.execute(sql.SQL("DROP TABLE {again}").format(**names))
    return seconds
