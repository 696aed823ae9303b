"""Every letter is a pair: text of its own and HTML in the house's frame."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from portal import mime
from portal.models import Message
from portal.post import letters

FOLDER = Path(settings.BASE_DIR) / "templates" / "mail"
PARTS = {"base", "footer"}
LETTERS = sorted({file.stem for file in FOLDER.iterdir()} - PARTS)


def read(wire: bytes) -> EmailMessage:
    """A letter as a mail program reads it; with no fault that the parser saw."""
    mail = email.message_from_bytes(wire, policy=email.policy.SMTP)
    assert isinstance(mail, EmailMessage)
    assert [part.defects for part in mail.walk()] == [[], [], []]
    assert [
        fault for part in mail.walk() for value in part.values() for fault in value.defects
    ] == []
    return mail


def written(template: str = "account", **words: Any) -> EmailMessage:
    """A letter with these words."""
    return read(letters.write(Message(template=template, context=words), "a@b.org").wire)


def parts(mail: EmailMessage) -> tuple[str, str]:
    """Text and HTML, with lines of our own."""
    text, html = [part.get_content() for part in mail.iter_parts()]
    return text.replace("\r\n", "\n"), html.replace("\r\n", "\n")


@pytest.mark.parametrize("name", LETTERS)
def test_each_letter_has_a_subject_a_text_and_html(name: str) -> None:
    mail = written(name, subject="About your story", body="Dear reader")
    text, html = parts(mail)
    assert mail["Subject"]
    assert html.startswith("<!DOCTYPE html>")
    assert f"<title>{mail['Subject']}</title>" in html or "&" in html
    assert "You get this because" in html
    assert "{%" not in html + text


def test_text_is_not_escaped_and_html_is() -> None:
    mail = written(subject="Fish & chips", body="<b>Mia</b> & co")
    text, html = parts(mail)
    assert mail["Subject"] == "Fish & chips"
    assert text.startswith("<b>Mia</b> & co")
    assert "&lt;b&gt;Mia&lt;/b&gt; &amp; co" in html


def test_a_subject_is_cut_to_what_servers_take() -> None:
    mail = written(subject="very " * 200, body="Dear reader")
    assert len(mail["Subject"]) <= letters.SUBJECT_LENGTH


WORDS = {
    "umlauts": "Jürgen Groß, Łódź, 東京, עברית, 🧪",
    "a long line": "word " * 3000,
    "a long word with umlauts": "ü" * 3000,
    "dots": ".\n..\n.hidden\n\n.",
    "another end of the message": "before\r\n.\r\nMAIL FROM:<eve@example.org>",
    "lone carriage returns": "before\r.\rMAIL FROM:<eve@example.org>\rafter",
    "spaces at the end": "one  \ntwo\t\nthree = four =3D ",
    "a part of its own": "--\n--=\n\nContent-Type: text/html\n\n<script>",
    "control characters": "bell \x07 escape \x1b form \x0c",
}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_any_words_arrive_as_they_were(words: str) -> None:
    context = {"subject": "S", "body": words}
    letter = letters.write(Message(template="account", context=context), "a@b.org")
    text, _ = parts(read(letter.wire))
    assert text.startswith(words.replace("\r\n", "\n").replace("\r", "\n").strip() + "\n\n--\n")
    lines = letter.wire.split(b"\r\n")
    assert max(len(line) for line in lines) <= mime.LONGEST_LINE
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert letter.wire.isascii()
    assert letter.wire.endswith(b"--\r\n")


@pytest.mark.parametrize(
    "subject", ["Grüße aus Köln", "東京 " * 60, "ASCII at first and then ü", "=?utf-8?q?Bcc?="]
)
def test_a_subject_in_any_script_arrives_as_it_was(subject: str) -> None:
    letter = letters.write(
        Message(template="account", context={"subject": subject, "body": "B"}), "a@b.org"
    )
    head = letter.wire.partition(b"\r\n\r\n")[0]
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))
    if not subject.startswith("=?"):  # what looks encoded is decoded by mail programs, as ever
        assert read(letter.wire)["Subject"] == subject.strip()[: letters.SUBJECT_LENGTH].strip()


BREAKS = ["a\r\nBcc: eve@example.org", "a\nb", "a\rb", "a\x00b", "a\x0bb", "a\x85b", "a\u2028b"]


@pytest.mark.parametrize("value", BREAKS)
@pytest.mark.parametrize("name", ["Subject", "Date", "List-Unsubscribe"])
def test_no_header_can_be_ended_by_its_value(name: str, value: str) -> None:
    mime.letter("S <s@b.org>", "a@b.org", "<1@b.org>", {name: "a"}, text="T", html="H")
    with pytest.raises(ValueError, match="would not be one line"):
        mime.letter("S <s@b.org>", "a@b.org", "<1@b.org>", {name: value}, text="T", html="H")
    with pytest.raises(ValueError, match="would not be one line"):
        mime.letter("S <s@b.org>", "a@b.org", f"<{value}@b.org>", {}, text="T", html="H")


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("mia@example.org", "mia@example.org"),
        ("m.o'k+x_y@sub.example.org", "m.o'k+x_y@sub.example.org"),
        ('"mia okafor"@example.org', '"mia okafor"@example.org'),
        ("mia@münchen.example", "mia@xn--mnchen-3ya.example"),
        ("mia@[192.0.2.1]", "mia@[192.0.2.1]"),
    ],
)
def test_an_address_is_sent_as_servers_take_it(typed: str, sent: str) -> None:
    letter = mime.letter("S <s@b.org>", typed, "<1@b.org>", {}, text="T", html="H")
    assert (letter.to, letter.sender) == (sent, "s@b.org")
    assert read(letter.wire)["To"].addresses[0].addr_spec == sent


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "mia",
        "mia@",
        "@example.org",
        "mia@example.org, eve@example.org",
        "mia@example.org>\r\nRCPT TO:<eve@example.org",
        "mia@example.org\nBcc: eve@example.org",
        "mia@example.org\n",
        "Eve <eve@example.org>",
        "mia okafor@example.org",
        "mia@exam ple.org",
        "mia> SIZE=1 <@example.org",
        '"mia\r\n"@example.org',
        "müller@example.org",
    ],
)
def test_what_is_no_address_gets_no_letter(typed: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        mime.letter("S <s@b.org>", typed, "<1@b.org>", {}, text="T", html="H")


def test_a_senders_name_in_any_script_arrives_as_it_was() -> None:
    letter = mime.letter("Köln & Söhne <s@b.org>", "a@b.org", "<1@b.org>", {}, text="T", html="H")
    sender = read(letter.wire)["From"].addresses[0]
    assert (letter.sender, sender.display_name) == ("s@b.org", "Köln & Söhne")


def test_no_letter_tells_how_the_parts_of_another_end() -> None:
    ends = {written(subject="S", body="B").get_boundary() for _ in range(20)}
    assert len(ends) == 20
