"""What is kept about one person, for that person: each package tells its part.

`settings.PERSONAL_DATA` names functions from a person to a part's name and its rows, all of it JSON.
Nothing in it is about anybody else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from portal.models import AuditLine, Message, User

Part = tuple[str, dict[str, Any]]
#: The newest lines of a long record.
MOST_LINES = 10_000


def everything(user: User) -> dict[str, Any]:
    """Every package's part; dates and times in UTC."""
    kept: dict[str, Any] = {"site": settings.SITE_URL, "made_at": timezone.now()}
    for name in settings.PERSONAL_DATA:
        part: Callable[[User], Part] = import_string(name)
        title, rows = part(user)
        kept[title] = rows
    return kept


def listed(rows: QuerySet[Any], **fields: str) -> list[dict[str, Any]]:
    """Rows as plain values: the name in the file and the field's path."""
    paths = list(fields.values())
    return [dict(zip(fields, values, strict=True)) for values in rows.values_list(*paths)]


def account(user: User) -> Part:
    """The account, its means of signing in without their secrets, messages, and what the person did."""
    of_user = {"user": user}
    return "account", {
        "email": user.email,
        "name": user.name,
        "since": user.date_joined,
        "last_sign_in": user.last_login,
        "operator": user.is_staff,
        "addresses": listed(
            EmailAddress.objects.filter(**of_user),
            address="email",
            confirmed="verified",
            main="primary",
        ),
        "second_steps": listed(
            Authenticator.objects.filter(**of_user),
            kind="type",
            since="created_at",
            last_used="last_used_at",
        ),
        "other_sites": listed(
            SocialAccount.objects.filter(**of_user), site="provider", number_there="uid"
        ),
        "signed_in_with": listed(
            UserSession.objects.filter(**of_user),
            since="created_at",
            network_address="ip",
            browser="user_agent",
        ),
        "messages": listed(
            Message.objects.filter(**of_user).order_by("-pk")[:MOST_LINES],
            about="template",
            address="address",
            written="created_at",
            sent="finished_at",
            words_forgotten="forgotten_at",
        ),
        "what_you_did": listed(
            AuditLine.objects.filter(actor=user).order_by("-pk")[:MOST_LINES],
            at="at",
            what="verb",
            with_what="object_type",
        ),
    }
