"""What some societies with a million members each need, reckoned from measured rates and sizes.

    python -m bench.simulate [--societies 10] [--members 1000000] [--invite 6983] [--send 989]

The rates are rows and messages a second of one process that invites and of one mail worker with two
processes, as `make bench ARGS="phase sending"` gives them; the sizes are PostgreSQL's bytes a row with
indexes, from the same run.
"""

from __future__ import annotations

import argparse
import sys

#: Bytes a row with its indexes: member, roster entry and one place; invitation; message.
MEMBER, INVITATION, MESSAGE = 340 + 301 + 206, 173, 925


def tell(
    members: int, inviters: int, invite: float, workers: int, send: float
) -> tuple[float, float]:
    """Minutes until the last invitation has left, and the most that waited; a second a step."""
    written = sent = most = 0.0
    seconds = 0
    while sent < members:
        seconds += 1
        written = min(members, written + inviters * invite)
        sent = min(written, sent + workers * send)
        most = max(most, written - sent)
    return seconds / 60, most


def main() -> None:
    """Print one line for each number of mail workers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--societies", type=int, default=10)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--invite", type=float, default=6983)
    parser.add_argument("--send", type=float, default=989)
    given = parser.parse_args()
    people = given.societies * given.members
    size = people * (MEMBER + INVITATION + MESSAGE) / 1e9
    say = sys.stdout.write
    say(f"{people:,} members: {size:.1f} GB of members, invitations and messages\n\n")
    say("| inviting jobs | mail workers | minutes to tell everybody | most messages waiting |\n")
    say("| --- | --- | --- | --- |\n")
    for inviters, workers in ((1, 1), (1, 3), (4, 3), (4, 10), (10, 10)):
        minutes, most = tell(people, inviters, given.invite, workers, given.send)
        say(f"| {inviters} | {workers} | {minutes:,.0f} | {most:,.0f} |\n")


if __name__ == "__main__":
    main()
