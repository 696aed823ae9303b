"""Kill everything, again and again, under load, and look what is left.

    python -m chaos [--seed N] [--faults N] [--members N] [--short]

Starts PostgreSQL, Redis, a mail server and the compose file's services on ports of its own, lets people
work, and breaks one thing after another. Needs the Debian packages postgresql and redis-server. Exits with
1 where anything was lost, doubled or said without words.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import time
from pathlib import Path

import django

import chaos.environment  # noqa: F401 (before Django reads its settings)

django.setup()

from chaos import report  # noqa: E402
from chaos.plan import Plan  # noqa: E402
from chaos.run import Run  # noqa: E402
from tests.house.servers import missing  # noqa: E402

#: What ends a run before its time, and leaves nothing running either.
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def planned() -> Plan:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, prog="make chaos ARGS=")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--faults", type=int, default=50)
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--invited", type=int, default=2000)
    parser.add_argument("--short", action="store_true", help="each kind of machine once")
    parser.add_argument(
        "--hurry", action="store_true", help="end the leases of the dead instead of waiting"
    )
    parser.add_argument("--keep", action="store_true", help="leave logs and data behind")
    parser.add_argument("--json", type=Path, help="write what was found there, too")
    given = parser.parse_args()
    if given.short:
        return Plan.short(seed=given.seed, keep=given.keep, json=given.json)
    return Plan(
        seed=given.seed,
        faults=given.faults,
        members=given.members,
        invited=given.invited,
        hurry=given.hurry,
        keep=given.keep,
        json=given.json,
    )


def main() -> int:
    """Run, tell, and exit as it went."""
    if packages := missing():
        sys.stderr.write(f"This needs servers: apt install {' '.join(packages)}\n")
        return 2
    plan = planned()
    began = time.monotonic()
    run = Run(plan)
    for number in ENDING:
        signal.signal(number, lambda heard, frame: sys.exit(128 + heard))
    whole = False
    try:
        result = run.whole()
        whole = True
    finally:
        for number in ENDING:  # nothing keeps the end from being tidy
            signal.signal(number, signal.SIG_IGN)
        run.clean(at_once=not whole)
    result["seconds"]["all"] = round(time.monotonic() - began, 1)
    report.show(result)
    if plan.json:
        plan.json.write_text(json.dumps(result, indent=1))
    return 1 if result["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
