"""One run: the ground, the people, the faults, the calm after them, and the count."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

from chaos import report
from chaos.authors import Author, Patience, Setting
from chaos.browser import Browser
from chaos.builds import Builds
from chaos.calm import Calm
from chaos.cast import Cast, make_cast
from chaos.check_batches import check_batches
from chaos.check_post import check_post
from chaos.check_told import check_answers, check_told
from chaos.disk import Disk
from chaos.environment import (
    DATABASE_PORT,
    FILES,
    GROUND,
    MAIL_PORT,
    REDIS_PORT,
    SERVICES,
    environment,
    on_this_machine,
)
from chaos.faults import SHORT, Machine, Saboteur, drawn
from chaos.findings import Findings
from chaos.mail_server import MailServer
from chaos.plan import Plan
from chaos.services import Supervisor
from chaos.staff import Coordinator, Lead, Officer, Staff
from chaos.told import Told
from chaos.watch import Watch, check_visible, health
from portal.models import User
from stories.models import Batch, Recall, Story
from tests.house import compose
from tests.house.invariants import check_all
from tests.house.reading import ROOT
from tests.house.servers import die_with_parent, postgresql, redis

#: What need not have given a sign of life before the short form begins.
WORKERS_AND_CLOCK = ("clock", "worker work", "worker mail", "worker building", "worker delivery")
Kind = TypeVar("Kind", bound=Staff)

#: PostgreSQL as it comes: what it has committed must survive that it is killed.
AS_IT_COMES = ("max_connections=200",)


@dataclass
class Run:
    """Everything that a run holds."""

    plan: Plan
    told: Told = field(default_factory=Told)
    watch: Watch = field(default_factory=Watch)
    browsers: dict[int, Browser] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    people: list[Author | Staff] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.began = time.monotonic()
        self.chance = random.Random(self.plan.seed)
        self.supervisor = Supervisor()
        self.downloads = GROUND / "downloads"
        self.downloads.mkdir()
        report.say(f"seed {self.plan.seed}: {self.plan.faults} faults, in {GROUND}")

    # --- Setting up --------------------------------------------------------------------------------

    def whole(self) -> dict[str, Any]:
        """All of it; returns what was found."""
        self.timed("servers and migration", self.set_up)
        self.timed("people", self.invite_people)
        self.timed("services ready", self.start_services)
        self.timed("faults", self.break_things)
        self.timed("calm", self.calm_down)
        result: dict[str, Any] = self.timed("checks", self.count)
        return result

    def timed(self, name: str, work: Callable[[], Any]) -> Any:
        """Do one part and note how long it took."""
        began = time.monotonic()
        report.say(f"[{began - self.began:6.1f} s] {name} ...")
        result = work()
        self.seconds[name] = round(time.monotonic() - began, 1)
        return result

    def set_up(self) -> None:
        """Servers, a small disk, the migration as the compose file runs it."""
        disk = Disk(FILES, lambda: self.supervisor.pids("worker-files"))
        self.machine = Machine(
            supervisor=self.supervisor,
            database=postgresql(GROUND / "postgresql", port=DATABASE_PORT, options=AS_IT_COMES),
            redis=redis(GROUND / "redis", port=REDIS_PORT),
            mail=MailServer(GROUND / "mail", MAIL_PORT),
            disk=disk,
        )
        self.machine.database.start()
        self.machine.redis.start()
        self.machine.mail.start()
        self.migrate()

    def migrate(self) -> None:
        """What the compose file does before anything starts. The short form does two parts of it side by
        side, and loads no places: nobody in a run looks one up."""
        commands = [compose.command(SERVICES["migrate"])]
        if self.plan.few_kinds:
            manage = (sys.executable, "manage.py")
            commands = [[*manage, "migrate"], [*manage, "collectstatic", "--no-input"]]
        started = [
            subprocess.Popen(
                words,
                cwd=ROOT,
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
            for words in commands
        ]
        for process in started:
            said, _ = process.communicate()
            if process.returncode:
                raise RuntimeError(said)

    def invite_people(self) -> None:
        """Everybody, with a browser each."""
        plan = self.plan
        self.cast: Cast = make_cast(
            authors=plan.members,
            invitees=plan.invited,
            phases=plan.phases,
            seconds=plan.seconds,
        )
        self.prompt = self.cast.world.prompts["long_text"].pk
        for number, (user, session) in enumerate(self.cast.sessions.items()):
            self.browsers[user] = Browser(
                who=User.objects.get(pk=user).name,
                ip=f"198.51.{number // 250}.{number % 250 + 1}",
                cookies={"sessionid": session},
            )

    def start_services(self) -> None:
        """Start all commands of the compose file and wait until the site says that it is ready."""
        self.supervisor.start()
        self.watch.start()
        self.wait_until_ready(120, but=WORKERS_AND_CLOCK if self.plan.few_kinds else ())

    def wait_until_ready(self, seconds: float, *, but: Sequence[str] = ()) -> None:
        """Wait until /health/ready calls nothing down `but` these; RuntimeError where that does not come."""
        deadline = time.monotonic() + seconds
        said: Any = None
        while time.monotonic() < deadline:
            try:
                said = health()
                if set(said["down"]) <= set(but):
                    return
            except Exception as problem:  # not there yet: asked again
                said = problem
            time.sleep(0.3)
        raise RuntimeError(f"not ready after {seconds} s: {said}")

    # --- The faults --------------------------------------------------------------------------------

    def break_things(self) -> None:
        """People work while one thing after another breaks."""
        now, plan = time.time(), self.plan
        self.patience = Patience(
            busy_until=now + plan.seconds, end=now + plan.seconds + 240, ended=threading.Event()
        )
        self.hire()
        for person in self.people:
            person.start()
        builds = Builds(self.watch, self.lead.held, self.lead.hastened)
        self.saboteur = Saboteur(self.machine, self.chance, report.say, builds)
        kinds = (
            self.chance.sample(SHORT, len(SHORT))
            if plan.few_kinds
            else drawn(plan.faults, self.chance)
        )
        self.saboteur.work(kinds, gap=plan.gap)
        self.patience.busy_until = min(self.patience.busy_until, time.time())

    def hire(self) -> None:
        """Authors and staff, each with dice of their own."""
        cast, plan = self.cast, self.plan
        setting = Setting(
            slug=cast.world.campaign.slug,
            long_text=str(self.prompt),
            choice=str(cast.world.prompts["one_choice"].pk),
            partners=[cast.world.research_america.pk, cast.world.frontline.pk],
        )
        for user in cast.authors:
            begins = self.chance.uniform(0.0, plan.seconds * 0.7)
            author = Author(
                self.browsers[user.pk], setting, self.told, self.patience, self.dice(), begins
            )
            author.pace = 0.3 if plan.few_kinds else 2.0
            self.people.append(author)
        for user in cast.coordinators:
            self.people.append(self.employed(Coordinator, user))
        for user in (cast.world.paula, cast.world.fay):
            officer = self.employed(Officer, user)
            officer.ground = self.downloads
            self.people.append(officer)
        self.lead = self.employed(Lead, cast.world.lee)
        self.lead.slug = cast.world.campaign.slug
        self.lead.partners = (cast.world.research_america.slug, cast.world.frontline.slug)
        if plan.few_kinds:
            self.lead.pause = (1.5, 3.0)
        self.people.append(self.lead)

    def employed(self, kind: type[Kind], user: User) -> Kind:
        """One of the staff."""
        return kind(self.browsers[user.pk], self.told, self.patience, self.dice())

    def dice(self) -> random.Random:
        """Dice for one person, which follow from the run's seed."""
        return random.Random(self.chance.getrandbits(64))

    # --- The calm, and the count -------------------------------------------------------------------

    def calm_down(self) -> None:
        """People finish what they began, everything is sealed, nothing waits any more."""
        Calm(self).come()

    def count(self) -> dict[str, Any]:
        """Every check, by other means than those that did the work."""
        connection.close()
        findings = Findings()
        world = self.cast.world
        deaths = [*self.supervisor.services["web"].deaths]
        broken = [one for browser in self.browsers.values() for one in browser.broken]
        asked = sum(browser.asked for browser in self.browsers.values())
        check_answers(findings, asked, broken, self.watch, deaths)
        troubled = [person for person in self.people if person.trouble]
        findings.check(
            "people",
            len(self.people),
            (f"{person.name} stumbled: {person.trouble}" for person in troubled),
        )
        check_told(findings, self.told, self.prompt)
        taken = self.machine.mail.taken()
        copies = check_post(
            findings,
            taken,
            self.saboteur.faults,
            self.supervisor.services["worker-mail"].deaths,
        )
        officers = {
            world.research_america.slug: self.browsers[world.paula.pk],
            world.frontline.slug: self.browsers[world.fay.pk],
        }
        check_batches(findings, self.told, officers, self.downloads, self.prompt)
        check_visible(findings, self.watch, self.saboteur.faults, mounted=self.machine.disk.mounted)
        try:
            check_all(world)
            findings.check("invariants", 1, [])
        except AssertionError as problem:
            findings.check("invariants", 1, [f"{problem!r}"[:500]])
        names = list(self.supervisor.services)
        with ThreadPoolExecutor() as pool:
            well = dict(zip(names, pool.map(self.healthy, names), strict=True))
        unwell = [name for name in names if not well[name]]
        findings.check("health checks", 5, (f"{name} calls itself unwell" for name in unwell))
        return self.result(findings, taken, copies, asked, broken)

    def healthy(self, name: str) -> bool:
        """Whether the compose file's own health check of a service is content."""
        words = on_this_machine(compose.health_check(SERVICES[name]))
        check = subprocess.run(
            words, cwd=ROOT, env=environment(), capture_output=True, check=False, timeout=120
        )
        return check.returncode == 0

    def result(
        self,
        findings: Findings,
        taken: list[dict[str, Any]],
        copies: Counter[str],
        asked: int,
        broken: Sequence[Any],
    ) -> dict[str, Any]:
        """What there is to tell."""
        return {
            "seed": self.plan.seed,
            "faults": dict(sorted(Counter(f.kind for f in self.saboteur.faults).items())),
            "told": {str(act): count for act, count in sorted(self.told.count().items())},
            "requests": {
                "asked": asked,
                "answered with a page that says what broke": sum(
                    browser.failed for browser in self.browsers.values()
                )
                - sum(one.what.startswith("no answer") for one in broken),
                "no answer, the web service being dead": sum(
                    one.what.startswith("no answer") for one in broken
                ),
            },
            "mails": {
                "taken by the mail server": len(taken),
                "different ones": len({line["id"] for line in taken}),
            },
            "copies": dict(copies),
            "batches": {
                **Counter(str(state) for state in states_of(Batch)),
                "builds that met a full disk": len(self.watch.without_room),
            },
            "recalls": dict(Counter(str(state) for state in states_of(Recall))),
            "stories": dict(Counter(str(state) for state in states_of(Story))),
            "starts": {name: one.starts for name, one in self.supervisor.services.items()},
            "checked": findings.looked_at,
            "seconds": self.seconds,
            "reasons": sorted(self.watch.reasons),
            "wrong": findings.wrong,
        }

    def clean(self, *, at_once: bool = False) -> None:
        """Leave nothing running and, unless asked to, nothing lying about; each step whatever became of others."""
        with ExitStack() as steps:
            if self.plan.keep:
                steps.callback(report.say, f"Kept: {GROUND}")
            else:
                steps.callback(shutil.rmtree, GROUND, ignore_errors=True)
            if hasattr(self, "machine"):
                machine = self.machine
                if not self.plan.keep:
                    steps.callback(machine.disk.unmount)
                for server in (machine.database, machine.redis):
                    steps.callback(server.stop)
                steps.callback(connection.close)
                steps.callback(machine.mail.kill)
            steps.callback(self.supervisor.stop, at_once=at_once)
            steps.callback(self.watch.stop)
            if hasattr(self, "patience"):
                steps.callback(self.patience.ended.set)


def states_of(model: type[Model]) -> list[str]:
    """The state of every row."""
    return list(model._default_manager.values_list("state", flat=True))
