"""From a withdrawal to the partner's recall taken by the SMTP server, while invitations wait."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from typing import Any

from bench import sending
from bench.ground import ROOT, Ground, wait_until

PROGRAM = """
import json, smtplib, sys, time, django; django.setup()
from django.conf import settings
from portal.models import Message
from stories.models import Recall
from stories.verbs import telling
from tests.house.batches import fetched_batch
from tests.house.people import make_world
from tests.house.stories import approved_story
count = int(sys.argv[1])
world = make_world()
stories = [approved_story(world, hook=f"Story {n}") for n in range(count)]
fetched_batch(world)
Message.objects.exclude(template="invitation").delete()
print("ready", flush=True); sys.stdin.readline()
line = smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT); times = []
for story in stories:
    began = time.time()
    telling.withdraw(by=world.mia, story=story)
    ref = Recall.objects.get(story=story).ref
    while not (at := float(line.docmd(f"SEEN {ref}")[1])):
        if time.time() > began + 60: raise TimeoutError
        time.sleep(0.01)
    times.append(at - began)
    time.sleep(0.3)
print(json.dumps([times, Message.objects.filter(template="invitation", finished_at=None).count()]))
"""


def measure(here: Ground, waiting: int, count: int) -> dict[str, Any]:
    """Seconds of each withdrawal."""
    here.run(sys.executable, "-c", sending.FILL, str(waiting))
    author = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(count)],
        cwd=ROOT,
        env={
            **here.environment,
            "DEMAND_SECOND_FACTOR": "0",
            "ALLOWED_HOSTS": "localhost,testserver",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert author.stdout is not None
    assert author.stdin is not None
    author.stdout.readline()
    worker = sending.worker_of(here)
    try:
        here.run(sys.executable, "-c", sending.RING)
        wait_until(lambda: here.ask_sink("STAT")[0] > 20, 60)
        author.stdin.write("go\n")
        author.stdin.flush()
        ring_at = time.monotonic() + 40
        while author.poll() is None:
            time.sleep(0.1)
            if time.monotonic() > ring_at:
                here.run(sys.executable, "-c", sending.RING)
                ring_at += 15
        times, left = json.loads(author.stdout.read())
    finally:
        author.kill()
        author.wait()
        worker.terminate()
        worker.wait(90)
    return {
        "invitations waiting at first / at the end": f"{waiting} / {left}",
        "withdrawals": len(times),
        "median s": round(statistics.median(times), 2),
        "99th percentile s": round(statistics.quantiles(times, n=100, method="inclusive")[98], 2),
        "longest s": round(max(times), 2),
    }
