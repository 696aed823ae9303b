"""Mail as files: one .eml for each message, for a machine without a mail server."""

from __future__ import annotations

import re

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend

from portal.mime import Letter


class MailFiles(BaseEmailBackend):
    """Writes each letter under its Message-ID, so that a repeated one is the same file."""

    def carry(self, letter: Letter) -> None:
        """Write one letter, with the lines of a file."""
        settings.MAIL_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = re.sub(r"[^A-Za-z0-9.-]", "_", letter.message_id.strip("<>"))
        aside = settings.MAIL_DIR / f"{name}.writing"
        aside.write_bytes(letter.wire.replace(b"\r\n", b"\n"))
        aside.replace(settings.MAIL_DIR / f"{name}.eml")
