"""Encrypt the stored secrets of the second step under the newest key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.people import rotate_secrets
from portal.vault import NoKeyFits


class Command(BaseCommand):
    """`manage.py rotate_secrets`: after a new key was put in front, and before the old one goes."""

    help = (
        "Encrypt the stored secrets of the second step under the newest key: the first of FIELD_KEYS, "
        "or the one that follows from SECRET_KEY. Safe to run at any time and again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate, and say how many."""
        try:
            rotated = rotate_secrets(by=None)
        except NoKeyFits as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"Encrypted the secrets of {rotated} authenticators anew.")
