"""A broker made of files, for one machine without Redis.

Kombu's own filesystem transport lets a reader see a message before it is written whole
(https://github.com/celery/kombu/issues/1551): the message is lost and the worker dies. Here a message
is written under a name that no reader looks for and then renamed, and it is taken by another rename.
Both happen inside one directory tree, where a rename is atomic: a message is seen whole and taken once.
"""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

# A killed process leaves the message that it was writing or reading. The job's row rings again, so
# the leftover is worth nothing and goes after this many seconds.
LEFTOVER_SECONDS = 60.0


class Channel(filesystem.Channel):
    """Kombu's channel with a writer that never shows half a message and a reader that shares none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sweep(Path(self.data_folder_out), Path(self.processed_folder))

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """Write a message aside and rename it into the queue."""
        name = f"{time.time_ns()}_{uuid.uuid4()}"
        folder = Path(self.data_folder_out)
        aside = folder / f"{name}.writing"
        try:
            aside.write_text(dumps(payload))
            aside.replace(folder / f"{name}.{queue}.msg")
        except OSError as problem:
            raise ChannelError(f"The message could not be written to {folder}.") from problem

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """Take the oldest message of the queue by renaming it; Empty where there is none."""
        folder = Path(self.data_folder_in)
        ours = f"{queue}.msg"
        for name in sorted(os.listdir(folder)):
            if name.partition(".")[2] != ours:
                continue
            taken = Path(self.processed_folder) / name
            try:
                (folder / name).rename(taken)
            except FileNotFoundError:
                continue  # another worker was faster
            message = taken.read_text()
            taken.unlink()
            return loads(message)
        raise Empty

    def _queue_bind(
        self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None
    ) -> None:
        """Remember where an exchange leads; its file is never seen empty."""
        file = self.control_folder / f"{exchange}.exchange"
        with alone(self.control_folder / "binding.lock"):
            if not file.exists():
                aside = file.with_suffix(".new")
                aside.write_text("[]")
                aside.replace(file)
            super()._queue_bind(exchange, routing_key or "", pattern or "", queue or "")


class Transport(filesystem.Transport):
    """The transport behind the address `storybank-files://`."""

    Channel = Channel


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold a lock file against every other process; the kernel frees it when its holder dies."""
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def sweep(written: Path, taken: Path) -> None:
    """Delete what killed processes were writing or reading."""
    old = time.time() - LEFTOVER_SECONDS
    for leftover in [*written.glob("*.writing"), *taken.glob("*.msg")]:
        try:
            # A rename changes ctime: a message that waited long and is being read now is not old.
            if leftover.stat().st_ctime < old:
                leftover.unlink()
        except FileNotFoundError:
            continue  # another process sweeps too
