"""Coordinators who decide, the lead who seals, officers who fetch, acknowledge and answer recalls."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

from chaos.authors import Over, Patience
from chaos.browser import Browser, NoAnswer, Page
from chaos.told import Act, Line, Told

UUID = "[0-9a-f]{8}-[0-9a-f-]{27}"
BATCH = f"/inbox/{UUID}/"


class Staff(threading.Thread):
    """Somebody who does the same work again and again."""

    #: Seconds between two rounds.
    pause = (0.5, 2.0)

    def __init__(
        self, browser: Browser, told: Told, patience: Patience, chance: random.Random
    ) -> None:
        super().__init__(name=browser.who, daemon=True)
        self.browser, self.told, self.patience, self.chance = browser, told, patience, chance
        self.trouble = ""

    def run(self) -> None:
        """Work until the run ends. A page that did not come is asked for again."""
        while True:
            try:
                self.rest()
                self.round()
            except (NoAnswer, LookupError):
                continue
            except Over:
                return
            except Exception as problem:  # a finding, not a shorter list
                self.trouble = f"{type(problem).__name__}: {problem}"
                return

    def rest(self) -> None:
        """The pause between two rounds."""
        self.patience.rest(self.chance.uniform(*self.pause))

    def round(self) -> None:
        """One piece of work."""
        raise NotImplementedError

    def send(self, line: Line, page: Page, action: str, **more: str) -> Page:
        """Send a page's form with more in it; told where the next page says so."""
        fields = page.form(action) | {name: [value] for name, value in more.items()}
        answer = self.browser.post(action, fields, page=page.path)
        line.told = answer.status == 302 and not answer.location.startswith("/accounts/")
        return answer


class Coordinator(Staff):
    """Takes the story that has waited longest, reads it, decides."""

    pause = (0.2, 0.8)

    def round(self) -> None:
        """Take one, or look into the queue."""
        answer = self.browser.post("/review/next/", {})
        if answer.status == 302 and answer.location != "/review/":
            self.decide(answer.location)
            return
        taken = self.browser.get("/review/").links(f"/review/{UUID}/")
        for path in self.chance.sample(taken, min(3, len(taken))):
            self.decide(path)

    def decide(self, path: str) -> None:
        """Read a story and say yes, no, or what is missing; edit a few."""
        page = self.browser.get(path)
        if page.status != 200 or f"{path}approve/" not in page.text:
            return
        kind = self.chance.choices(
            (Act.APPROVE, Act.ASK_CHANGES, Act.DECLINE, Act.EDIT), (80, 5, 5, 10)
        )[0]
        if time.time() > self.patience.busy_until:
            kind = Act.APPROVE  # what is still to come must be able to end
        about = path.split("/")[2]
        action = (
            path
            + {
                Act.APPROVE: "approve/",
                Act.ASK_CHANGES: "ask-changes/",
                Act.DECLINE: "decline/",
                Act.EDIT: "edit/",
            }[kind]
        )
        fields = page.form(action)
        line = self.told.tries(kind, self.browser.who, about, fields["revision"][0])
        if kind == Act.EDIT:
            hook = fields["hook"][0][:120] + " (edited)"
            self.send(line, page, action, hook=hook, remark="One word.")
        elif kind == Act.APPROVE:
            self.send(line, page, action)
        else:
            self.send(line, page, action, reason="Please say what came of it.")


class Lead(Staff):
    """Seals each partner's open batch again and again; holds back or hastens where a fault wants it."""

    pause = (2.0, 5.0)
    slug = ""
    partners: tuple[str, ...] = ()

    def __init__(
        self, browser: Browser, told: Told, patience: Patience, chance: random.Random
    ) -> None:
        super().__init__(browser, told, patience, chance)
        self.held, self.hastened = threading.Event(), threading.Event()

    def round(self) -> None:
        """Seal for one of the partners, if anything is due."""
        if not self.held.is_set() or self.hastened.is_set():
            self.seal(self.chance.choice(self.partners))

    def rest(self) -> None:
        """The pause between two rounds, which ends when haste is wanted."""
        end = time.time() + self.chance.uniform(*self.pause)
        while time.time() < end and not self.hastened.is_set():
            self.patience.rest(0.1)
        self.patience.rest(0.2)

    def seal(self, partner: str) -> bool:
        """Seal; whether the site said yes."""
        page = self.browser.get(f"/lead/{self.slug}/batches/next/{partner}/")
        line = self.told.tries(Act.SEAL, self.browser.who, partner)
        answer = self.browser.post(
            f"/lead/{self.slug}/batches/next/{partner}/seal/", {}, page=page.path
        )
        if answer.status == 302:
            line.told, line.words = True, answer.location.rstrip("/").rpartition("/")[2]
        return line.told


class Officer(Staff):
    """Fetches whole batches, acknowledges some, answers recalls. What was fetched is kept as it came."""

    pause = (0.5, 2.0)
    ground = Path()

    def round(self) -> None:
        """Look into the inbox and at the recalls."""
        inbox = self.browser.get("/inbox/")
        batches = inbox.links(BATCH)
        if batches:
            self.look_at(self.chance.choice(batches[:6]))
        for path in self.browser.get("/inbox/recalls/").links(f"/inbox/recalls/{UUID}/")[:2]:
            self.answer(path)

    def look_at(self, path: str) -> None:
        """Fetch a batch's zip; acknowledge it sometimes."""
        page = self.browser.get(path)
        zips = page.links(f"{path}files/[^/]+\\.zip")
        if zips and self.chance.random() < 0.9:
            self.fetch(zips[0])
        if f"{path}acknowledge/" in page.text and self.chance.random() < 0.5:
            line = self.told.tries(Act.ACKNOWLEDGE, self.browser.who, path.split("/")[2])
            self.send(line, page, f"{path}acknowledge/", name=self.browser.who)

    def fetch(self, path: str) -> None:
        """Download one file and keep it."""
        line = self.told.tries(Act.DOWNLOAD, self.browser.who, path.split("/")[2])
        answer = self.browser.get(path)
        if answer.status == 200:
            name = f"{line.about}-{self.browser.who.replace(' ', '')}-{time.time():.3f}.zip"
            (self.ground / name).write_bytes(answer.body)
            line.told, line.words = True, name

    def answer(self, path: str) -> None:
        """Say that a story was deleted."""
        page = self.browser.get(path)
        if f"{path}answer/" not in page.text:
            return
        line = self.told.tries(Act.ANSWER, self.browser.who, path.split("/")[3])
        self.send(line, page, f"{path}answer/", answer="deleted")
