"""A PostgreSQL and a Redis server for tests, on ports and folders of their own, gone at the end.

    python -m tests.house.servers COMMAND ...

runs a command beside both, with their addresses in TEST_DATABASE_URL and TEST_REDIS_URL, and ends as
the command ends. The system's own clusters are left alone. On a machine without the programs the
command is not run; what that skips is said, and the exit is 0.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
from redis import Redis
from redis.exceptions import RedisError

#: Where Debian keeps PostgreSQL's programs; `initdb` is on nobody's PATH there.
DEBIAN = Path("/usr/lib/postgresql")
START_SECONDS = 60.0
#: Nothing of it must survive the run, so nothing waits for a disk.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


@dataclass
class Server:
    """A server that can be stopped and started again on the same port with what it held."""

    name: str
    url: str
    command: Sequence[str]
    user: str | None
    log: Path
    answers: Callable[[], bool]
    #: PostgreSQL: fast shutdown (SIGINT); Redis: SIGTERM.
    end_signal: signal.Signals
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as said:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                user=self.user,
                group=None if self.user is None else pwd.getpwnam(self.user).pw_gid,
                extra_groups=None if self.user is None else [],
                start_new_session=True,
                preexec_fn=die_with_parent(self.end_signal),
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self, number: signal.Signals | None = None) -> None:
        """End it: as it likes to be ended, or by another signal; killed if it does not end in time."""
        if self.process is None:
            return
        self.process.send_signal(number or self.end_signal)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


def die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """For a child to call first: asks Linux to end it when the thread that started it ends unawares."""
    if sys.platform != "linux":
        return None
    pr_set_pdeathsig = 1
    return partial(ctypes.CDLL(None).prctl, pr_set_pdeathsig, number)


def program(name: str) -> str | None:
    """The path of one of the servers' programs, Debian's hidden ones too; None where it is missing."""
    hidden = sorted(DEBIAN.glob(f"*/bin/{name}"), key=lambda file: int(file.parts[-3]))
    return str(hidden[-1]) if hidden else shutil.which(name)


def missing() -> list[str]:
    """The Debian packages without which the servers cannot be started here."""
    packages = {"initdb": "postgresql", "postgres": "postgresql", "redis-server": "redis-server"}
    return sorted({package for name, package in packages.items() if program(name) is None})


@contextmanager
def running(ground: Path, options: Sequence[str] = FAST) -> Iterator[tuple[Server, Server]]:
    """PostgreSQL and Redis with their data under `ground`; both are stopped whatever happens."""
    with ExitStack() as both:
        servers = postgresql(ground / "postgresql", options=options), redis(ground / "redis")
        for server in servers:
            both.callback(server.stop)
            server.start()
        yield servers


def postgresql(ground: Path, *, port: int | None = None, options: Sequence[str] = FAST) -> Server:
    """A fresh cluster without passwords that listens on this machine alone. It refuses to run as root.

    `options` are its settings; by default such that what was committed may be lost when it is killed.
    """
    user = unprivileged()
    ground.mkdir(parents=True)
    data = ground / "data"
    if user is not None:
        shutil.chown(ground, user)
    subprocess.run(
        [
            *(program("initdb") or "", "--pgdata", data, "--username", "storybank"),
            *("--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
        ],
        check=True,
        capture_output=True,
        user=user,
        extra_groups=None if user is None else [],
        cwd=ground,
    )
    port = port or free_port()
    url = f"postgres://storybank@127.0.0.1:{port}/postgres"
    settings = [option for setting in options for option in ("-c", setting)]
    listen = ["-p", str(port), "-c", "listen_addresses=127.0.0.1", "-k", str(ground)]
    return Server(
        name="PostgreSQL",
        url=url,
        command=[program("postgres") or "", "-D", str(data), *listen, *settings],
        user=user,
        log=log_in(ground),
        answers=lambda: database_answers(url),
        end_signal=signal.SIGINT,
    )


def redis(ground: Path, *, port: int | None = None) -> Server:
    """A Redis that writes nothing to disk, as docker-compose.yml runs it."""
    ground.mkdir(parents=True)
    port = port or free_port()
    url = f"redis://127.0.0.1:{port}"
    return Server(
        name="Redis",
        url=url,
        command=[
            *(program("redis-server") or "", "--port", str(port), "--bind", "127.0.0.1"),
            *("--save", "", "--appendonly", "no", "--dir", str(ground)),
        ],
        user=None,
        log=log_in(ground),
        answers=lambda: redis_answers(url),
        end_signal=signal.SIGTERM,
    )


def unprivileged() -> str | None:
    """The user to run PostgreSQL as where we are root; None where we are not."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"


def log_in(ground: Path) -> Path:
    """A log file that we may write whoever owns the folder."""
    return ground.parent / f"{ground.name}.log"


def database_answers(url: str) -> bool:
    """Whether a question is answered: while it recovers, a server only says that it is starting up."""
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def redis_answers(url: str) -> bool:
    """Whether Redis says PONG."""
    try:
        return bool(Redis.from_url(url, socket_timeout=2).ping())
    except RedisError:
        return False


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main(command: Sequence[str]) -> int:
    """Run a command beside both servers; returns its exit code, 0 where the servers are missing."""
    if packages := missing():
        say = sys.stderr.write
        say(f"SKIPPED the suite on PostgreSQL and Redis: apt install {' '.join(packages)}\n")
        return 0
    ending = (signal.SIGTERM, signal.SIGHUP)
    for number in ending:
        signal.signal(number, lambda heard, frame: sys.exit(128 + heard))
    ground = Path(tempfile.mkdtemp(prefix="storybank-servers-"))
    ground.chmod(0o755)  # PostgreSQL's user passes through it
    try:
        with running(ground) as (database, broker):
            values = {"TEST_DATABASE_URL": database.url, "TEST_REDIS_URL": broker.url}
            return subprocess.run(command, env=os.environ | values, check=False).returncode
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(ground, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
