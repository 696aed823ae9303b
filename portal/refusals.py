"""What a page of refusal gives back: the way to where the person was, and what they had typed."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import is_valid_path

#: A text shorter than this is quickly typed again; a longer one is shown to be copied.
WORTH_KEEPING = 30


def back_url(request: HttpRequest) -> str:
    """The path of the page of this site that the request came from; empty where unknown."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    if came_from.netloc != request.get_host():
        return ""
    path = came_from.path + (f"?{came_from.query}" if came_from.query else "")
    return path if path.startswith("/") and not path.startswith("//") else ""


def page_above(path: str) -> str:
    """The nearest address above this one: the page of which a button's own address is part."""
    parts = path.strip("/").split("/")
    while parts := parts[:-1]:
        above = f"/{'/'.join(parts)}/"
        if is_valid_path(above):
            return above
    return "/"


def long_texts(request: HttpRequest) -> list[str]:
    """What a person typed that would be a pity to lose, in the order of the form; no secrets."""
    return [
        text
        for name, texts in request.POST.lists()
        for text in texts
        if name != "csrfmiddlewaretoken" and "password" not in name and len(text) >= WORTH_KEEPING
    ]
