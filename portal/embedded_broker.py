"""A broker made of files, for one machine without Redis.

Kombu's own filesystem transport lets a reader see a message before it is written whole
(https://github.com/celery/kombu/issues/1551): the message is lost and the worker dies. Here a message
is written under a name that no reader looks for and then renamed, which is atomic on one file system.
"""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):  # type: ignore[misc]
    """Kombu's channel with a writer that never shows half a message."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:
        """Write `payload` aside and rename it into the queue."""
        name = f"{time.time_ns()}_{uuid.uuid4()}"
        folder = Path(self.data_folder_out)
        aside = folder / f"{name}.writing"
        try:
            aside.write_text(dumps(payload))
            os.replace(aside, folder / f"{name}.{queue}.msg")
        except OSError as problem:
            raise ChannelError(f"The message could not be written to {folder}.") from problem


class Transport(filesystem.Transport):  # type: ignore[misc]
    """The transport behind the address `storybank-files://`."""

    Channel = Channel
