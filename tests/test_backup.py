"""A backup of a living site, made and brought back by the commands of docs/operators.md."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import time_machine
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from portal import signing
from portal.models import AuditLine, Job, User
from stories.models import Batch, Item, Photo, Recall
from stories.states import BatchState
from stories.verbs import telling
from tests.house import backups
from tests.house.batches import (
    delivered_batch,
    fetch,
    fetched_batch,
    sealed_batch,
    story_with_photo,
)
from tests.house.people import World
from tests.house.post import Mail
from tests.house.stories import approved_story, submitted_story
from tests.portal.test_accounts import ENTER_CODE, SEND_CODE, code_in
from tests.portal.test_second_step import STEP, app_code, set_up_app

ClientOf = Callable[[User | None], Client]
DeliverMail = Callable[[], list[Mail]]

pytestmark = pytest.mark.servers

DUMP, FILES, KEY = 0, 1, 2
RESTORE_DATABASE, RESTORE_FILES = 0, 1


@pytest.fixture
def volume(transactional_db: None, tmp_path: Path, settings: Settings) -> Path:
    """The installation's volume: its files, and the key that it made for itself."""
    settings.VAR_DIR, settings.SIGNING_KEY = tmp_path / "var", ""
    settings.MEDIA_ROOT = str(settings.VAR_DIR / "files")
    (settings.VAR_DIR / "files").mkdir(parents=True)
    return tmp_path / "var"


@pytest.fixture
def restored(tmp_path: Path) -> Iterator[str]:
    """The empty database of another machine."""
    with backups.empty_database() as name:
        yield name


def back_up(step: int, volume: Path) -> str:
    """Run one of the documented commands that make a backup; what it prints."""
    command = backups.documented_commands("Back up and restore")[step]
    return run(command, volume)


def run(command: str, volume: Path, database: str = "") -> str:
    name = database or str(connection.settings_dict["NAME"])
    return backups.run_documented(command, at=volume.parent, volume=volume, database=name)


def restore(tmp_path: Path, database: str, settings: Settings) -> None:
    """Run the documented commands that bring it back, onto an empty database and an empty volume."""
    volume = tmp_path / "new"
    volume.mkdir()
    commands = backups.documented_commands("Back up and restore")[KEY + 1 :]
    assert [command.split()[0] for command in commands] == ["pg_restore", "tar"]
    for command in commands:
        run(command, volume, database)
    settings.VAR_DIR, settings.MEDIA_ROOT = volume, str(volume / "files")
    settings.MAIL_DIR = tmp_path / "new mail"
    cache.clear()  # Redis is new there


def message_ids(mails: list[Mail]) -> list[tuple[str, str]]:
    return sorted((mail.to, str(mail.wire["Message-ID"])) for mail in mails)


def test_a_restored_site_goes_on_where_the_backup_stopped(
    volume: Path,
    restored: str,
    world: World,
    client_of: ClientOf,
    deliver_mail: DeliverMail,
    run_jobs: Callable[[], int],
    settings: Settings,
    tmp_path: Path,
) -> None:
    # A site with something of everything: a recall, a batch that was fetched, a second step ...
    secret = set_up_app(client_of(world.ana))
    taken_back = approved_story(world, hook="Taken back")
    fetched_batch(world)
    pictured = story_with_photo(world)
    first = fetched_batch(world)
    archive = str((first.files or [{}])[0]["name"])
    content = fetch(first, archive, world.paula)
    telling.withdraw(by=world.mia, story=taken_back)
    run_jobs()
    assert deliver_mail()
    # ... and in the middle of it: mail that waits, and a batch in the hands of a worker.
    submitted_story(world, hook="Nobody was told of it yet")
    in_hand = approved_story(world, hook="In the hands of a worker")
    waiting = sealed_batch(world)
    job = Job.objects.get(key=f"build:{waiting.pk}")
    assert Job.objects.take(job.pk, seconds=300)
    then = backups.everything_in_it()

    back_up(DUMP, volume)
    left_after = deliver_mail()
    story_with_photo(world)  # its picture is a file that no row of the dump names
    pictures = [str(photo.file) for photo in Photo.objects.order_by("pk")]
    back_up(FILES, volume)
    key = back_up(KEY, volume).strip()
    own_key = signing.key_id()

    restore(tmp_path, restored, settings)
    settings.SIGNING_KEY = key
    with (
        backups.working_on(restored),
        time_machine.travel(timezone.now() + dt.timedelta(minutes=10)),
    ):
        assert backups.everything_in_it() == then
        assert signing.key_id() == own_key == first.key_id

        # Every file is there, and the batch is the one that was signed.
        assert fetch(first, archive, world.paula) == content
        assert [default_storage.exists(name) for name in pictures] == [True, True]
        verify(tmp_path / "first", first, world)

        # What left before stays sent; what left after the backup leaves again, under the same id.
        assert left_after
        assert message_ids(deliver_mail()) == message_ids(left_after)
        assert deliver_mail() == []

        # The worker's batch is built once its lease is over, and the next has the next number.
        assert run_jobs() == 2  # built and delivered
        waiting.refresh_from_db()
        assert (waiting.number, waiting.state) == (3, BatchState.DELIVERED)
        verify(tmp_path / "waiting", waiting, world)
        assert len(deliver_mail()) == 2  # to Paula and Pete: that batch
        new = approved_story(world, hook="Told after the restore")
        next_one = delivered_batch(world)
        assert (next_one.number, next_one.key_id) == (4, own_key)
        verify(tmp_path / "next", next_one, world)
        assert held_by(world) == [pictured.pk, in_hand.pk, new.pk]

        # The recall is still demanded, and what is frozen stays so.
        assert Recall.objects.get(story=taken_back).answered_at is None
        with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
            AuditLine.objects.update(verb="nothing")

        deliver_mail()
        assert signs_in(world.ana, secret, deliver_mail)


def held_by(world: World) -> list[int]:
    """The stories that Research!America holds, in the order of their batches."""
    items = Item.objects.filter(partner=world.research_america, ended_at=None)
    return list(items.order_by("batch__number", "position").values_list("story", flat=True))


def verify(folder: Path, batch: Batch, world: World) -> None:
    """The operator's own command finds nothing wrong with the zip that a partner takes."""
    name = str((batch.files or [{}])[0]["name"])
    folder.mkdir()
    (folder / name).write_bytes(fetch(batch, name, world.paula))
    call_command("verify_batch", folder / name, verbosity=0)


def signs_in(user: User, secret: str, deliver_mail: DeliverMail) -> bool:
    """Whether this person gets in with a mailed code and their app, whose key is kept encrypted."""
    client = Client()
    client.post(SEND_CODE, {"email": user.email})
    answer = client.post(ENTER_CODE, {"code": code_in(deliver_mail())})
    assert answer["Location"] == STEP
    return client.post(STEP, {"code": app_code(secret)}).status_code == 302


def test_the_way_back_to_the_release_before_leads_over_what_its_successor_left(
    volume: Path, restored: str, world: World
) -> None:
    commands = backups.documented_commands("Upgrade")
    assert [command.split()[0] for command in commands] == ["dropdb", "createdb", "pg_restore"]
    then = backups.everything_in_it()
    back_up(DUMP, volume)
    for _ in range(2):  # onto an empty one, and onto one that is full
        for command in commands:
            run(command, volume, restored)
    with backups.working_on(restored):
        assert backups.everything_in_it() == then
