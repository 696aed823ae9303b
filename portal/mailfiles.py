"""Mail as files: one .eml for each message, for a machine without a mail server."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.message import Message as WireMessage

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage


class MailFiles(BaseEmailBackend):
    """Writes each message under its Message-ID, so that a repeated message is the same file."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write the messages; returns how many."""
        settings.MAIL_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        for email in email_messages:
            wire: WireMessage = email.message()
            name = re.sub(r"[^A-Za-z0-9.-]", "_", str(wire["Message-ID"]).strip("<>"))
            aside = settings.MAIL_DIR / f"{name}.writing"
            aside.write_bytes(wire.as_bytes())
            aside.replace(settings.MAIL_DIR / f"{name}.eml")
        return len(email_messages)
