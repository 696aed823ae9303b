"""The line to the mail server: one connection kept open, and its answers in our words.

What a server says may repeat an address or a text. Only our own words and the three-digit code leave
this module.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from django.core.mail import get_connection

from portal.mailfiles import MailFiles
from portal.mailserver import CLOSING, MailServer
from portal.mime import Letter

#: A connection carries so many messages before a fresh one is opened; servers dislike endless ones.
MESSAGES_A_LINE = 100


class LineLost(Exception):
    """The connection is gone; nothing more can be sent over it."""


class RecipientRefused(Exception):
    """The server will never take a message for this address."""


class NotTaken(Exception):
    """The server did not take this one message; later it may."""


class Line:
    """One connection to the mail server. Use `open`, `send` any number of times, `close`."""

    def __init__(self) -> None:
        self.server = cast(MailServer | MailFiles, get_connection())
        #: Messages sent since the connection was opened.
        self.carried = 0

    def open(self) -> None:
        """Connect and sign in; LineLost where the server does not answer or lets us not in."""
        with _translated():
            self.server.open()
        self.carried = 0

    def close(self) -> None:
        """Hang up; a line that is gone already is closed too."""
        try:
            self.server.close()
        except (OSError, smtplib.SMTPException):
            # Only the goodbye failed: what was sent was acknowledged before.
            return

    def send(self, letter: Letter) -> None:
        """Hand one message over. Returns after the server's yes; else LineLost, RecipientRefused, NotTaken."""
        with _translated():
            self.server.carry(letter)
        self.carried += 1

    @property
    def worn(self) -> bool:
        """Whether this connection has carried enough."""
        return self.carried >= MESSAGES_A_LINE


@contextmanager
def _translated() -> Iterator[None]:
    """Turn smtplib's exceptions into ours."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as refusal:
        code = max((code for code, _ in refusal.recipients.values()), default=0)
        raise _answer(code, RecipientRefused) from None
    except (smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError) as problem:
        raise LineLost(f"the mail server hung up ({type(problem).__name__})") from None
    except smtplib.SMTPAuthenticationError as problem:
        raise LineLost(f"the mail server refused our sign-in ({problem.smtp_code})") from None
    except smtplib.SMTPResponseException as problem:
        raise _answer(problem.smtp_code, NotTaken) from None
    except OSError as problem:
        raise LineLost(f"the mail server does not answer ({type(problem).__name__})") from None


def _answer(code: int, forever: type[Exception]) -> Exception:
    """What a refusal's code means: the line is closing, try later, or (5xx) `forever`."""
    if code == CLOSING:
        return LineLost("the mail server is closing the connection (421)")
    if 500 <= code < 600:
        return forever(f"refused by the mail server ({code})")
    return NotTaken(f"put off by the mail server ({code})")
