"""An SMTP server that takes everything and keeps nothing but the Message-IDs: fast enough to be no limit.
It offers PIPELINING, as the usual ones do.

    python -m bench.sink

prints its port and serves until its input ends. `STAT` answers with how many messages came, how many
different ones, and the seconds between the first and the last. `SEEN word` answers with the Unix time
at which the first message that holds the word came, or 0.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time

MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^>]*>)", re.IGNORECASE | re.MULTILINE)
END = b"\r\n.\r\n"


class Book:
    """What came."""

    def __init__(self) -> None:
        self.count = 0
        self.ids: set[bytes] = set()
        self.first = self.last = 0.0
        self.recalls: list[tuple[float, bytes]] = []

    def take(self, text: bytes) -> None:
        """Note one message; one that speaks of a recall is kept with its time."""
        self.last = time.time()
        self.first = self.first or self.last
        self.count += 1
        if found := MESSAGE_ID.search(text):
            self.ids.add(found[1])
        if b"/inbox/recalls/" in text:
            self.recalls.append((self.last, text))

    def seen(self, word: bytes) -> float:
        """When the first recall came that holds a word."""
        return next((at for at, text in self.recalls if word in text), 0.0)


class Talk(asyncio.Protocol):
    """One conversation."""

    def __init__(self, book: Book) -> None:
        self.book, self.waiting, self.in_data, self.over = book, b"", False, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self.line = transport
        self.line.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer whatever is whole, in one breath."""
        self.waiting += data
        self.said: list[bytes] = []
        self.answer_all()
        if self.said:
            self.line.write(b"".join(self.said))
        if self.over:
            self.line.close()

    def answer_all(self) -> None:
        """Take what came apart into commands and messages."""
        while True:
            mark = END if self.in_data else b"\r\n"
            part, found, rest = self.waiting.partition(mark)
            if not found:
                return
            self.waiting = rest
            if self.in_data:
                self.in_data = False
                self.book.take(part)
                self.said.append(b"250 taken\r\n")
            else:
                self.answer(part)

    def answer(self, line: bytes) -> None:
        """One command."""
        verb, _, word = line.partition(b" ")
        verb = verb.upper()
        if verb == b"EHLO":
            self.said.append(b"250-sink\r\n250 PIPELINING\r\n")  # as Postfix and Exim offer it
        elif verb == b"DATA":
            self.in_data = True
            self.said.append(b"354 go on\r\n")
        elif verb == b"STAT":
            book = self.book
            self.said.append(
                b"250 %d %d %.6f\r\n" % (book.count, len(book.ids), book.last - book.first)
            )
        elif verb == b"SEEN":
            self.said.append(b"250 %.6f\r\n" % self.book.seen(word))
        elif verb == b"QUIT":
            self.said.append(b"221 bye\r\n")
            self.over = True
        else:
            self.said.append(b"250 sink\r\n")


async def serve() -> None:
    """Listen on a free port until the standard input ends."""
    book = Book()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Talk(book), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
