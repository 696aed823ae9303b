"""Takes the README's pictures from a fresh demonstration: `make pictures`. Needs Chromium.

Sets up a demonstration in a folder of its own, serves it on a free port, signs in as the cast and
writes docs/pictures/*.png, reduced to 128 colors so that they stay small.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
WIDE, PHONE = (1280, 860), (390, 844)

MEMBER = "lourdes.barrientos@example.org"
INVITED = "halima.castaneda@example.org"
COORDINATOR = "maren.oyelaran@isscr.example"
LEAD = "philippa.zantow@isscr.example"
OFFICER = "georgina.vaillancourt.pike@researchamerica.example"
OPERATOR = "siiri.wolcott@storybank.example"


@dataclass(frozen=True)
class Picture:
    """One picture: who looks, where they start, which link they follow from there (CSS), how wide."""

    name: str
    who: str
    start: str
    follow: str = ""
    size: tuple[int, int] = WIDE
    scroll_to: str = ""


ALL = (
    Picture("home", "", "/"),
    Picture("home-phone", "", "/", size=PHONE),
    Picture("campaign-phone", INVITED, "/campaigns/", "main a.row-title, main .cards a", PHONE),
    Picture("my-stories", MEMBER, "/stories/"),
    Picture("write-phone", MEMBER, "/stories/", "a[href$='/write/']", PHONE),
    Picture(
        "consent-phone", MEMBER, "/stories/", "a[href$='/write/']", PHONE, "fieldset.consent-line"
    ),
    Picture("sign-off", MEMBER, "/stories/", "a[href$='/sign-off/']"),
    Picture(
        "where-it-went-phone", MEMBER, "/stories/", "li:last-child a.row-title", PHONE, "#steps"
    ),
    Picture("queue", COORDINATOR, "/review/"),
    Picture("review", COORDINATOR, "/review/", "li:nth-child(2) a.row-title"),
    Picture("campaign-setup", LEAD, "/lead/", "main a.row-title, main .cards a"),
    Picture("inbox", OFFICER, "/inbox/"),
    Picture("library", OFFICER, "/inbox/stories/"),
    Picture("partner-story", OFFICER, "/inbox/stories/", "main a.row-title"),
    Picture("operator", OPERATOR, "/operator/"),
    Picture("demo", "", "/demo/"),
)


@contextmanager
def demonstration(folder: str) -> Iterator[str]:
    """A served demonstration; yields its address and ends its processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://localhost:{port}"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": folder,
        "LANG": "C.UTF-8",
        "VAR_DIR": folder,
        "DEMO": "1",
        "SITE_URL": address,
        "LOG_LEVEL": "WARNING",
    }
    manage = [sys.executable, str(ROOT / "manage.py")]
    for command in (
        ["migrate", "-v0"],
        ["collectstatic", "--no-input", "-v0"],
        ["load_places"],
        ["demo"],
    ):
        subprocess.run([*manage, *command], env=environment, check=True, stdout=subprocess.DEVNULL)
    server = subprocess.Popen([*manage, "serve", "--port", str(port)], env=environment)
    try:
        wait_for(f"{address}/health/live")
        yield address
    finally:
        server.terminate()
        server.wait(30)


def wait_for(address: str, seconds: int = 60) -> None:
    """Until the address answers; TimeoutError after so many seconds."""
    for _ in range(seconds * 2):
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise TimeoutError(address)


def take(browser: Browser, address: str, picture: Picture) -> None:
    """Take one picture."""
    width, height = picture.size
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": height},
        device_scale_factor=2 if picture.size == PHONE else 1,
        locale="en-US",
    )
    page = context.new_page()
    if picture.who:
        sign_in(page, picture.who)
    page.goto(picture.start)
    if picture.follow:
        page.locator(picture.follow).first.click()
        page.wait_for_load_state()
    if picture.scroll_to:
        page.locator(picture.scroll_to).first.scroll_into_view_if_needed()
        page.evaluate(
            "selector => document.querySelector(selector).scrollIntoView()", picture.scroll_to
        )
    file = PICTURES / f"{picture.name}.png"
    page.screenshot(path=file)
    with Image.open(file) as raw:
        raw.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(file, optimize=True)
    context.close()


def sign_in(page: Page, email: str) -> None:
    """By the demonstration's own button."""
    page.goto("/demo/")
    form = page.locator("form", has=page.locator(f"input[value='{email}']"))
    form.get_by_role("button").first.click()
    page.wait_for_load_state()


def main() -> None:
    """Take all pictures, or those that are named."""
    wanted = set(sys.argv[1:])
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        demonstration(folder) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        for picture in ALL:
            if not wanted or picture.name in wanted:
                take(browser, address, picture)
        browser.close()


if __name__ == "__main__":
    main()
