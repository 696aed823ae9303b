"""Hostile input and what to hold pages against: strings, forms found by walking, markup that may not be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from bs4.exceptions import ParserRejectedMarkup
from django.test import Client
from django.urls import Resolver404, resolve

from tests.house.reading import ROOT

DATA = ROOT / "tests" / "data" / "hostile"
FILES = sorted((DATA / "files").iterdir())
_KINDS: dict[str, list[str]] = json.loads((DATA / "strings.json").read_text())
NAUGHTY, FORMULAS = _KINDS["naughty"], _KINDS["formulas"]
MARKUP, NAMES = _KINDS["markup"], _KINDS["names"]
#: What no list has: what breaks databases, headers, templates, formats, and screens.
OWN = [
    "nul \x00 in the middle",
    "bell \x07, escape \x1b[31m, delete \x7f, next line \x85",
    "a line\r\nBcc: everybody@example.org\r\n\r\n<p>another body</p>",
    "{{ 7|add:7 }}{% debug %}{% load static %}${7*7}#{7*7}",
    "9999-12-31T23:59",
    "99999999999999999999",
    "A" * 100_000,
    "\x00",
    "a line\nX-Injected: yes",
    "%s %(x)s %n {0} {x!r} \\x00 \\u0000 \\ud800",
    "\u202eright to left\u202c and \u2066isolated",
    "e\u0301" * 60 + "Z" + "\u0335" * 200,
    "'; DROP TABLE stories_story; --",
    "../../../../etc/passwd",
    "&amp;&lt;script&gt;&#x27;&quot;",
    "\ufeffmark first \ufffe\uffff",
    "\U0001f469\u200d\U0001f52c\U0001f3f3\ufe0f\u200d\U0001f308",
    "   \t \u00a0 \u2003 ",
    "\n" * 5_000,
    "10" * 200,
    "-1",
    "1e309",
    "0x7f",
    "2026-02-30",
    "0000-00-00T00:00",
    "not-a-uuid",
]
#: So many of them go into every form, whatever its share.
ALWAYS = 7
EVERY = [*OWN, *NAUGHTY, *FORMULAS, *MARKUP, *NAMES]

#: Elements that no template of ours has.
FOREIGN_ELEMENTS = frozenset(
    [
        "iframe",
        "object",
        "embed",
        "applet",
        "base",
        "math",
        "audio",
        "video",
        "frame",
        "frameset",
        "marquee",
        "portal",
        "xmp",
        "plaintext",
        "listing",
        "isindex",
        "keygen",
        "style",
    ]
)
#: Attributes that lead somewhere, and where they may lead.
LEADING = ("href", "src", "action", "formaction", "xlink:href", "poster", "data", "srcdoc", "ping")
SCHEMES = frozenset({"", "http", "https", "mailto"})


def unharmless(html: str) -> list[str]:
    """What of a page could run, load or lead where no template of ours does."""
    try:
        page = BeautifulSoup(html, "html.parser")
    except ParserRejectedMarkup as problem:  # no template of ours writes that
        return [f"markup that is none: {problem}"[-150:]]
    return [finding for tag in page.find_all(True) for finding in _of_tag(tag)]


def _of_tag(tag: Tag) -> Iterator[str]:
    words = str(tag)[:120]
    if tag.name in FOREIGN_ELEMENTS:
        yield f"element: {words}"
    ours = str(tag.get("src", "")).startswith(("/static/", "/admin/jsi18n/"))
    ours = ours or tag.get("type") == "application/json"
    if tag.name == "script" and not ours:
        yield f"script: {words}"
    if tag.name == "link" and not str(tag.get("href", "")).startswith(("/static/", "/favicon.ico")):
        yield f"link: {words}"
    if tag.name == "meta" and tag.get("http-equiv"):
        yield f"meta: {words}"
    for name, value in tag.attrs.items():
        if name.startswith("on") or name in {"style", "hx-on", "hx-vals"} or "hx-on:" in name:
            yield f"attribute {name}: {words}"
        # The picture that authenticator apps scan.
        drawn = tag.name == "img" and str(value).startswith("data:image/svg+xml")
        if name in LEADING and _scheme(str(value)) not in SCHEMES and not drawn:
            yield f"{name} leads to {value!r}"


def _scheme(address: str) -> str:
    """The scheme as a browser reads it: without white space and control characters."""
    plain = "".join(character for character in address if ord(character) > 32)
    head, colon, _ = plain.partition(":")
    return head.lower() if colon and not set(head) & set("/?#") else ""


@dataclass
class Form:
    """A form as a browser would send it. `typed` are the names of what people type into."""

    page: str
    action: str
    method: str
    values: list[tuple[str, str]] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, frozenset[str]]:
        """One for all forms of a kind: where it leads, and its fields."""
        try:
            name = resolve(urlsplit(self.action).path).view_name
        except Resolver404:
            name = self.action
        return name, frozenset(name for name, _ in self.values)

    def data(self, texts: dict[str, str]) -> dict[str, list[str]]:
        """What is sent with these texts in the fields, and all else as it stands."""
        sent: dict[str, list[str]] = {}
        for name, value in self.values:
            sent.setdefault(name, []).append(value)
        return sent | {name: [text] for name, text in texts.items()}


def forms_of(html: str, page: str) -> list[Form]:
    """Every form of a page, and one more for each button that leads elsewhere."""
    found = []
    for tag in BeautifulSoup(html, "html.parser").find_all("form"):
        whole = _form(tag, page)
        found.append(whole)
        for button in tag.find_all(attrs={"formaction": True}):
            action = urljoin(page, str(button["formaction"]))
            found.append(Form(page, action, whole.method, whole.values, whole.typed, whole.files))
    return found


def _form(tag: Tag, page: str) -> Form:
    form = Form(page, urljoin(page, str(tag.get("action") or "")), str(tag.get("method", "get")))
    radios: set[str] = set()
    for control in tag.find_all(["input", "textarea", "select", "button"]):
        name, kind = str(control.get("name") or ""), str(control.get("type") or control.name)
        if not name or name == "csrfmiddlewaretoken":
            continue
        if kind == "file":
            form.files.append(name)
        elif control.name == "select":
            options = [str(option.get("value") or "") for option in control.find_all("option")]
            form.values.append((name, next(filter(None, options), "")))
        elif kind == "radio":
            if name not in radios:
                radios.add(name)
                form.values.append((name, str(control.get("value") or "")))
        elif kind in {"checkbox", "hidden", "submit"} or control.name == "button":
            form.values.append((name, str(control.get("value") or "")))
        else:
            form.values.append((name, control.get_text() or str(control.get("value") or "")))
            form.typed.append(name)
    return form


@dataclass
class Walk:
    """The pages that a person can reach by links, and the forms on them."""

    pages: dict[str, str] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)  # files, by their type
    harmful: dict[str, list[str]] = field(default_factory=dict)
    forms: dict[tuple[str, frozenset[str]], Form] = field(default_factory=dict)


#: A walk must not walk out.
NEVER = ("/accounts/logout/", "/admin/logout/", "/static/")


def walk(client: Client, *starts: str, most: int = 120) -> Walk:
    """Follow links from the starts, at most three addresses to a view; every answer must be one of ours."""
    found, waiting, seen = Walk(), list(starts), set(starts)
    visited: dict[str, int] = {}
    while waiting and len(found.pages) < most:
        path = waiting.pop(0)
        answer = client.get(path, follow=True)
        assert answer.status_code < 500, (path, answer.status_code)
        if answer.streaming or not answer["Content-Type"].startswith("text/html"):
            found.others[path] = answer["Content-Type"]
            continue
        html = answer.content.decode()
        found.pages[path] = html
        if bad := unharmless(html):
            found.harmful[path] = bad
            continue
        for form in forms_of(html, answer.request["PATH_INFO"]):
            if not form.action.startswith(NEVER):
                found.forms.setdefault(form.key, form)
        for link in BeautifulSoup(html, "html.parser").find_all("a", href=True):
            onward = urljoin(answer.request["PATH_INFO"], str(link["href"])).partition("#")[0]
            if onward in seen or not onward.startswith("/") or onward.startswith(NEVER):
                continue
            seen.add(onward)
            try:
                view = resolve(urlsplit(onward).path).view_name
            except Resolver404 as lost:
                raise AssertionError(f"{path} links to {onward}, which is nowhere") from lost
            visited[view] = visited.get(view, 0) + 1
            if visited[view] <= 3:
                waiting.append(onward)
    return found


def upload(file: Path) -> bytes:
    """The bytes of a hostile file."""
    return file.read_bytes()
