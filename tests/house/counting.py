"""A task for the broker's stress test, on the product's own Celery app, and a program that rings it.

`python -m tests.house.counting FIRST COUNT` sends the numbers FIRST, FIRST + 1, ... as fast as it can.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from portal.celery import app

TASK = "tests.count"


@app.task(name=TASK)
def count(number: int) -> None:
    """Note that this number was worked on: one line a run, appended in one write."""
    line = f"{number} {os.getpid()}\n".encode()
    descriptor = os.open(Path(os.environ["COUNTED"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    first, how_many = int(sys.argv[1]), int(sys.argv[2])
    for number in range(first, first + how_many):
        app.send_task(TASK, args=[number], queue="work")
