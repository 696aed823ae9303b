"""This package's rows of the permission table."""

from __future__ import annotations

from portal.access import PUBLIC, SIGNED_IN, Row

ROWS = {
    "home": PUBLIC,
    "live": PUBLIC,
    "ready": PUBLIC,
    "signing_key": PUBLIC,
    "privacy": PUBLIC,
    "profile": Row(role=SIGNED_IN),
    "rename": Row(role=SIGNED_IN),
    # 404 wherever settings.DEMO is off.
    "demo": PUBLIC,
    "demo_sign_in": PUBLIC,
    "demo_mail": PUBLIC,
    "demo_message": PUBLIC,
    "demo_message_html": PUBLIC,
}
