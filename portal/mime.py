"""A letter as it goes over the wire: headers that no value can end, a text and its HTML.

Written here and not with the e-mail package, which takes every header apart again while it writes it:
that alone was a fifth of all the time that a letter took.
"""

from __future__ import annotations

import binascii
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from email.header import Header
from email.utils import parseaddr
from functools import lru_cache

from django.core.mail.message import sanitize_address
from django.utils.encoding import punycode

#: RFC 5322: a line of a text may be so long, without its end.
LONGEST_LINE = 998
#: What may stand as it is within `<` and `>`: a plain or a quoted name, and a domain or a number in brackets.
ADDRESS = re.compile(
    r"""(?:[\w!#$%&'*+/=?^`{|}~.-]+|"(?:[ !#-\[\]-~]|\\[ -~])*")@(?:[a-z0-9.-]+|\[[a-z0-9:.]+\])""",
    re.ASCII | re.IGNORECASE,
)
CRLF = b"\r\n"


@dataclass(frozen=True)
class Letter:
    """One e-mail, ready to leave: its envelope, its Message-ID and all of its bytes, lines ending in CRLF."""

    sender: str
    to: str
    message_id: str
    wire: bytes


def letter(
    sender: str, to: str, message_id: str, headers: Mapping[str, str], *, text: str, html: str
) -> Letter:
    """Write a letter. ValueError where an address is none, or a header's value is not one line.

    `sender` may be a name with an address; `headers` are those besides From, To and Message-ID.
    """
    shown, back_to = _sender(sender)
    to = address(to)
    head = {"From": shown, "To": to, "Message-ID": message_id, **headers, "MIME-Version": "1.0"}
    # Anew for each letter: whoever has read one knows nothing of where the parts of another end.
    end = secrets.token_hex(16)
    lines = [f"{name}: {header_value(name, value)}" for name, value in head.items()]
    lines.append(f'Content-Type: multipart/alternative; boundary="{end}"')
    edge = f"--{end}".encode("ascii")
    wire = CRLF.join(
        [
            *(line.encode("ascii") for line in lines),
            b"",
            edge,
            *_part("plain", text),
            edge,
            *_part("html", html),
            edge + b"--",
            b"",
        ]
    )
    return Letter(back_to, to, message_id, wire)


def address(words: str) -> str:
    """An address as mail servers take it, with nothing around it; ValueError where it is none."""
    name, at, domain = words.rpartition("@")
    plain = f"{name}{at}{punycode(domain)}"
    if not ADDRESS.fullmatch(plain):
        raise ValueError("not an address that mail can go to")
    return plain


def header_value(name: str, value: str) -> str:
    """A header's value in ASCII; ValueError where it could end the header or hide something in it."""
    if not value.isprintable():
        raise ValueError(f"the header {name} would not be one line")
    return (
        value
        if value.isascii()
        else Header(value, "utf-8", header_name=name).encode(linesep="\r\n")
    )


@lru_cache(maxsize=8)
def _sender(words: str) -> tuple[str, str]:
    """The From header and the envelope's address of the site's sender, which is the same in every letter."""
    shown = sanitize_address(words, "utf-8")
    return shown, address(parseaddr(shown)[1])


def _part(kind: str, words: str) -> tuple[bytes, ...]:
    """One part's lines: as it is where every server takes that, else quoted-printable."""
    text = words.replace("\r\n", "\n").replace("\r", "\n")
    plain = text.isascii() and "\0" not in text and max(map(len, text.split("\n"))) <= LONGEST_LINE
    content = text.encode() if plain else binascii.b2a_qp(text.encode(), istext=True)
    return (
        f'Content-Type: text/{kind}; charset="utf-8"'.encode(),
        b"Content-Transfer-Encoding: " + (b"7bit" if plain else b"quoted-printable"),
        b"",
        content.replace(b"\n", CRLF),
    )
