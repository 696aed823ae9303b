"""Knocking at a door as one person, and putting everything back afterwards."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections import Counter
from http.cookies import SimpleCookie
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.db import models, transaction
from django.http import HttpResponseBase
from django.test import Client

from portal.models import AuditLine, User
from tests.house.people import client_of

#: What an answer is called in the tables where it is no number: the sign-in page, which leads back.
LOGIN = "login"
SIGN_IN = "/accounts/login/"


class Knocker:
    """One person's browser. Whatever a request does to the database or the session is undone."""

    def __init__(self, user: User | None, *, headers: dict[str, str] | None = None) -> None:
        self.client: Client = client_of(user)
        self.client.raise_request_exception = False
        self.headers = headers or {}
        self.cookies = {name: morsel.value for name, morsel in self.client.cookies.items()}

    def knock(
        self, method: str, path: str, data: dict[str, Any] | None = None, *, json: bool = False
    ) -> HttpResponseBase:
        """The answer; nothing of what it brought about stays."""
        with transaction.atomic():
            answer = self.ask(method, path, data, json=json)
            transaction.set_rollback(True)
        return answer

    def ask(
        self, method: str, path: str, data: dict[str, Any] | None = None, *, json: bool = False
    ) -> HttpResponseBase:
        """The answer, read to its end."""
        self.client.cookies = SimpleCookie(self.cookies)
        answer: HttpResponseBase
        if method == "GET":
            answer = self.client.get(path, headers=self.headers)
        elif json:
            answer = self.client.post(
                path, data, content_type="application/json", headers=self.headers
            )
        else:
            answer = self.client.post(path, data, headers=self.headers)
        if answer.streaming:
            b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        return answer


def status_of(answer: HttpResponseBase) -> str:
    """The status as the tables write it."""
    if answer.status_code == 302 and answer["Location"].startswith(SIGN_IN):
        return LOGIN
    return str(answer.status_code)


def expected(cell: str, rest: int, everybody: list[str]) -> dict[str, str]:
    """What a cell such as "200 ana lee; 400 rita" says of each person; strangers sign in first."""
    found = dict.fromkeys(everybody, str(rest)) | {"nobody": LOGIN}
    for part in filter(None, cell.split("; ")):
        status, *names = part.split()
        found |= dict.fromkeys(names, status)
    return found


# --- What is in the database --------------------------------------------------------------------

#: Columns that are made by chance, or tell what others hold already.
CHANCE = frozenset(
    [
        "id",
        "token",
        "ref",
        "sha256",
        "file",
        "key",
        "detail",
        "context",
        "arguments",
        "message_id",
        "lease",
        "session_key",
        "session_data",
        "searchable",
        "cursor",
        "request_id",
    ]
)


def own_models() -> list[type[models.Model]]:
    """Every model whose rows a door of ours may write."""
    ours = [m for name in ("portal", "campaigns", "stories") for m in models_of(name)]
    return [*ours, EmailAddress, UserSession]


def models_of(app: str) -> list[type[models.Model]]:
    """An app's models, with those that Django made for many-to-many fields."""
    return list(apps.get_app_config(app).get_models(include_auto_created=True))


def keys_now() -> dict[str, set[Any]]:
    """The ids of every row that is there."""
    return {
        model._meta.label: set(model._default_manager.values_list("pk", flat=True))
        for model in own_models()
    }


def picture_of(known: dict[str, set[Any]]) -> dict[str, Counter[tuple[Any, ...]]]:
    """Everything that is stored, table by table; rows and references beyond `known` count as new."""
    found = {}
    for model in own_models():
        fields = [field for field in model._meta.concrete_fields if field.name not in CHANCE]
        names = [field.attname for field in fields]
        rows: Counter[tuple[Any, ...]] = Counter()
        for pk, *values in model._default_manager.values_list("pk", *names):
            old = pk if pk in known[model._meta.label] else "new"
            rows[(old, *(_plain(f, v, known) for f, v in zip(fields, values, strict=True)))] += 1
        found[model._meta.label] = rows
    return found


def _plain(field: models.Field[Any, Any], value: Any, known: dict[str, set[Any]]) -> Any:
    if isinstance(value, dt.datetime | uuid.UUID):
        return "made by clock or chance"
    target = field.related_model
    if value is not None and isinstance(target, type) and issubclass(target, models.Model):
        return value if value in known.get(target._meta.label, {value}) else "new"
    plain = repr(value) if isinstance(value, list | dict) else value
    if field.model is AuditLine and isinstance(plain, str):
        # The rows that its numbers name are compared themselves; on PostgreSQL a number is given once.
        return re.sub(r"\d+", "n", plain)
    return plain


def forged_fields(sent: dict[str, Any]) -> dict[str, Any]:
    """A value for every column of every table that a door was not sent itself, as a forger adds them."""
    forged: dict[str, Any] = {"is_staff": "on", "is_superuser": "on", "id": 1, "pk": 1}
    for model in own_models():
        for field in model._meta.concrete_fields:
            forged |= dict.fromkeys((field.name, field.attname), _forged(field))
    return {name: value for name, value in forged.items() if name not in sent}


def _forged(field: models.Field[Any, Any]) -> Any:
    target = field.related_model
    if isinstance(target, type) and issubclass(target, models.Model):
        last = target._default_manager.order_by("-pk").first()
        return last.pk if last else 1
    if field.name == "state":
        return "approved"
    if field.choices:
        return str(list(field.flatchoices)[-1][0])
    if isinstance(field, models.BooleanField):
        return "on"
    if isinstance(field, models.DateTimeField | models.DateField):
        return "2020-01-01"
    return "1" if isinstance(field, models.IntegerField) else "forged"
