"""A disk that can be filled: a small file system of its own where one can be mounted, else a limit.

Without the right to mount, the files' worker may write no file beyond a few bytes (RLIMIT_FSIZE): the
system then refuses the write in the same place, with another number.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

MEGABYTE = 1 << 20
SIZE = 64 * MEGABYTE
#: Enough for a name and too little for a batch.
FEW_BYTES = 64


class Disk:
    """The place of files, full or not."""

    def __init__(self, place: Path, writers: Callable[[], list[int]]) -> None:
        self.place, self.writers = place, writers
        self.mounted = mount(place)
        self.filler = place / "filler"
        self._full = threading.Event()

    def fill(self, room: int = 0) -> None:
        """From now on nothing more can be written than so many bytes."""
        if not self.mounted:
            self._full.set()
            threading.Thread(target=self._hold_down, daemon=True).start()
            return
        with self.filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            for size in (MEGABYTE, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"\0" * size)
        os.truncate(self.filler, max(0, self.filler.stat().st_size - room))

    def free(self) -> None:
        """There is room again."""
        if not self.mounted:
            self._full.clear()
            return
        self.filler.unlink(missing_ok=True)

    def unmount(self) -> None:
        """Leave no file system behind."""
        if self.mounted:
            subprocess.run(["umount", "--lazy", self.place], check=False, capture_output=True)

    def _hold_down(self) -> None:
        """Hold the worker's processes to a few bytes, those too that are started meanwhile."""
        held: dict[int, tuple[int, int]] = {}
        while self._full.is_set():
            for pid in self.writers():
                if pid not in held:
                    with contextlib.suppress(OSError, PermissionError):
                        held[pid] = resource.prlimit(pid, resource.RLIMIT_FSIZE)
                        limit = (FEW_BYTES, held[pid][1])
                        resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)
            time.sleep(0.1)
        for pid, former in held.items():
            with contextlib.suppress(OSError, PermissionError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, former)


def mount(place: Path) -> bool:
    """Whether a file system of its own lies there now."""
    if os.geteuid() != 0:
        return False
    words = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0755", "tmpfs", str(place)]
    try:
        return subprocess.run(words, check=False, capture_output=True).returncode == 0
    except OSError:
        return False
