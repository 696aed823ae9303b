"""What is said to a mail server, word by word: with PIPELINING where it offers that, else one after another."""

from __future__ import annotations

import smtplib
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from portal.mailserver import MailServer
from portal.mime import Letter, letter

YES = {
    "MAIL": "250 yes",
    "RCPT": "250 yes",
    "DATA": "354 go on",
    ".": "250 taken",
    "RSET": "250 yes",
}
HANG_UP = ""
#: What comes in one breath from who uses PIPELINING.
INTRODUCTION = ["MAIL FROM:<s@b.org>", "RCPT TO:<mia@example.org>", "DATA"]


@dataclass
class Server:
    """A mail server that answers as told and notes each breath of its client."""

    offers: str
    answers: dict[str, str] = field(default_factory=dict)
    #: What was said, a list for each packet that came; a text counts as one line.
    heard: list[list[str]] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    port: int = 0


@contextmanager
def open_server(offers: str, answers: Mapping[str, str]) -> Iterator[Server]:
    """One that takes one call at a time."""
    server = Server(offers, {**YES, **answers})
    with socket.create_server(("127.0.0.1", 0)) as door:
        server.port = door.getsockname()[1]
        thread = threading.Thread(target=_serve, args=(server, door), daemon=True)
        thread.start()
        yield server


def _serve(server: Server, door: socket.socket) -> None:
    while True:
        try:
            call, _ = door.accept()
        except OSError:
            return
        with call:
            _talk(server, call)


def _talk(server: Server, call: socket.socket) -> None:
    call.sendall(b"220 here\r\n")
    waiting, in_text = b"", False
    while data := call.recv(100_000):
        waiting += data
        breath: list[str] = []
        server.heard.append(breath)
        while True:
            if in_text:
                text, end, rest = (b"\r\n" + waiting).partition(b"\r\n.\r\n")
                line = "."
            else:
                text, end, rest = waiting.partition(b"\r\n")
                line = text.decode()
            if not end:
                break
            waiting = rest
            breath.append(line)
            if in_text:
                server.texts.append(text[2:] + b"\r\n")
            verb = line.split(" ", 1)[0].upper()
            answer = server.answers.get(verb, "250 yes")
            if verb == "EHLO":
                answer = f"250-here\r\n250 {server.offers}"
            if answer == HANG_UP:
                return
            in_text = verb == "DATA" and answer.startswith("354")
            call.sendall(f"{answer}\r\n".encode())
            if verb == "QUIT":
                return


def carried(server: Server, *letters: Letter) -> Exception | None:
    """Hand letters over on one line; what the first of them raised."""
    line = MailServer(host="127.0.0.1", port=server.port, timeout=5, username="", password="")
    line.use_tls = line.use_ssl = False
    line.open()
    raised: Exception | None = None
    for one in letters:
        try:
            line.carry(one)
        except smtplib.SMTPException as problem:
            raised = raised or problem
    line.close()
    return raised


def to(address: str, text: str = "Words.") -> Letter:
    return letter("S <s@b.org>", address, "<1@b.org>", {"Subject": "S"}, text=text, html="<p>H</p>")


@pytest.fixture(params=["PIPELINING", "8BITMIME"])
def offers(request: pytest.FixtureRequest) -> str:
    """What the server says that it can."""
    return str(request.param)


def said(server: Server) -> list[str]:
    """Every line, without the greetings."""
    return [
        line for breath in server.heard for line in breath if line != "quit" and line[:4] != "ehlo"
    ]


def test_a_letter_is_introduced_in_one_breath_only_where_that_is_offered() -> None:
    for offers, breaths in (
        ("PIPELINING", [INTRODUCTION]),
        ("8BITMIME", [[line] for line in INTRODUCTION]),
    ):
        with open_server(offers, {}) as server:
            assert carried(server, to("mia@example.org")) is None
        heard = [
            breath
            for breath in server.heard
            if breath and breath[0][:4] in {"MAIL", "RCPT", "DATA"}
        ]
        assert heard == breaths


def test_the_text_arrives_whole_whatever_its_lines_begin_with(offers: str) -> None:
    words = ".\n..\n.MAIL FROM:<eve@example.org>\n\n."
    one = to("mia@example.org", words)
    with open_server(offers, {}) as server:
        assert carried(server, one, to("ben@example.org")) is None
    assert said(server) == [
        *INTRODUCTION,
        ".",
        "MAIL FROM:<s@b.org>",
        "RCPT TO:<ben@example.org>",
        "DATA",
        ".",
    ]
    stuffed = server.texts[0].split(b"\r\n")
    assert b"\r\n".join(line.removeprefix(b".") for line in stuffed) == one.wire
    assert (
        b"\r\n...\r\n" in server.texts[0]
    )  # two dots of the text, and the one that servers take away


def test_a_size_is_told_where_the_server_asks_for_it() -> None:
    one = to("mia@example.org")
    with open_server("SIZE 1000000", {}) as server:
        assert carried(server, one) is None
    assert said(server)[0] == f"MAIL FROM:<s@b.org> SIZE={len(one.wire)}"


@pytest.mark.parametrize(
    ("answers", "raises"),
    [
        (
            {"MAIL": "451 not now", "RCPT": "503 MAIL first", "DATA": "503 MAIL first"},
            smtplib.SMTPSenderRefused,
        ),
        ({"RCPT": "550 nobody", "DATA": "503 nobody to send to"}, smtplib.SMTPRecipientsRefused),
        (
            {"RCPT": "450 later", "DATA": "354 go on", ".": "554 nobody"},
            smtplib.SMTPRecipientsRefused,
        ),
        ({"DATA": "451 not now"}, smtplib.SMTPDataError),
        ({".": "554 looks like spam"}, smtplib.SMTPDataError),
    ],
)
def test_what_is_refused_is_raised_and_nothing_of_it_is_left(
    offers: str, answers: dict[str, str], raises: type[Exception]
) -> None:
    one = to("mia@example.org")
    with open_server(offers, answers) as server:
        problem = carried(server, one)
    assert type(problem) is raises
    assert said(server)[-1] == "rset"
    text_refused = answers.keys() == {"."}
    assert [text for text in server.texts if text.strip()] == ([one.wire] if text_refused else [])


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
def test_a_line_that_breaks_is_told(offers: str, verb: str) -> None:
    with open_server(offers, {verb: HANG_UP}) as server:
        assert isinstance(carried(server, to("mia@example.org")), smtplib.SMTPServerDisconnected)
