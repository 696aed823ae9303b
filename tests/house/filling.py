"""A page's form as a browser without JavaScript sends it: what stands in it, changed by a person."""

from __future__ import annotations

from typing import Any

from bs4 import BeautifulSoup, Tag
from django.test import Client

Fields = dict[str, Any]

#: What a browser sends only where the person marked it, or never.
_MARKED = {"checkbox", "radio"}
_UNSENT = {"file", "submit", "button", "reset", "image"}


def fields_in(page: str, action: str) -> Fields:
    """The fields of the page's one form with this action, as they stand there.

    Line breaks are sent as browsers send them, as CR and LF. Fields of one name become a list.
    """
    soup = BeautifulSoup(page, "html.parser")
    found = [form for form in soup.find_all("form") if sends_to(form, action)]
    assert len(found) == 1, f"{len(found)} forms send to {action}"
    fields: Fields = {}
    for control in found[0].find_all(["input", "textarea", "select"]):
        value = sent_by(control)
        name = str(control.get("name") or "")
        if not name or value is None:
            continue
        if name in fields:
            before = fields[name] if isinstance(fields[name], list) else [fields[name]]
            fields[name] = [*before, value]
        else:
            fields[name] = value
    return fields


def sends_to(form: Tag, action: str) -> bool:
    """Whether the form or one of its buttons sends to this address."""
    buttons = form.find_all("button", attrs={"formaction": True})
    return action in {form.get("action"), *(button["formaction"] for button in buttons)}


def sent_by(control: Tag) -> str | None:
    """The value that a control sends; None where it sends nothing."""
    if control.has_attr("disabled"):
        return None
    if control.name == "textarea":
        # The first line break behind the tag is none of the text's.
        return with_crlf(control.get_text().removeprefix("\n"))
    if control.name == "select":
        chosen = control.find("option", selected=True) or control.find("option")
        return str(chosen.get("value", "")) if isinstance(chosen, Tag) else None
    kind = str(control.get("type", "text"))
    if kind in _UNSENT or (kind in _MARKED and not control.has_attr("checked")):
        return None
    return str(control.get("value", "on" if kind in _MARKED else ""))


def with_crlf(text: str) -> str:
    """A text with its line breaks as a browser sends them."""
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def press(browser: Client, page: str, action: str, **changes: Any) -> Any:
    """Send the form with `action` with these changes; returns the answer, redirects not followed."""
    changed = {
        name: with_crlf(value) if isinstance(value, str) else value
        for name, value in changes.items()
    }
    return browser.post(action, fields_in(page, action) | changed)
