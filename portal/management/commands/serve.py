"""`manage.py serve`: the web server, the worker and the clock, together and on one machine."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

# How long a worker may finish what it holds before it is killed. What is cut off then is a job under
# a lease: another worker takes it up.
PATIENCE_SECONDS = 10.0
START_SECONDS = 60.0
QUEUES = "work,mail,building,delivery"


@dataclass(frozen=True)
class Child:
    """A process that belongs to the site, with what it is called in front of people."""

    name: str
    process: subprocess.Popen[bytes]


class Command(BaseCommand):
    """Starts everything that a try-out needs and ends all of it together."""

    help = (
        "Serve the site on this machine: web server, Celery worker and clock. Ctrl-C ends them all; "
        "if one of them dies, the others end too and the exit is not zero."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen, and what to do before."""
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument(
            "--first",
            nargs="+",
            default=[],
            metavar="COMMAND",
            help='management commands to run before, such as "migrate --verbosity 0"',
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Start the children and watch them."""
        host, port = str(options["host"]), int(options["port"])
        demand_free_port(host, port)
        run_first(options["first"])
        asked_to_end = Ending()
        children = [
            start("The web server", web_command(host, port)),
            start("The worker", worker_command()),
        ]
        try:
            self.announce(host, port, children, asked_to_end)
            died = watch(children, asked_to_end)
        finally:
            end(children)
        if died is not None:
            raise CommandError(
                f"{died.name} ended by itself (exit {died.process.returncode}), so everything was "
                "stopped. Its last lines above say why."
            )
        self.stdout.write("Storybank has stopped.")

    def announce(
        self, host: str, port: int, children: Sequence[Child], asked_to_end: Ending
    ) -> None:
        """Print the address once somebody listens there."""
        deadline = time.monotonic() + START_SECONDS
        while not listens(host, port):
            if asked_to_end.signal or any(child.process.poll() is not None for child in children):
                return
            if time.monotonic() > deadline:
                raise CommandError(f"The web server did not start within {START_SECONDS:.0f} s.")
            time.sleep(0.1)
        self.stdout.write(f"\nStorybank runs at http://{host}:{port}  ({settings.SITE_URL})")
        self.stdout.write("Ctrl-C ends it: web server, worker and clock.\n")
        self.stdout.flush()


def run_first(commands: Sequence[str]) -> None:
    """Run management commands here: starting Django once for all of them saves seconds."""
    try:
        for command in commands:
            name, *arguments = shlex.split(command)
            call_command(name, *arguments)
    except KeyboardInterrupt as ctrl_c:
        raise CommandError("Stopped before the site was up.", returncode=130) from ctrl_c
    connections.close_all()


class Ending:
    """Remembers that somebody asked the site to end, by Ctrl-C or by SIGTERM."""

    def __init__(self) -> None:
        self.signal = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._hear)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.signal = number


def web_command(host: str, port: int) -> list[str]:
    """granian: two processes with one thread each, which is what synchronous views run best on."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
        *("--host", host, "--port", str(port)),
        *("--workers", "2", "--blocking-threads", "1"),
        *("--log-level", "warning", "--workers-kill-timeout", "5"),
        "portal.wsgi:application",
    ]


def worker_command() -> list[str]:
    """One Celery worker for all queues, with the clock in it."""
    return [
        *(sys.executable, "-m", "celery", "-q", "-A", "portal", "--skip-checks", "worker", "-B"),
        *("-P", "threads", "--concurrency", "4", "-Q", QUEUES),
        *("--loglevel", settings.LOG_LEVEL, "--without-gossip", "--without-mingle"),
    ]


def start(name: str, command: Sequence[str]) -> Child:
    """Start a child in a session of its own, so that the terminal's Ctrl-C reaches us alone."""
    process = subprocess.Popen(  # noqa: S603 (our own words, no shell)
        command,
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,
    )
    return Child(name, process)


def watch(children: Sequence[Child], asked_to_end: Ending) -> Child | None:
    """Wait until somebody asks the site to end (None) or a child ends by itself (that child)."""
    while not asked_to_end.signal:
        for child in children:
            if child.process.poll() is not None:
                return child
        time.sleep(0.2)
    return None


def end(children: Sequence[Child]) -> None:
    """Ask every child to end, wait a while, and kill what is left of their process groups."""
    for child in children:
        _signal_group(child, signal.SIGTERM, leader_only=True)
    deadline = time.monotonic() + PATIENCE_SECONDS
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0.0, deadline - time.monotonic()))
    for child in children:
        _signal_group(child, signal.SIGKILL)
        child.process.wait()


def demand_free_port(host: str, port: int) -> None:
    """CommandError in words where somebody else listens already, or where nobody may."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except (OSError, OverflowError) as problem:
            raise CommandError(
                f"Port {port} of {host} is not free ({getattr(problem, 'strerror', problem)}). "
                f"Is Storybank running already? Another port: make run PORT={min(port + 1, 65535)}"
            ) from problem


def listens(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.settimeout(1)
        return trial.connect_ex((host, port)) == 0


def _signal_group(child: Child, number: int, *, leader_only: bool = False) -> None:
    """Signal a child, or its whole process group, also where the child itself is gone."""
    try:
        if leader_only:
            child.process.send_signal(number)
        else:
            os.killpg(child.process.pid, number)
    except ProcessLookupError:
        pass


def _die_with_parent() -> None:
    """Ask Linux to end this child when we are killed without a chance to do it ourselves."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
