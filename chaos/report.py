"""What a run says at its end."""

from __future__ import annotations

import sys
from typing import Any


def say(words: str) -> None:
    """A line for whoever watches."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def table(title: str, rows: dict[str, Any]) -> None:
    """Two columns."""
    say(f"\n{title}")
    for name, value in rows.items():
        say(f"  {name:34} {value}")


def show(result: dict[str, Any]) -> None:
    """The summary, and everything that is wrong at its end."""
    table(f"Faults (seed {result['seed']})", result["faults"])
    table("What people were told", result["told"])
    table("Requests", result["requests"])
    table("Mails", result["mails"])
    table("Second copies, by reason", result["copies"])
    table("Batches", result["batches"])
    table("Recalls", result["recalls"])
    table("Stories", result["stories"])
    table("Starts of each service", result["starts"])
    table("Checked", result["checked"])
    table("Seconds", result["seconds"])
    if result["reasons"]:
        say("\nWhat jobs and messages gave as their reason meanwhile")
        for reason in result["reasons"]:
            say(f"  {reason}")
    if result["wrong"]:
        say(f"\nWRONG: {len(result['wrong'])}")
        for words in result["wrong"][:60]:
            say(f"  {words}")
    else:
        say("\nNothing was lost, nothing came twice without a reason, nothing is stuck.")
