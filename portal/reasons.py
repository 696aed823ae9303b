"""Why work was put back, in words for operators. What is kept of a failure is its kind alone."""

from __future__ import annotations

#: Kinds of failure that an operator can do something about.
WORDS = {
    "ConnectionError": "a server that it needs did not answer",
    "ConnectionRefusedError": "a server that it needs does not run",
    "ConnectionResetError": "a server that it needs hung up",
    "FileNotFoundError": "a file is missing from storage",
    "InterfaceError": "the line to the database broke",
    "LostLease": "another worker took it over",
    "MemoryError": "the worker ran out of memory",
    "OSError": "a file could not be read or written; is the disk full?",
    "OperationalError": "the database did not answer, or was stopped",
    "PermissionError": "storage may not be read or written; who owns the folder?",
    "PoolTimeout": "the database did not answer in time",
    "TimeoutError": "a server that it needs did not answer in time",
}
UNKNOWN = "an error of the program: look for it in the worker's log"


def in_words(kept: str) -> str:
    """What a row keeps of its last failure; a kind that is a bare name gets words before it."""
    if not kept:
        return "no reason kept"
    if not kept.isidentifier():
        return kept
    return f"{WORDS.get(kept, UNKNOWN)} ({kept})"
