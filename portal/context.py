"""What every template knows."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string

from portal.access import Role
from portal.models import User
from portal.navigation import Entry, entries
from portal.post.counting import counted
from portal.post.lateness import minutes_late


def site(request: HttpRequest) -> dict[str, object]:
    """The site's name, whether this is the demonstration, the header's links, and whether mail is late.

    The last two are looked up only by a template that shows them: fragments and mail do not.
    """

    def nav() -> list[Entry]:
        user = getattr(request, "user", None)
        return entries(user, request.path) if isinstance(user, User) else []

    def late() -> str:
        user = getattr(request, "user", None)
        if not isinstance(user, User):
            return ""
        roles: list[Role] = [import_string(name) for name in settings.TOLD_OF_LATE_MAIL]
        if not any(role.holds(user) for role in roles) or not (minutes := minutes_late()):
            return ""
        return counted(minutes, "minute")

    return {
        "site_name": settings.SITE_NAME,
        "demo": settings.DEMO,
        "nav": SimpleLazyObject(nav),
        "mail_late": SimpleLazyObject(late),
    }
