"""Looks in from outside, once a second: does the site answer, what does it say is down, what do jobs say."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from dataclasses import dataclass, field

import psycopg

from chaos.environment import DATABASE_URL, HOST
from chaos.faults import Fault
from chaos.findings import Findings
from chaos.services import WEB

LOOK_SECONDS = 0.5
#: A fault is in force after so long: a disk takes its time to fill.
SETTLES = 0.5


@dataclass(frozen=True)
class Look:
    """What /health/ready said at one moment."""

    began: float
    at: float
    down: tuple[str, ...]


@dataclass
class Watch:
    """All looks, the moments at which the web service took no connection, and what jobs gave as their reason."""

    looks: list[Look] = field(default_factory=list)
    deaf: list[float] = field(default_factory=list)
    reasons: set[str] = field(default_factory=set)
    #: Attempts at building files that the disk refused, by job and attempt, and when each was seen.
    without_room: dict[tuple[int, int], float] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin to look."""
        for look in (self._knock, self._look, self._read):
            threading.Thread(target=self._again, args=(look,), daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()

    def _again(self, look: object) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            look()  # type: ignore[operator]

    def _knock(self) -> None:
        try:
            socket.create_connection(WEB, timeout=5).close()
        except OSError:
            self.deaf.append(time.time())

    def _look(self) -> None:
        began = time.time()
        try:
            down = health()["down"]
        except (OSError, http.client.HTTPException, ValueError):
            return
        self.looks.append(Look(began, time.time(), tuple(down)))

    def _read(self) -> None:
        try:
            with psycopg.connect(DATABASE_URL, connect_timeout=2) as connection:
                rows = connection.execute(
                    "SELECT DISTINCT kind || ': ' || last_error FROM portal_job "
                    "WHERE last_error <> '' UNION SELECT DISTINCT 'message: ' || last_error "
                    "FROM portal_message WHERE last_error <> '' AND last_error <> 'no address'"
                )
                self.reasons.update(str(row[0]) for row in rows)
                refused = connection.execute(
                    "SELECT id, attempts FROM portal_job "
                    "WHERE kind = 'stories.build_batch' AND last_error = 'OSError'"
                )
                for job, attempt in refused:
                    self.without_room.setdefault((job, attempt), time.time())
        except psycopg.Error:
            return


def health() -> dict[str, list[str]]:
    """What /health/ready says, or OSError."""
    connection = http.client.HTTPConnection(*WEB, timeout=15)
    try:
        connection.request(
            "GET", "/health/ready", headers={"Host": HOST, "X-Forwarded-Proto": "https"}
        )
        answer: dict[str, list[str]] = json.loads(connection.getresponse().read())
        return answer
    finally:
        connection.close()


def dead_times(
    deaths: list[float], deaf: list[float], *, before: float = 2.0, after: float = 2.0
) -> list[tuple[float, float]]:
    """From when until when the web service was dead or coming up, by its deaths and by who knocked in vain."""
    return [(at - before, at + after) for at in sorted([*deaths, *deaf])]


def meets(began: float, ended: float, spans: list[tuple[float, float]]) -> bool:
    """Whether a request fell into one of these times, at least with a part of it."""
    return any(began <= until and start <= ended for start, until in spans)


#: What /health/ready calls the part that a fault takes away.
PARTS = {"Redis stopped": "broker", "PostgreSQL stopped": "database", "disk full": "storage"}


def check_visible(findings: Findings, watch: Watch, faults: list[Fault], *, mounted: bool) -> None:
    """Whoever asked the site while something was down was told what."""
    wrong, looked = [], 0
    for fault in faults:
        part = PARTS.get(fault.kind)
        if part is None or (part == "storage" and not mounted):
            continue
        for look in watch.looks:
            if fault.began + SETTLES <= look.began and look.at <= fault.ended:
                looked += 1
                if part not in look.down:
                    wrong.append(
                        f"{fault.kind} for {look.at - fault.began:.1f} s, told {look.down}"
                    )
    findings.check("what health says", looked, wrong)
