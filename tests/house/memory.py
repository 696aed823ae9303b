"""What a process holds in memory, as Linux tells."""

from __future__ import annotations

from pathlib import Path

#: The most that it has ever held, and what it holds now.
PEAK, NOW = "VmHWM", "VmRSS"


def held(process: int, which: str) -> int:
    """In bytes; 0 for a process that has ended, whether or not somebody has waited for it."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = next((line for line in status.splitlines() if line.startswith(which)), f"{which} 0")
    return int(found.split()[1]) * 1024
