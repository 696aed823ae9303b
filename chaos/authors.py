"""Authors: each joins, writes, saves, submits, answers, corrects or takes back, until told that it is done."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from chaos.browser import Browser, NoAnswer, Page
from chaos.told import Act, Line, Told
from tests.stories.typing import NEXT_YEAR

#: Signs that get lost where somebody encodes twice.
SIGNS = "Zoë’s 40 µg, “naïve” cells — 5 < 6 & 7 > 6; e\u0301, 細胞, \u05ea\u05d0, 🧬. "
#: What a page says after a story was handed in, the first time and when it is pressed again.
SENT = ("Thank you. Your story is with", "Your story has been sent; there is nothing new to send.")


class Over(Exception):
    """The run ends; whatever was not told by now stays untold."""


@dataclass
class Patience:
    """When people act, and for how long they try."""

    #: Until then new things are begun.
    busy_until: float
    #: Until then what was begun is brought to its end.
    end: float
    ended: threading.Event

    def rest(self, seconds: float) -> None:
        """Think for a while."""
        if self.ended.wait(seconds):
            raise Over


@dataclass
class Setting:
    """What all authors know of the campaign."""

    slug: str
    long_text: str
    choice: str
    partners: list[int]


class Author(threading.Thread):
    """One member's life in the run."""

    def __init__(
        self,
        browser: Browser,
        setting: Setting,
        told: Told,
        patience: Patience,
        chance: random.Random,
        begins: float,
    ) -> None:
        super().__init__(name=browser.who, daemon=True)
        self.browser, self.setting, self.told = browser, setting, told
        self.patience, self.chance, self.begins = patience, chance, begins
        self.pace = 1.0
        self.serial = 0
        self.doing = ""
        self.trouble = ""

    def run(self) -> None:
        """Live, until the story has come to its end or the run does."""
        try:
            self.patience.rest(self.begins)
            self.until_told(self.take_part)
            for _ in range(2):
                self.one_story()
                if time.time() > self.patience.busy_until:
                    break
        except Over:
            return
        except Exception as problem:  # an author who stumbles is a finding, not a shorter list
            self.trouble = f"{type(problem).__name__}: {problem}"

    def one_story(self) -> None:
        """A story from its first line to wherever it goes."""
        ref = self.until_told(self.begin)
        for _ in range(self.chance.randint(1, 3)):
            self.think()
            words = self.words()
            self.until_told(lambda words=words: self.save(ref, words))  # type: ignore[misc]
        if self.chance.random() < 0.1:
            return  # a draft that stays one
        words = self.words()
        self.until_told(lambda: self.submit(ref, words))
        for _ in range(self.chance.randint(1, 3)):
            self.think()
            self.look_after(ref)
        mind = self.chance.random()
        if mind < 0.2:
            self.wait_for(ref, "opened batch" if mind < 0.1 else "Delivered to")
        if mind < 0.3:
            self.until_told(lambda: self.withdraw(ref))

    def think(self) -> None:
        """A few seconds without a request."""
        self.patience.rest(self.chance.uniform(0.5, 4.0) * self.pace)

    def wait_for(self, ref: str, sign: str) -> None:
        """Wait a while until the story's page says so: what is taken back then is recalled."""
        while time.time() < self.patience.busy_until + 45:
            try:
                if sign in self.browser.get(f"/stories/{ref}/").text:
                    return
            except NoAnswer:
                pass
            self.think()

    def words(self) -> str:
        """A text that nobody else ever writes, of several paragraphs."""
        self.serial += 1
        mark = f"{self.browser.who}, version {self.serial}, {self.chance.getrandbits(64):016x}."
        return f"{mark}\n\n  {SIGNS * self.chance.randint(2, 6)}\n{mark}"

    def until_told(self, act: Callable[[], str]) -> str:
        """Try again until it is done, as somebody does who sees a page that says "try again"."""
        while True:
            try:
                self.doing = ""
                if answer := act():
                    return answer
            except (NoAnswer, LookupError) as problem:
                self.doing = f"{type(problem).__name__}: {problem}"
            if time.time() > self.patience.end:
                raise Over
            self.patience.rest(self.chance.uniform(0.5, 2.5))

    # --- What an author does; each returns "" where it was not told that it is done ---------------

    def take_part(self) -> str:
        """Take part in the campaign."""
        slug = self.setting.slug
        page = self.browser.get(f"/campaigns/{slug}/")
        line = self.told.tries(Act.JOIN, self.browser.who, slug)
        answer = self.browser.post(f"/campaigns/{slug}/join/", {}, page=page.path)
        return self.done(line, answer, "You have joined")

    def begin(self) -> str:
        """Open a draft; its reference."""
        answer = self.browser.post(f"/stories/begin/{self.setting.slug}/", {})
        return answer.location.split("/")[2] if answer.status == 302 else ""

    def save(self, ref: str, words: str) -> str:
        """Save the draft."""
        page = self.browser.get(f"/stories/{ref}/write/")
        fields = self.filled_in(page, words)
        line = self.told.tries(Act.SAVE, self.browser.who, ref, words)
        answer = self.browser.post(f"/stories/{ref}/save/", fields, page=page.path)
        return self.done(line, answer, "Your draft is saved")

    def submit(self, ref: str, words: str) -> str:
        """Hand the whole form in."""
        page = self.browser.get(f"/stories/{ref}/write/")
        fields = self.filled_in(page, words)
        line = self.told.tries(Act.SUBMIT, self.browser.who, ref, words)
        answer = self.browser.post(f"/stories/{ref}/submit/", fields, page=page.path)
        return self.done(line, answer, *SENT)

    def withdraw(self, ref: str) -> str:
        """Take the story back."""
        page = self.browser.get(f"/stories/{ref}/withdraw/")
        line = self.told.tries(Act.WITHDRAW, self.browser.who, ref)
        if page.status == 302:  # withdrawn already: an earlier try came through
            return self.done(line, page, "withdrawn")
        answer = self.browser.post(f"/stories/{ref}/withdraw/", {}, page=page.path)
        return self.done(line, answer, "Your story is withdrawn")

    def look_after(self, ref: str) -> None:
        """Answer what the coordinators want, or correct what was approved."""
        try:
            page = self.browser.get(f"/stories/{ref}/")
        except NoAnswer:
            return
        if page.links(f"/stories/{ref}/sign-off/"):
            self.until_told(lambda: self.sign_off(ref))
        elif "hanges requested" in page.text or self.chance.random() < 0.15:
            words = self.words()
            self.until_told(lambda: self.correct(ref, words))

    def sign_off(self, ref: str) -> str:
        """Accept a coordinator's edit."""
        page = self.browser.get(f"/stories/{ref}/sign-off/")
        if page.status != 200:
            return page.location  # nothing to sign off any more
        fields = page.form("/sign-off/accept/")
        line = self.told.tries(Act.SIGN_OFF, self.browser.who, ref, fields["revision"][0])
        answer = self.browser.post(f"/stories/{ref}/sign-off/accept/", fields, page=page.path)
        return self.done(line, answer, "You signed the text off") or too_late(answer)

    def correct(self, ref: str, words: str) -> str:
        """Send another version of what was submitted; it may be too late for that."""
        page = self.browser.get(f"/stories/{ref}/write/")
        if page.status == 409:
            return "too late"
        fields = self.filled_in(page, words)
        line = self.told.tries(Act.SUBMIT, self.browser.who, ref, words)
        answer = self.browser.post(f"/stories/{ref}/submit/", fields, page=page.path)
        return self.done(line, answer, *SENT) or too_late(answer)

    def done(self, line: Line, answer: Page, *words: str) -> str:
        """Where the answer leads, if the page there says one of these; it is noted as told then."""
        if answer.status not in (302, 307):
            return ""
        shown = self.browser.get(answer.location)
        line.told = shown.status == 200 and any(said in shown.text for said in words)
        return answer.location if line.told else ""

    def filled_in(self, page: Page, words: str) -> dict[str, list[str]]:
        """The page's form with the story in it; line breaks as browsers send them."""
        fields = page.form("/save/")
        fields |= {
            "hook": [words.partition("\n")[0][:140]],
            f"prompt-{self.setting.long_text}": [words.replace("\n", "\r\n")],
            f"prompt-{self.setting.choice}": ["a scientist"],
            "full_name": [self.browser.who],
            "first_name": [self.browser.who.partition(" ")[0]],
        }
        for partner in self.setting.partners:
            fields |= {
                f"line-p{partner}-uses": ["lawmakers"],
                f"line-p{partner}-name_shown": ["full"],
                f"line-p{partner}-until": [NEXT_YEAR],
            }
        return fields


def too_late(answer: Page) -> str:
    """Whether the site said that it cannot be done any more."""
    return "too late" if answer.status == 409 else ""
