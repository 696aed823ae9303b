"""Signing: the Ed25519 key that seals batches, and its public halves, which stay published for ever."""

from __future__ import annotations

import base64
import hashlib
import os

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from django.conf import settings

from portal.environment import own_secret
from portal.models import PublishedKey

SEED_BYTES = 32


def sign(data: bytes) -> str:
    """The base64 signature of `data` under this installation's key."""
    return base64.b64encode(_private_key().sign(data)).decode()


def verify(data: bytes, signature: str, pem: str) -> bool:
    """Whether `signature` (base64) was made over exactly `data` by the key whose public half is `pem`."""
    key = load_pem_public_key(pem.encode())
    if not isinstance(key, Ed25519PublicKey):
        return False
    try:
        key.verify(base64.b64decode(signature, validate=True), data)
    except (InvalidSignature, ValueError):
        return False
    return True


def key_id() -> str:
    """The name of this installation's key: the first 16 hex digits of SHA-256 of the raw public key."""
    raw = _private_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def public_pem() -> str:
    """The public half as PEM, which any Ed25519 tool reads."""
    public = _private_key().public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def publish() -> PublishedKey:
    """Make sure that the current key is among the published ones; call it before its first use."""
    key, _ = PublishedKey.objects.get_or_create(key_id=key_id(), defaults={"pem": public_pem()})
    return key


def _private_key() -> Ed25519PrivateKey:
    """The key of the settings, or the one that this installation made for itself."""
    seed = settings.SIGNING_KEY or own_secret(settings.VAR_DIR, "signing_key", _fresh_seed)
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed))


def _fresh_seed() -> str:
    return base64.b64encode(os.urandom(SEED_BYTES)).decode()
