"""Sending: the outbox through two workers, beside one kept-open connection in a plain loop."""

from __future__ import annotations

import smtplib
import subprocess
import sys
import time
from typing import Any

from bench.ground import Ground, wait_until

FILL = """
import sys, uuid, django; django.setup()
from portal import bulk
from portal.models import Message, Urgency
how_many = int(sys.argv[1])
names = ("message_id", "key", "address", "template", "urgency", "unsubscribe_url", "context")
for start in range(0, how_many, 5000):
    bulk.insert(Message, names, [(
        uuid.uuid4(), None, f"member{n}@example.org", "invitation", Urgency.BULK, f"/stop/{n}/",
        {"given_name": "Given", "campaign": "Research saves",
        "summary": "What research funding made possible.", "society": "ISSCR", "state": "Kansas",
        "closes": "May 3", "url": f"http://localhost/i/{n}/", "unsubscribe_url": f"/stop/{n}/"},
    ) for n in range(start, min(start + 5000, how_many))])
"""
LETTER = """
import sys, django; django.setup()
from portal.models import Message
from portal.post import letters
message = Message.objects.first()
sys.stdout.buffer.write(letters.write(message, "member@example.org").wire)
"""
RING = """
import django; django.setup()
from portal.celery import app
app.send_task("portal.send_mail"); app.send_task("portal.send_mail")
"""


def measure(here: Ground, count: int) -> dict[str, Any]:
    """The rates of both, in messages a second."""
    run = (sys.executable, "-c")
    here.run(*run, FILL, str(count))
    text = here.run(*run, LETTER).encode()
    limit = plain_loop(here, text, count)
    before, _, _ = here.ask_sink("STAT")
    worker = worker_of(here)
    try:
        here.run(*run, RING)
        wait_until(lambda: here.ask_sink("STAT")[0] > before, 60)
        began, ring_at = time.monotonic(), time.monotonic() + 50
        while here.ask_sink("STAT")[0] < before + count:
            time.sleep(0.2)  # asking opens a connection, which costs both sides as much as a letter
            if time.monotonic() > ring_at:  # as the clock does; a drain ends after 50 seconds
                here.run(*run, RING)
                ring_at += 15
            if time.monotonic() - began > 1200:
                raise TimeoutError
        seconds = time.monotonic() - began
        came, different, _ = here.ask_sink("STAT")
    finally:
        worker.terminate()
        worker.wait(90)
    return {
        "messages": count,
        "bytes each": len(text),
        "seconds": round(seconds, 2),
        "a second": round(count / seconds),
        "limit: plain loop a second": round(limit),
        "ratio": round(count / seconds / limit, 2),
        "sent twice": int(came - before - different),  # the plain loop sends the first one of them,
    }


def worker_of(here: Ground) -> subprocess.Popen[bytes]:
    """The mail queue's worker with two processes, as docker-compose.yml starts it."""
    worker = here.start(
        *(sys.executable, "-m", "celery", "-A", "portal", "--skip-checks", "worker"),
        *("--concurrency", "2", "-Q", "mail", "--loglevel", "WARNING"),
        name="worker",
    )
    time.sleep(5)
    return worker


def plain_loop(here: Ground, text: bytes, count: int) -> float:
    """One connection that stays open, the same letter again and again; messages a second."""
    began = time.monotonic()
    with smtplib.SMTP("127.0.0.1", here.sink) as line:
        for number in range(count):
            line.sendmail("storybank@localhost", [f"member{number}@example.org"], text)
    return count / (time.monotonic() - began)
