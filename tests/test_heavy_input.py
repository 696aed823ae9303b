"""Far too much of everything, sent to the real web server: refused in words or cut off, and nothing grows."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings as site
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from portal.management.commands.serve import web_command
from portal.models import User
from stories.verbs import telling
from tests.house.memory import PEAK, held
from tests.house.people import World
from tests.house.servers import free_port
from tests.house.stories import join
from tests.house.waiting import wait_until
from tests.portal.test_serve import descendants

ClientOf = Callable[[User | None], Client]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads memory from /proc"),
]

MB = 1024 * 1024
#: What the whole server may hold more than before, however much is sent to it: half of one such body.
ROOM = 100 * MB


@dataclass
class Server:
    """granian as `manage.py serve` starts it, on the test's own database."""

    process: subprocess.Popen[bytes]
    port: int
    temporary: Path
    files: Path

    def answers(self) -> bool:
        """Whether it takes connections and answers one."""
        try:
            return self.send("GET", "/health/live")[0] == 200
        except OSError:
            return False

    def peak(self) -> int:
        """The most memory that its processes have ever held, in bytes."""
        return sum(held(pid, PEAK) for pid in {self.process.pid, *descendants(self.process.pid)})

    def left_over(self) -> list[Path]:
        """Every file of the server's storage and of its temporary folder."""
        return [
            file
            for top in (self.temporary, self.files)
            for file in top.rglob("*")
            if file.is_file()
        ]

    def send(
        self, method: str, path: str, head: str = "", body: Iterable[bytes] = ()
    ) -> tuple[int, str]:
        """Send a request piece by piece; the status and the page, or (0, "") where it was cut off."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=120) as line:
            line.sendall(
                f"{method} {path} HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\n"
                f"Origin: http://testserver\r\n{head}\r\n".encode()
            )
            try:
                for piece in body:
                    line.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has heard enough; what it says may be waiting
            return answer_of(line)


def answer_of(line: socket.socket) -> tuple[int, str]:
    """The status and the text of what comes."""
    said = b""
    try:
        while piece := line.recv(65536):
            said += piece
    except ConnectionResetError:
        pass
    if not said:
        return 0, ""
    return int(said.split(b" ", 2)[1]), said.partition(b"\r\n\r\n")[2].decode(errors="replace")


@pytest.fixture
def server(database_url: str, tmp_path: Path, settings: Settings) -> Iterator[Server]:
    """The real web server, which knows the sessions that the test makes."""
    temporary, files = tmp_path / "temporary", tmp_path / "files"
    temporary.mkdir()
    files.mkdir()
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "SECRET_KEY": site.SECRET_KEY,
        "STORAGE_URL": files.as_uri(),
        "SITE_URL": "http://testserver",
        "DEBUG": "1",  # static files come from where they lie
        "TMPDIR": str(temporary),
        "LOG_LEVEL": "ERROR",
    }
    assert tempfile.gettempdir() != str(temporary)
    port = free_port()
    process = subprocess.Popen(
        web_command("127.0.0.1", port), cwd=site.BASE_DIR, env=environment, start_new_session=True
    )
    running = Server(process, port, temporary, files)
    try:
        wait_until(running.answers, 120)
        yield running
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def form_with(
    field: str, name: str, token: str, size: int
) -> tuple[str, Callable[[], Iterator[bytes]]]:
    """A form with a file of so many bytes: its headers, and its body piece by piece."""
    head = (
        '--edge\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n'
        f'{token}\r\n--edge\r\nContent-Disposition: form-data; name="{field}"; '
        f'filename="{name}"\r\nContent-Type: image/jpeg\r\n\r\n'
    ).encode()
    tail = b"\r\n--edge--\r\n"

    def body() -> Iterator[bytes]:
        yield head
        for _ in range(size // MB):
            yield b"\xff" * MB
        yield tail

    whole = len(head) + size // MB * MB + len(tail)
    kind = "Content-Type: multipart/form-data; boundary=edge\r\n"
    return f"{kind}Content-Length: {whole}\r\n", body


def in_chunks(body: Iterator[bytes]) -> Iterator[bytes]:
    """A body whose length nobody says beforehand."""
    for piece in body:
        yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    yield b"0\r\n\r\n"


CHUNKED = "Content-Type: multipart/form-data; boundary=edge\r\nTransfer-Encoding: chunked\r\n"


def test_200_megabytes_are_refused_in_words_and_the_server_stays_as_small_as_it_was(
    server: Server, world: World, client_of: ClientOf
) -> None:
    story = telling.begin(by=world.mia, participation=join(world, world.mia_member))
    doors = {
        reverse("stories:photo", args=[story.ref]): ("photo", world.mia, "64"),
        reverse("campaigns:send_roster", args=["isscr"]): ("file", world.ana, "60"),
    }
    for _ in range(4):  # until both of its processes have met everything that the test asks of them
        for path, (field, person, _) in doors.items():
            head, token = signed_in(client_of(person))
            form, body = form_with(field, "small.jpg", token, 3 * MB)
            assert server.send("POST", path, head + form, body())[0] == 400
    before = server.peak()
    for path, (field, person, most) in doors.items():
        head, token = signed_in(client_of(person))
        form, body = form_with(field, "holiday.jpg", token, 200 * MB)
        status, page = server.send("POST", path, head + form, body())
        assert status == 413
        assert f"At most {most}" in page.replace("\u00a0", " ")
        # A stranger is sent to sign in without a byte being read; who says no length is not read either.
        assert server.send("POST", path, form, body())[0] in {0, 302}
        assert server.send("POST", path, head + CHUNKED, in_chunks(body()))[0] in {0, 302, 403, 413}
    # As much as a door lets in is read, and refused as a picture; it stays on no disk.
    head, token = signed_in(client_of(world.mia))
    form, body = form_with("photo", "holiday.jpg", token, 60 * MB)
    status, page = server.send("POST", next(iter(doors)), head + form, body())
    assert status == 400
    assert "10 MB" in page.replace("\u00a0", " ")
    assert server.peak() - before < ROOM
    # Its file goes when the request is closed, which is just after its answer.
    wait_until(lambda: not server.left_over(), 30)
    assert server.answers()


def signed_in(client: Client) -> tuple[str, str]:
    """The header by which a browser is known, and its token against forged requests."""
    client.get("/me/sessions/")
    token = client.cookies["csrftoken"].value
    return f"Cookie: sessionid={client.cookies['sessionid'].value}; csrftoken={token}\r\n", token
