"""What goes wrong: each kind of fault, and the dice that say what comes when."""

from __future__ import annotations

import heapq
import itertools
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from redis import Redis

from chaos import mail_server
from chaos.disk import Disk
from chaos.environment import REDIS_PORT
from chaos.mail_server import MailServer
from chaos.services import Supervisor
from tests.house.servers import Server

if TYPE_CHECKING:
    from chaos.builds import Builds

#: What is out of order for a while, and for how many seconds at least and at most.
LASTS = {
    "Redis stopped": (2.0, 7.0),
    "PostgreSQL stopped": (1.0, 6.0),
    "mail server refuses": (2.0, 8.0),
    "mail server puts off": (2.0, 8.0),
    "mail server hangs": (4.0, 10.0),
    "mail server drops before its yes": (2.0, 8.0),
    "mail server drops after its yes": (2.0, 8.0),
    "disk full": (4.0, 10.0),
}
KINDS = (
    *("kill web", "kill worker-mail", "kill worker-work", "kill worker-files", "kill clock"),
    *("kill a process of web", "kill a process of a worker", "Redis flushed"),
    *LASTS,
)
#: What the short form takes: each kind of machine once.
SHORT = (
    *("kill web", "kill worker-mail", "kill worker-work", "kill worker-files", "kill clock"),
    *("Redis stopped", "PostgreSQL stopped", "mail server drops before its yes", "disk full"),
)
#: How many bytes a full disk may still have: none, or so many that a build runs out while it writes.
ROOM = (0, 4096, 16384)
#: A full disk waits so long at most for something to build, and then for a build to meet it.
UNTIL_DUE, UNTIL_MET = 30.0, 60.0
WORKERS = ("worker-mail", "worker-work", "worker-files")


@dataclass
class Fault:
    """One fault: what, and from when until when it lasted."""

    kind: str
    began: float
    ended: float = 0.0
    detail: str = ""


@dataclass
class Machine:
    """Everything that can be broken."""

    supervisor: Supervisor
    database: Server
    redis: Server
    mail: MailServer
    disk: Disk


@dataclass
class Saboteur:
    """Does the faults, one after another at random moments, some while another still lasts."""

    machine: Machine
    chance: random.Random
    say: Callable[[str], None]
    builds: Builds
    faults: list[Fault] = field(default_factory=list)
    #: While this lasts nothing else of it can break.
    _lasting: dict[str, Fault] = field(default_factory=dict)

    def work(self, kinds: list[str], *, gap: tuple[float, float]) -> None:
        """Bring about these faults in this order; returns when the last one is over."""
        ends: list[tuple[float, int, str]] = []
        number = itertools.count()
        for place, kind in enumerate(kinds, start=1):
            self._wait_until(time.time() + self.chance.uniform(*gap), ends)
            while what(kind) in self._lasting:
                self._wait_until(ends[0][0], ends)
            if kind == "disk full":
                self._wait_for_a_build(ends)
            fault = Fault(kind, time.time())
            self.faults.append(fault)
            self._begin(fault)
            self.say(f"{place:3}  {kind} {fault.detail}".rstrip())
            if kind in LASTS:
                self._lasting[what(kind)] = fault
                until = fault.began + self.chance.uniform(*LASTS[kind])
                heapq.heappush(ends, (until, next(number), what(kind)))
            else:
                fault.ended = time.time()
        while ends:
            self._wait_until(ends[0][0], ends)

    def _wait_until(self, moment: float, ends: list[tuple[float, int, str]]) -> None:
        """Wait, and meanwhile mend what has lasted long enough."""
        while ends and ends[0][0] <= moment:
            at, place, thing = heapq.heappop(ends)
            time.sleep(max(0.0, at - time.time()))
            fault = self._lasting[thing]
            if self._must_last(fault):
                heapq.heappush(ends, (time.time() + 0.5, place, thing))
                continue
            self._end(fault)
            del self._lasting[thing]
        time.sleep(max(0.0, moment - time.time()))

    def _wait_for_a_build(self, ends: list[tuple[float, int, str]]) -> None:
        """Let the lead hold back until there is something to build, or for so long at most."""
        self.builds.held.set()
        latest = time.time() + UNTIL_DUE
        while time.time() < latest and not self.builds.are_due():
            self._wait_until(time.time() + 0.3, ends)

    def _must_last(self, fault: Fault) -> bool:
        """Whether a disk must stay full, because no build has met that yet."""
        if fault.kind != "disk full" or time.time() > fault.began + UNTIL_MET:
            return False
        return self.builds.met(fault.began) == 0

    def _begin(self, fault: Fault) -> None:
        machine = self.machine
        match fault.kind:
            case "kill a process of web":
                fault.detail = str(machine.supervisor.kill_child("web", self.chance.getrandbits(8)))
            case "kill a process of a worker":
                name = self.chance.choice(WORKERS)
                pid = machine.supervisor.kill_child(name, self.chance.getrandbits(8))
                fault.detail = f"({name}, {pid})"
            case "Redis flushed":
                Redis(port=REDIS_PORT).flushall()
            case "Redis stopped":
                machine.redis.stop(signal.SIGKILL)
            case "PostgreSQL stopped":
                machine.database.stop(signal.SIGQUIT)
            case "mail server refuses":
                machine.mail.kill()
            case "disk full":
                room = self.chance.choice(ROOM)
                machine.disk.fill(room)
                fault.detail = f"but for {room} bytes"
                self.builds.hastened.set()
            case kind if kind.startswith("mail server "):
                machine.mail.set_mode(kind.removeprefix("mail server "))
            case kind:
                machine.supervisor.kill(kind.removeprefix("kill "))

    def _end(self, fault: Fault) -> None:
        machine = self.machine
        match fault.kind:
            case "Redis stopped":
                machine.redis.start()
            case "PostgreSQL stopped":
                machine.database.start()
            case "mail server refuses":
                machine.mail.start()
            case "disk full":
                machine.disk.free()
                self.builds.hastened.clear()
                self.builds.held.clear()
                self.say(
                    f"     room again; {self.builds.met(fault.began)} builds met the full disk"
                )
            case _:
                machine.mail.set_mode(mail_server.TAKES)
        fault.ended = time.time()


def what(kind: str) -> str:
    """The thing that a fault breaks. Redis that is stopped cannot be emptied, and a mail server has one mood at a time."""
    return next((thing for thing in ("mail server", "Redis") if kind.startswith(thing)), kind)


def drawn(count: int, chance: random.Random, kinds: tuple[str, ...] = KINDS) -> list[str]:
    """So many faults in a random order, each kind about as often as any other."""
    found: list[str] = []
    while len(found) < count:
        found += chance.sample(kinds, len(kinds))
    return found[:count]
