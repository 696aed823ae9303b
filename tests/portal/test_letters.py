"""Every letter is a pair: text of its own and HTML in the house's frame."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from portal.models import Message
from portal.post import letters

FOLDER = Path(settings.BASE_DIR) / "templates" / "mail"
PARTS = {"base", "footer"}
LETTERS = sorted({file.stem for file in FOLDER.iterdir()} - PARTS)


@pytest.mark.parametrize("name", LETTERS)
def test_each_letter_has_a_subject_a_text_and_html(name: str) -> None:
    words = {"subject": "About your story", "body": "Dear reader"}
    email = letters.write(
        Message(template=name, address="mia@example.org", context=words), "a@b.org"
    )
    html = str(email.alternatives[0][0])
    assert email.subject
    assert "\n" not in email.subject
    assert html.startswith("<!DOCTYPE html>")
    assert f"<title>{email.subject}</title>" in html or "&" in html
    assert "You get this because" in html
    assert "{%" not in html + str(email.body)


def test_text_is_not_escaped_and_html_is() -> None:
    words = {"subject": "Fish & chips", "body": "<b>Mia</b> & co"}
    email = letters.write(Message(template="account", context=words), "a@b.org")
    assert email.subject == "Fish & chips"
    assert str(email.body).startswith("<b>Mia</b> & co")
    assert "&lt;b&gt;Mia&lt;/b&gt; &amp; co" in str(email.alternatives[0][0])


def test_a_subject_is_cut_to_what_servers_take() -> None:
    words = {"subject": "very " * 200, "body": "Dear reader"}
    email = letters.write(Message(template="account", context=words), "a@b.org")
    assert len(email.subject) <= letters.SUBJECT_LENGTH
