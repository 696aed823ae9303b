"""Letters: one message of the outbox rendered as the e-mail that leaves."""

from __future__ import annotations

import re
import secrets
from email.utils import format_datetime
from functools import cache, lru_cache
from typing import Any, cast
from urllib.parse import urlsplit

import css_inline
from django.conf import settings
from django.template import Context, Engine, Template, engines
from django.template.backends.django import DjangoTemplates

from portal.links import absolute
from portal.mime import Letter, letter
from portal.models import Message

#: Subjects are cut here; mail programs show less than half of it.
SUBJECT_LENGTH = 200
#: Stands between subject and text while a letter is rendered; no value can know it.
SUBJECT_ENDS = f"\n[{secrets.token_hex(16)}]\n"


def address_of(message: Message) -> str:
    """Where a message goes now; "" where nobody may be written to any more.

    A person's address is looked up when the message leaves, so that a changed address is the one
    that counts and a closed account hears nothing.
    """
    if message.user is None:
        return message.address
    return message.user.email if message.user.is_active else ""


def write(message: Message, address: str) -> Letter:
    """Render a message as text and HTML with its headers.

    Raises whatever a broken template raises, and ValueError for an address that is none. The Message-ID
    belongs to the row: a second copy of the same message carries it again, so that mail programs show one.
    """
    context = surroundings(message)
    subject, text = subject_and_text(f"mail/{message.template}.txt", context)
    footer = render_text("mail/footer.txt", context)
    return letter(
        settings.DEFAULT_FROM_EMAIL,
        address,
        f"<{message.message_id}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}>",
        {"Subject": subject, **headers(message)},
        text=f"{text}\n\n{footer.strip()}\n",
        html=render_html(f"mail/{message.template}.html", context | {"subject": subject}),
    )


def headers(message: Message) -> dict[str, str]:
    """The headers that every letter carries, and the one-click way out where it has one (RFC 8058)."""
    lines = {
        # When it was told, also where it leaves later or a second time.
        "Date": format_datetime(message.created_at),
        "Auto-Submitted": "auto-generated",
    }
    if way_out := unsubscribe_link(message):
        lines["List-Unsubscribe"] = f"<{way_out}>"
        lines["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return lines


def unsubscribe_link(message: Message) -> str:
    """The absolute link that stops this kind of message, with nothing in it that could end the header."""
    link = re.sub(r"[\s<>]", "", message.unsubscribe_url)
    return absolute(link) if link.startswith("/") else link


def surroundings(message: Message) -> dict[str, Any]:
    """What every template may use: the message's own context, and the site around it."""
    own: dict[str, Any] = message.context
    return own | {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "unsubscribe_url": unsubscribe_link(message),
        "has_account": message.user is not None,
    }


def subject_and_text(template: str, context: dict[str, Any]) -> tuple[str, str]:
    """Render a .txt: the template's own first line is the subject, the rest is the text.

    A value of several lines within the subject becomes one line of the subject; it neither ends the
    header nor spills into the text.
    """
    engine = cast(DjangoTemplates, engines["django"]).engine
    marked = _marked(engine, engine.get_template(template).source.strip())
    first, _, rest = marked.render(Context(context, autoescape=False)).partition(SUBJECT_ENDS)
    if not first.strip():  # a first line of nothing but tags
        first, _, rest = rest.strip().partition("\n")
    return one_line(first)[:SUBJECT_LENGTH], rest.strip()


@lru_cache(maxsize=64)
def _marked(engine: Engine, source: str) -> Template:
    """The template with a mark behind its first line."""
    return Template(source.replace("\n", SUBJECT_ENDS, 1), engine=engine)


def one_line(words: str) -> str:
    """A header's value: every line break and control character becomes a space."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())


def render_text(template: str, context: dict[str, Any]) -> str:
    """Render plain text: nothing is escaped, because nothing in it is markup."""
    engine = cast(DjangoTemplates, engines["django"]).engine
    return engine.get_template(template).render(Context(context, autoescape=False))


def render_html(template: str, context: dict[str, Any]) -> str:
    """Render HTML with its styles moved onto the elements, as mail programs want them."""
    engine = cast(DjangoTemplates, engines["django"]).engine
    return _inliner().inline(engine.get_template(template).render(Context(context)))


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)
