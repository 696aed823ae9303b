"""A real SMTP server for tests: takes, refuses, puts off, hangs up or hangs, by the recipient's address."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.house.servers import free_port

OK = "250 OK"
HANG_UP = "hang up after taking the message"
HANG = "never answer"


@dataclass
class PostOffice:
    """What the server does, and what it took, in order."""

    host: str = "127.0.0.1"
    port: int = 0
    #: Answers to RCPT by address, e.g. "550 no such person".
    at_rcpt: dict[str, str] = field(default_factory=dict)
    #: Answers after DATA by address; HANG_UP and HANG too.
    after_data: dict[str, str] = field(default_factory=dict)
    #: Called in the server's thread with each message that it took, before it answers.
    on_taking: Callable[[EmailMessage], None] | None = None
    taken: list[EmailMessage] = field(default_factory=list)
    calls: int = 0
    #: Whether it says that it takes several commands in one breath.
    pipelining: bool = False

    @property
    def url(self) -> str:
        """What EMAIL_URL would be."""
        return f"smtp://{self.host}:{self.port}"

    @property
    def recipients(self) -> list[str]:
        """To whom the taken messages go, in order."""
        return [str(mail["To"]) for mail in self.taken]

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        """Count the calls."""
        self.calls += 1
        session.host_name = hostname
        return ["250-PIPELINING", *answers] if self.pipelining else answers

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        """Take an address or refuse it."""
        answer = self.at_rcpt.get(address, OK)
        if answer == OK:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a message, and then answer as told."""
        answer = self.after_data.get(envelope.rcpt_tos[0], OK)
        if answer == HANG:
            await asyncio.sleep(30)
        if answer in {OK, HANG_UP}:
            content = envelope.content
            assert isinstance(content, bytes)
            mail = email.message_from_bytes(content, policy=email.policy.default)
            assert isinstance(mail, EmailMessage)
            self.taken.append(mail)
            if self.on_taking:
                await asyncio.to_thread(self.on_taking, mail)
        if answer == HANG_UP:
            assert server.transport is not None
            server.transport.close()
        return OK if answer == HANG_UP else answer


@contextmanager
def open_post_office() -> Iterator[PostOffice]:
    """A server on a free port of this machine, closed at the end."""
    office = PostOffice(port=free_port())
    controller = Controller(office, hostname=office.host, port=office.port)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()
