"""Fixtures that every test may ask for; what they are made of lives in tests/house/."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from campaigns.models import BoundarySet
from portal.models import User
from tests.house import people, places, post
from tests.house.browser import chromium, open_page, page
from tests.house.outside import database_url, log_lines, post_office
from tests.house.people import World

__all__ = ["chromium", "database_url", "log_lines", "open_page", "page", "post_office"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with a browser share one process, so that only one browser starts, and one run of two.

    What needs servers is skipped where there are none: see tests/house/servers.py.
    """
    on_servers = "TEST_DATABASE_URL" in os.environ and "TEST_REDIS_URL" in os.environ
    no_servers = pytest.mark.skip(reason="needs PostgreSQL and Redis: `make test` runs it on both")
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.once)
        if item.get_closest_marker("servers") and not on_servers:
            item.add_marker(no_servers)


@pytest.fixture(autouse=True)
def own_files(tmp_path: Path, settings: Settings) -> None:
    """Each test has its own mail, files and cache; mail goes into files as on a machine without a server."""
    settings.MAIL_DIR = tmp_path / "mail"
    settings.MEDIA_ROOT = str(tmp_path / "files")
    settings.EMAIL_BACKEND = "portal.mailfiles.MailFiles"
    if django_settings.REDIS_URL:
        cache.clear()  # the broker's database too: no test hears another's bells
    else:
        shutil.rmtree(django_settings.VAR_DIR / "cache", ignore_errors=True)


@pytest.fixture
def world(db: None) -> World:
    """The coalition that tests/house/people.py describes."""
    return people.make_world()


@pytest.fixture
def zips(db: None) -> BoundarySet:
    """The current boundary set with the rows of tests/house/places.py."""
    return places.current_boundaries()


@pytest.fixture
def client_of() -> Callable[[User | None], Client]:
    """`client_of(user)`: a test client in which this person has signed in."""
    return people.client_of


@pytest.fixture
def deliver_mail() -> Callable[[], list[post.Mail]]:
    """`deliver_mail()`: send the outbox with the real task and return the new mails."""
    return post.deliver_mail


@pytest.fixture
def run_jobs() -> Callable[[], int]:
    """`run_jobs()`: run all waiting background jobs with their real tasks."""
    return post.run_jobs
