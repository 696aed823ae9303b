"""The folder of files: photos, uploads and batches. A file is there whole or not at all."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.core.files.storage import FileSystemStorage


class WholeFiles(FileSystemStorage):
    """Takes a file away again that could not be written to its end: the disk ran full."""

    def _save(self, name: str, content: Any) -> str:
        """Every caller's name is a fresh one, so that what stands under it is what failed."""
        try:
            return str(super()._save(name, content))  # type: ignore[misc]
        except OSError:
            with suppress(OSError):  # of the folder itself being away the first failure tells
                self.delete(name)
            raise
