"""A person's browser without JavaScript, behind the society's reverse proxy."""

from __future__ import annotations

import http.client
import re
import time
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode, urlsplit

from bs4 import BeautifulSoup

from chaos.environment import HOST, SITE
from chaos.services import WEB

#: A form's first tag and where it leads; the address behind a link.
FORM = re.compile(r'(<form\b[^>]*\baction="([^"]*)"[^>]*>)')
LINK = re.compile(r'<a\b[^>]*\bhref="([^"]*)"')
#: A reverse proxy gives up after a minute.
TIMEOUT = 60.0
#: What the pages of our own failure and of a database that is away say.
IN_WORDS = ("Something broke on our side", "Please try again in a minute")


class NoAnswer(Exception):
    """The connection was refused, cut or silent; the message says which."""


@dataclass(frozen=True)
class Page:
    """One answer."""

    method: str
    path: str
    status: int
    location: str
    body: bytes
    began: float
    ended: float

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def form(self, action: str) -> dict[str, list[str]]:
        """The fields of the form whose action ends like this, as a browser would send them untouched."""
        # Forms lie in no other form, so the one that is wanted can be cut out: reading whole pages for
        # 200 people would take more of the processor than the site does.
        for start, target in FORM.findall(self.text):
            if unescape(target).endswith(action):
                whole = start + self.text.partition(start)[2].partition("</form>")[0]
                return fields_of(BeautifulSoup(whole, "html.parser"))
        raise LookupError(f"{self.path} ({self.status}) has no form for {action}")

    def links(self, pattern: str) -> list[str]:
        """The paths that the page links to and that fit."""
        paths = [urlsplit(unescape(target)).path for target in LINK.findall(self.text)]
        return list(dict.fromkeys(path for path in paths if re.fullmatch(pattern, path)))


def fields_of(form: object) -> dict[str, list[str]]:
    """What stands in a form's fields."""
    fields: dict[str, list[str]] = {}
    for field_ in form(["input", "textarea", "select"]):  # type: ignore[operator]
        name, kind = field_.get("name"), field_.get("type", "")
        if not name or kind in {"file", "submit", "button"}:
            continue
        if kind in {"checkbox", "radio"} and not field_.has_attr("checked"):
            continue
        if field_.name == "textarea":
            value = field_.text.removeprefix("\n")
        elif field_.name == "select":
            chosen = field_.find("option", selected=True)
            value = chosen.get("value", "") if chosen else ""
        else:
            value = field_.get("value", "")
        fields.setdefault(name, []).append(value)
    return fields


@dataclass(frozen=True)
class Broken:
    """What a person met that is no ordinary page; judged at the end, when all is known that was dead."""

    who: str
    what: str
    began: float
    ended: float


@dataclass
class Browser:
    """One signed-in person."""

    who: str
    ip: str
    cookies: dict[str, str]
    #: Everything out of the ordinary, shared by all.
    broken: list[Broken] = field(default_factory=list)
    asked: int = 0
    failed: int = 0

    def get(self, path: str) -> Page:
        """Open a page."""
        return self._ask("GET", path, None)

    def post(self, path: str, fields: dict[str, list[str]], *, page: str = "") -> Page:
        """Send a form from `page`. Answers 302 and the like are not followed."""
        return self._ask("POST", path, fields, referer=page or path)

    def _ask(
        self, method: str, path: str, fields: dict[str, list[str]] | None, referer: str = ""
    ) -> Page:
        began = time.time()
        self.asked += 1
        try:
            page = self._send(method, path, fields, referer, began)
        except (OSError, http.client.HTTPException) as problem:
            self.failed += 1
            kind = type(problem).__name__
            self.broken.append(Broken(self.who, f"no answer: {kind}", began, time.time()))
            raise NoAnswer(kind) from None
        if words := wrong_with(page):
            self.broken.append(Broken(self.who, f"{words}: {method} {path}", began, page.ended))
        self.failed += page.status >= 500
        return page

    def _send(
        self,
        method: str,
        path: str,
        fields: dict[str, list[str]] | None,
        referer: str,
        began: float,
    ) -> Page:
        connection = http.client.HTTPConnection(*WEB, timeout=TIMEOUT)
        headers = {
            "Host": HOST,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": self.ip,
            "Referer": f"{SITE}{referer}",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Connection": "close",
        }
        body = None
        if fields is not None:
            sent = fields | {"csrfmiddlewaretoken": [self.cookies.get("csrftoken", "")]}
            body = urlencode(sent, doseq=True).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            self._keep_cookies(answer.headers.get_all("Set-Cookie") or [])
            location = urlsplit(answer.headers.get("Location", "")).path
            return Page(method, path, answer.status, location, content, began, time.time())
        finally:
            connection.close()

    def _keep_cookies(self, lines: list[str]) -> None:
        for line in lines:
            name, _, rest = line.partition("=")
            self.cookies[name] = rest.partition(";")[0]


def wrong_with(page: Page) -> str:
    """What is wrong with an answer whatever was asked; "" where a person was answered in words."""
    if b"Traceback (most recent call last)" in page.body:
        return "a traceback"
    said = "</html>" in page.text and any(words in page.text for words in IN_WORDS)
    if page.status >= 500 and not said:
        return f"{page.status} without words"
    if not page.body and not 300 <= page.status < 400:
        return f"{page.status} with nothing in it"
    return ""
