"""Absolute links, for mail and files that are read outside the site."""

from __future__ import annotations

from django.conf import settings


def absolute(path: str) -> str:
    """The site's address in front of a path such as `reverse` gives."""
    return f"{settings.SITE_URL}{path}"
