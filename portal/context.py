"""What every template knows."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal.models import User
from portal.navigation import Entry, entries


def site(request: HttpRequest) -> dict[str, object]:
    """The site's name, whether this is the demonstration, and the header's links.

    The links are looked up only by a template that shows them: fragments and mail do not.
    """

    def nav() -> list[Entry]:
        user = getattr(request, "user", None)
        return entries(user, request.path) if isinstance(user, User) else []

    return {
        "site_name": settings.SITE_NAME,
        "demo": settings.DEMO,
        "nav": SimpleLazyObject(nav),
    }
