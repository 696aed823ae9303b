"""This package's rows of the permission table."""

from __future__ import annotations

from portal.access import PUBLIC, SIGNED_IN, Row

ROWS = {
    "home": PUBLIC,
    "live": PUBLIC,
    "ready": PUBLIC,
    "signing_key": PUBLIC,
    "profile": Row(role=SIGNED_IN),
}
