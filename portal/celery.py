"""The Celery application: Redis where REDIS_URL names one, else files under VAR_DIR."""

from __future__ import annotations

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

TRANSPORT_ALIASES["storybank-files"] = "portal.embedded_broker:Transport"

app = Celery("storybank")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
