"""The Celery application: Redis where REDIS_URL names one, else files under VAR_DIR."""

from __future__ import annotations

import logging.config
import os
from typing import Any

from celery import Celery, signals
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES

from portal import logs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

TRANSPORT_ALIASES["storybank-files"] = "portal.embedded_broker:Transport"

app = Celery("storybank")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.setup_logging.connect
def log_as_the_site_does(**_: Any) -> None:
    """Keep Celery from setting up logging of its own: its lines take the same shape as ours."""
    logging.config.dictConfig(settings.LOGGING)


@signals.task_prerun.connect
def carry_request_id(task: Any = None, task_id: str = "", **_: Any) -> None:
    """Log under the id of the request that rang; the clock's tasks log under their own."""
    logs.request_id.set(task.request.get("request_id") or task_id)


@signals.task_postrun.connect
def drop_request_id(**_: Any) -> None:
    """The worker's thread goes on to other work."""
    logs.request_id.set("")
