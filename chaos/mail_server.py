"""The society's mail server in a process of its own: takes, puts off, hangs, or hangs up around its yes.

    python -m chaos.mail_server PORT FOLDER

The file `mode` in the folder says what it does, one of `MODES`. What it took is written to `taken.jsonl`
before it answers: a message that stands there with "yes" was accepted.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.house.reading import ROOT
from tests.house.servers import die_with_parent

TAKES = "takes"
#: Every address is put off with a 4xx.
PUTS_OFF = "puts off"
#: Nothing is answered any more.
HANGS = "hangs"
#: The whole message came in, is kept, and the line is cut instead of a yes.
DROPS_BEFORE_YES = "drops before its yes"
#: The same, with the line cut right behind the yes.
DROPS_AFTER_YES = "drops after its yes"
MODES = (TAKES, PUTS_OFF, HANGS, DROPS_BEFORE_YES, DROPS_AFTER_YES)
HANG_SECONDS = 60.0


class PostOffice:
    """Does what the file `mode` says."""

    def __init__(self, ground: Path) -> None:
        self.mode_file = ground / "mode"
        #: What each open line brought last.
        self.last: WeakKeyDictionary[Session, str] = WeakKeyDictionary()
        self.taken = (ground / "taken.jsonl").open("a", buffering=1)

    @property
    def mode(self) -> str:
        """What the server does now."""
        return self.mode_file.read_text() or TAKES

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        """Take an address, or put it off."""
        if self.mode == HANGS:
            await asyncio.sleep(HANG_SECONDS)
        if self.mode == PUTS_OFF:
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The next message of a line: whoever sends it has heard the yes to the one before."""
        self.heard(session)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """The end of a line, said by somebody who heard everything before it."""
        self.heard(session)
        return "221 Bye"

    def heard(self, session: Session) -> None:
        """Note that the last message of this line was not only taken, but is known to be."""
        if one := self.last.pop(session, None):
            self.taken.write(json.dumps({"heard": one}) + "\n")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a message, note it, and answer as the mode says."""
        mode = self.mode
        if mode == HANGS:
            await asyncio.sleep(HANG_SECONDS)
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        line: dict[str, Any] = {
            "at": time.time(),
            "id": str(mail["Message-ID"]).strip("<>").partition("@")[0],
            "to": envelope.rcpt_tos[0],
            "subject": str(mail["Subject"]),
            "answer": mode,
            "number": uuid.uuid4().hex,
        }
        self.last[session] = line["number"]
        self.taken.write(json.dumps(line) + "\n")
        if mode == DROPS_BEFORE_YES:
            assert server.transport is not None
            server.transport.close()
        if mode == DROPS_AFTER_YES:
            await server.push("250 OK")
            assert server.transport is not None
            server.transport.close()
        return "250 OK"


@dataclass
class MailServer:
    """The handle by which the run steers that process."""

    ground: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, in whatever mode it was."""
        self.ground.mkdir(exist_ok=True)
        if not (self.ground / "mode").exists():
            self.set_mode(TAKES)
        with (self.ground.parent / "mail-server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "chaos.mail_server", str(self.port), str(self.ground)],
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )

    def kill(self) -> None:
        """From now on connections are refused."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def set_mode(self, mode: str) -> None:
        """Let it behave like this from the next command on."""
        aside = self.ground / "mode.next"
        aside.write_text(mode)
        aside.replace(self.ground / "mode")

    def taken(self) -> list[dict[str, Any]]:
        """What it took, in order."""
        try:
            text = (self.ground / "taken.jsonl").read_text()
        except FileNotFoundError:
            return []
        lines = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
        heard = {line["heard"] for line in lines if "heard" in line}
        return [line | {"heard": line["number"] in heard} for line in lines if "id" in line]


def main(port: int, ground: Path) -> None:
    """Serve until killed."""
    controller = Controller(PostOffice(ground), hostname="127.0.0.1", port=port)
    controller.start()
    while os.getppid() != 1:
        time.sleep(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
