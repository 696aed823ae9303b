"""Verbs about one's own account; signing in and its means are allauth's."""

from __future__ import annotations

from collections.abc import Iterable

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction

from portal import audit, vault
from portal.models import User

#: What of an authenticator is a secret, by the names that allauth gives it.
SECRET_PARTS = ("secret", "seed")
SECRET_LISTS = ("migrated_codes",)


def rename(*, by: User, name: str) -> None:
    """Change how a person's name is shown to the people they work with."""
    with transaction.atomic():
        User.objects.filter(pk=by.pk).update(name=name)
        audit.record(by, "rename", by)
    by.name = name


def end_sessions(*, by: User, sessions: Iterable[UserSession]) -> int:
    """Sign browsers out in which this person had signed in; returns how many."""
    ended = 0
    with transaction.atomic():
        for session in sessions:
            session.end()
            ended += 1
        audit.record(by, "end_sessions", by, ended=ended)
    return ended


def rotate_secrets(*, by: User | None) -> int:
    """Encrypt every stored secret of the second step under the newest key; returns how many rows.

    One row at a time, each in its own transaction: it may run beside people who sign in, and again.
    """
    rotated = 0
    for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True).iterator():
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            if row is None:
                continue
            parts = {name: row.data[name] for name in SECRET_PARTS if row.data.get(name)}
            lists = {name: row.data[name] for name in SECRET_LISTS if row.data.get(name)}
            if not parts and not lists:
                continue
            row.data |= {name: vault.encrypted_anew(part) for name, part in parts.items()}
            row.data |= {name: [vault.encrypted_anew(p) for p in ps] for name, ps in lists.items()}
            row.save(update_fields=["data"])
            rotated += 1
    with transaction.atomic():
        audit.record_all(by, "rotate_secrets", Authenticator, rotated=rotated)
    return rotated
