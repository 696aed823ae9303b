"""Keys for partners' programs: made, used, revoked."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.db import transaction
from django.utils import timezone

from campaigns.models import PartnerUser
from portal import audit
from portal.errors import Refused
from portal.models import User
from stories.models import PartnerToken

PREFIX = "storybank_"
#: So often at most it is noted that a key was used.
NOTED_EVERY = dt.timedelta(minutes=5)


def sha256_of(key: str) -> str:
    """What is kept of a key. It is 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def make_token(*, by: User, officer: PartnerUser, name: str) -> str:
    """A new key, which is shown to its officer this once."""
    if officer.user_id != by.pk:
        raise Refused("A key acts as the officer who makes it, so make one for yourself.")
    key = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = PartnerToken.objects.create(officer=officer, name=name, sha256=sha256_of(key))
        audit.record(by, "make_token", token, partner=officer.partner_id)
    return key


def revoke_token(*, by: User, token: PartnerToken) -> None:
    """End a key. Twice is once."""
    with transaction.atomic():
        ended = PartnerToken.objects.filter(pk=token.pk, revoked_at=None).update(
            revoked_at=timezone.now()
        )
        if ended:
            audit.record(by, "revoke_token", token)


def officer_of(key: str) -> PartnerUser | None:
    """The officer as whom a key acts; None for one that does not work (any more)."""
    token = (
        PartnerToken.objects.working()
        .select_related("officer__user")
        .filter(sha256=sha256_of(key))
        .first()
    )
    if token is None:
        return None
    now = timezone.now()
    if token.used_at is None or token.used_at < now - NOTED_EVERY:
        PartnerToken.objects.filter(pk=token.pk).update(used_at=now)
    return token.officer
