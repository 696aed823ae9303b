"""Fixtures about post, logs and the database as they are seen from outside."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from portal.logs import LineFormatter, RequestIdFilter
from tests.house.post import registered_tasks
from tests.house.post_office import PostOffice, open_post_office


@pytest.fixture
def post_office(settings: Settings) -> Iterator[PostOffice]:
    """A real mail server that the outbox sends to."""
    with open_post_office() as office:
        settings.EMAIL_BACKEND = "portal.mailserver.MailServer"
        settings.EMAIL_HOST = office.host
        settings.EMAIL_PORT = office.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 5
        yield office


@pytest.fixture
def log_lines() -> Iterator[Callable[[], str]]:
    """`log_lines()`: everything logged so far at any level, as the site writes it."""
    registered_tasks()  # Celery's first look sets logging up again, and our handler would be gone
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(LineFormatter())
    handler.addFilter(RequestIdFilter())
    handler.addFilter(lambda record: record.name != "mail.log")  # the mail server of the test
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield text.getvalue
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


@pytest.fixture
def database_url(transactional_db: None) -> str:
    """The address of the test database, for a process of its own."""
    parts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{parts['NAME']}"
    host, port = parts["HOST"] or "localhost", parts["PORT"] or 5432
    return f"postgres://{parts['USER']}:{parts['PASSWORD']}@{host}:{port}/{parts['NAME']}"
