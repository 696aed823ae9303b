"""Verbs about one's own account; signing in and its means are allauth's."""

from __future__ import annotations

from django.db import transaction

from portal import audit
from portal.models import User


def rename(*, by: User, name: str) -> None:
    """Change how a person's name is shown to the people they work with."""
    with transaction.atomic():
        User.objects.filter(pk=by.pk).update(name=name)
        audit.record(by, "rename", by)
    by.name = name
