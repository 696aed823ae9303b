"""A real browser: Debian's Chromium, in front of the live server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from portal.models import User
from tests.house.people import client_of

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = (1280, 900)
NARROW = (390, 844)

#: What of a page is wider than its place: the page itself, or a table in its frame.
TOO_WIDE = """
[document.documentElement, ...document.querySelectorAll(".table-responsive")]
  .filter((part) => part.scrollWidth > part.clientWidth).map((part) => part.ariaLabel ?? part.tagName)
"""

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of this process; skips where the machine has none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(
    chromium: Browser, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OpenPage]:
    """`open_page(user=None, size=WIDE, javascript=True)`: a fresh browser window of one person.

    Addresses are relative to the site: `page.goto("/")`. At the end the test fails if any page
    broke the content security policy, raised an error, or let the browser warn of something.
    """
    monkeypatch.setattr(settings, "SITE_URL", live_server.url)
    monkeypatch.setattr(settings, "CSRF_TRUSTED_ORIGINS", [live_server.url])
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_(
        user: User | None = None, *, size: tuple[int, int] = WIDE, javascript: bool = True
    ) -> Page:
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": size[0], "height": size[1]},
            java_script_enabled=javascript,
            locale="en-US",
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        if user is not None:
            context.add_cookies([_session_cookie(user, live_server.url)])
        page = context.new_page()
        page.on("console", lambda message: _note(message, complaints))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == [], complaints


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A stranger's browser window, 1280 wide."""
    return open_page()


def no_axe_findings(page: Page) -> None:
    """Assert that axe-core finds nothing on the page as it stands."""
    results: dict[str, Any] = Axe().run(page).response
    findings = [
        f"{finding['id']}: {finding['help']} at {[node['target'] for node in finding['nodes']][:3]}"
        for finding in results["violations"]
    ]
    assert findings == [], page.url


def fits(page: Page) -> bool:
    """Whether nobody has to scroll sideways, not even within a table."""
    too_wide: list[str] = page.evaluate(TOO_WIDE)
    return too_wide == []


def take_picture(page: Page, name: str) -> Path:
    """A picture of the whole page under VAR_DIR/pictures, or under PICTURES where that is set."""
    folder = Path(os.environ.get("PICTURES") or Path(settings.VAR_DIR) / "pictures")
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.png"
    page.screenshot(path=file, full_page=True)
    return file


def _session_cookie(user: User, url: str) -> Any:
    cookies = client_of(user).cookies
    return {
        "name": settings.SESSION_COOKIE_NAME,
        "value": cookies[settings.SESSION_COOKIE_NAME].value,
        "url": url,
    }


def _note(message: ConsoleMessage, complaints: list[str]) -> None:
    """Keep what the console warns of or calls an error; that a page answered 4xx is no error of the page."""
    refused = ("the server responded with a status of 4", "Response Status Error Code 4")
    if message.type in {"error", "warning"} and not any(words in message.text for words in refused):
        place = message.location
        page = message.page.url if message.page else "no page"
        complaints.append(f"{message.text} ({page}, {place['url']}:{place['lineNumber']})")
