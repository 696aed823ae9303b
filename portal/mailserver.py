"""The mail server's side of the line: one letter over an open SMTP connection, in as few exchanges as it allows."""

from __future__ import annotations

import smtplib
from contextlib import suppress

from django.core.mail.backends.smtp import EmailBackend

from portal.mime import Letter

#: The server is closing the connection, whatever it was asked.
CLOSING = 421
#: What a server says to DATA where it waits for the text.
GO_ON = 354


class MailServer(EmailBackend):
    """Django's connection, with its sign-in and its TLS; letters go over it in words of our own.

    Where the server offers PIPELINING (RFC 2920) sender, recipient and DATA are said in one breath, which
    saves two of four waits. The text is sent only after every one of them was answered with yes.
    """

    def carry(self, letter: Letter) -> None:
        """Hand one letter over; returns after the server's yes, else raises what smtplib raises."""
        server = self.connection
        if server is None:
            raise smtplib.SMTPServerDisconnected("the line is not open")
        server.ehlo_or_helo_if_needed()
        refusal = _introduce(server, letter)
        if refusal is None:
            server.send(letter.wire.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            code, words = server.getreply()
            if code // 100 == 2:
                return
            refusal = smtplib.SMTPDataError(code, words)
        # Nothing of this letter may be left when the next one begins.
        with suppress(smtplib.SMTPServerDisconnected):
            server.rset()
        raise refusal


def _introduce(server: smtplib.SMTP, letter: Letter) -> smtplib.SMTPException | None:
    """Say from whom and for whom; None where the server waits for the text, else what it refused."""
    size = f" SIZE={len(letter.wire)}" if server.has_extn("size") else ""
    lines = [f"MAIL FROM:<{letter.sender}>{size}", f"RCPT TO:<{letter.to}>", "DATA"]
    at_once = len(lines) if server.has_extn("pipelining") else 1
    replies: list[tuple[int, bytes]] = []
    while len(replies) < len(lines):
        said = lines[len(replies) : len(replies) + at_once]
        server.send("".join(f"{line}\r\n" for line in said))
        replies += [server.getreply() for _ in said]
        refusal = _refusal(letter, replies)
        if refusal is not None:
            if len(replies) == len(lines) and replies[-1][0] == GO_ON:
                server.docmd(".")  # it waits for a text all the same, which is for nobody
            return refusal
    return None


def _refusal(letter: Letter, replies: list[tuple[int, bytes]]) -> smtplib.SMTPException | None:
    """The first of the answers so far that is a no."""
    for place, (code, words) in enumerate(replies):
        if place == 0 and code // 100 != 2:
            return smtplib.SMTPSenderRefused(code, words, letter.sender)
        if place == 1 and code // 100 != 2:
            return smtplib.SMTPRecipientsRefused({letter.to: (code, words)})
        if place == 2 and code != GO_ON:
            return smtplib.SMTPDataError(code, words)
    return None
