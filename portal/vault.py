"""Secrets at rest: what the database keeps of the second step is of no use without the site's own key.

The newest key encrypts, every listed one decrypts: a key is rotated by putting a new one in front of
`FIELD_KEYS`, running `manage.py rotate_secrets`, and taking the old one away.
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

#: How every Fernet token begins. What does not was written before secrets were encrypted.
TOKEN = "gAAAA"  # noqa: S105 (a mark, no secret)


class NoKeyFits(Exception):
    """A secret was encrypted under a key that is no longer listed."""


def encrypt(text: str) -> str:
    """A text under the newest key."""
    return _keys().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text of a token, whichever listed key it was made with; NoKeyFits where none is the one."""
    if not token.startswith(TOKEN):
        return token
    try:
        return _keys().decrypt(token.encode()).decode()
    except InvalidToken as problem:
        raise NoKeyFits(
            "A stored secret was encrypted under a key that FIELD_KEYS and SECRET_KEY no longer give."
        ) from problem


def encrypted_anew(token: str) -> str:
    """The same text under the newest key."""
    return encrypt(decrypt(token))


def _keys() -> MultiFernet:
    """Every key, the newest first: the listed ones, then those that follow from the secret keys."""
    secrets = [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    keys = [*(str(key).encode() for key in settings.FIELD_KEYS), *map(_derived, secrets)]
    return MultiFernet([Fernet(key) for key in keys])


def _derived(secret: str) -> bytes:
    """A Fernet key that follows from a secret key and serves this one purpose."""
    made = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"storybank secrets at rest")
    return base64.urlsafe_b64encode(made.derive(secret.encode()))
