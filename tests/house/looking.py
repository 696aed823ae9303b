"""What a look at a page in the browser finds wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from django.test import Client
from playwright.sync_api import Page

from portal.models import User
from tests.house.browser import NARROW, WIDE
from tests.house.people import client_of

#: Told by the page itself. A control is labeled if anything gives it a name that is no placeholder.
FACTS = """() => {
  const shown = element => element.checkVisibility({visibilityProperty: true});
  const named = element => (element.labels && element.labels.length > 0)
    || element.hasAttribute('aria-label') || element.hasAttribute('aria-labelledby');
  const controls = document.querySelectorAll(
    'input:not([type=hidden]):not([type=submit]), select, textarea');
  const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
  return {
    h1: [...document.querySelectorAll('h1')].filter(shown).length,
    title: document.title.trim(),
    wider: document.documentElement.scrollWidth - window.innerWidth,
    unlabeled: [...controls].filter(one => !named(one)).map(one => one.name || one.id),
    twice: ids.filter((id, place) => ids.indexOf(id) !== place),
    links: [...document.querySelectorAll('a[href]')]
      .filter(link => link.origin === location.origin)
      .map(link => link.pathname + link.search),
  };
}"""
AXE = """() => axe.run({resultTypes: ['violations']}).then(found => found.violations.map(
  one => one.id + ': ' + one.help + ' at ' + one.nodes.slice(0, 3).map(node => node.target)))"""

#: Links that a look does not follow: they end the look, or lead to what brings its own pages.
NEVER = ("/accounts/logout/", "/admin/", "/static/")
#: So many links of one page are followed; pages share most of theirs.
SAMPLE = 30


class Looker:
    """One person in front of a browser window, who remembers what is wrong and where."""

    def __init__(self, user: User | None, open_page: Callable[..., Page]) -> None:
        self.page = open_page(user, size=NARROW)
        self.page.on("response", lambda answer: self.note_failure(answer.status, answer.url))
        self.client: Client = client_of(user)
        self.client.raise_request_exception = False
        self.followed: set[str] = set()
        self.found: list[str] = []

    def note_failure(self, status: int, url: str) -> None:
        """Remember what was our fault, of the page or of anything that it loads."""
        if status >= 500:
            self.found.append(f"{url} answers {status}")

    def look(self, path: str, *, status: int = 200) -> None:
        """Open a page and hold it against everything, on a phone and at a desk."""
        answer = self.page.goto(path)
        got = answer.status if answer else 0
        if got != status:
            self.found.append(f"{path} answers {got}, not {status}")
        self.page.evaluate(AXE_SCRIPT)
        for size in (NARROW, WIDE):
            self.page.set_viewport_size({"width": size[0], "height": size[1]})
            facts = self.page.evaluate(FACTS)
            self.found += [f"{path} at {size[0]}: {words}" for words in faults(facts)]
            self.found += [f"{path} at {size[0]}: {words}" for words in self.page.evaluate(AXE)]
        self.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        self.follow(path, facts["links"])

    def look_in_the_dark(self, path: str) -> None:
        """The colors of a page for people whose system is dark."""
        self.page.emulate_media(color_scheme="dark")
        self.page.goto(path)
        self.page.evaluate(AXE_SCRIPT)
        self.found += [f"{path} in the dark: {words}" for words in self.page.evaluate(AXE)]
        self.page.emulate_media(color_scheme="light")

    def follow(self, path: str, links: list[str]) -> None:
        """Every link of ours leads somewhere that this person may open."""
        fresh = [link for link in dict.fromkeys(links) if link not in {path, *self.followed}]
        for link in [link for link in fresh if not link.startswith(NEVER)][:SAMPLE]:
            self.followed.add(link)
            answer = self.client.get(link, follow=True)
            if answer.streaming:
                b"".join(answer.streaming_content)  # type: ignore[attr-defined]
            if answer.status_code >= 400:
                self.found.append(f"{path} links to {link}, which answers {answer.status_code}")


def faults(facts: dict[str, Any]) -> Iterator[str]:
    """What FACTS tell of a page, as sentences."""
    if facts["h1"] != 1:
        yield f"{facts['h1']} h1"
    if len(facts["title"].split("·")) < 2 or not facts["title"].split("·")[0].strip():
        yield f"the title is {facts['title']!r}"
    if facts["wider"] > 0:
        yield f"{facts['wider']} pixels wider than the window"
    if facts["unlabeled"]:
        yield f"without a label: {facts['unlabeled']}"
    if facts["twice"]:
        yield f"ids that stand twice: {facts['twice']}"


# --- The keyboard -------------------------------------------------------------------------------

#: Everything that Tab should reach, in the order of the page: of radio buttons one a group. A mark is
#: written on each, so that the same element can be recognized when it has the focus.
STOPS = """() => {
  const every = document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]');
  const groups = new Map();
  for (const one of document.querySelectorAll('input[type=radio]')) {
    const key = (one.form ? one.form.action : '') + one.name;
    if (!groups.has(key) || one.checked) groups.set(key, one);
  }
  const chosen = new Set(groups.values());
  let number = 0;
  return [...every].filter(one => one.checkVisibility({visibilityProperty: true})
      && !one.disabled && one.tabIndex >= 0 && (one.type !== 'radio' || chosen.has(one)))
    .map(one => one.dataset.stop = String(number++));
}"""
#: Where the focus is, and whether one sees it: a line or shadow around it, or around its label.
FOCUS = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const seen = element => {
    const style = getComputedStyle(element);
    return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0)
      || style.boxShadow !== 'none';
  };
  const box = one.getBoundingClientRect();
  return {stop: one.dataset.stop || one.outerHTML.slice(0, 80), seen: seen(one),
    inside: box.bottom > 0 && box.top < window.innerHeight};
}"""


def walked_by_tab(page: Page, most: int = 200) -> tuple[list[str], list[str], list[str]]:
    """(What Tab should reach, what it reached in this order, what was wrong at a stop)."""
    page.emulate_media(reduced_motion="reduce")  # else the page is on its way when it is looked at
    told = page.evaluate(STOPS)
    reached: list[str] = []
    wrong: list[str] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus is None or (reached and focus["stop"] == reached[0]):
            break
        if reached and focus["stop"] == reached[-1]:
            continue  # a date has a stop for its day, its month and its year
        reached.append(focus["stop"])
        name = page.evaluate("document.activeElement.outerHTML.slice(0, 100)")
        if not focus["seen"]:
            wrong.append(f"one does not see the focus on {name}")
        if not focus["inside"]:
            wrong.append(f"the focus is outside the window on {name}")
    return told, reached, wrong
