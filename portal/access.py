"""The permission table: one row for each URL, and the rule that opens an object fills the list.

A row names the role that may open the URL and, where the URL shows rows, the queryset of what exists
for this person (`see`) and of what they may act upon (`may`). What `see` leaves out is 404, what `may`
leaves out is 403. A URL without a row does not open at all, and `tests/test_house.py` fails.

Each package declares its own rows; `settings.ACCESS_TABLES` names them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.utils.module_loading import import_string

from portal.models import User
from portal.prepared import Prepared

M = TypeVar("M", bound=Model)
Scope = Callable[[User], QuerySet[Any]]

#: The heaviest request that a form without files makes, in bytes.
FORM_BYTES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE


@dataclass(frozen=True)
class Role:
    """A tie that a person can have. `trusted` roles must use a second factor."""

    name: str
    holds: Callable[[User], bool]
    trusted: bool = False


@dataclass(frozen=True)
class Row:
    """Who may open a URL (None: anybody, signed in or not) and which rows it shows them.

    `keeps` names the URL, with the same arguments, of the page that takes up what was sent here by
    somebody who had been signed out meanwhile; see portal.kept. `takes` is the heaviest request, in
    bytes, that the URL takes from whoever has signed in; see portal.guards. `by_token` URLs open with
    a key instead of a session: their door answers 401 itself, and `see` counts for the key's owner.
    `by_key` promises that `see` depends on the person's key and on nothing else, the moment included,
    so that its SQL can be made once; tests/portal/test_prepared.py holds it to that.
    """

    role: Role | None
    see: Scope | None = None
    may: Scope | None = None
    keeps: str = ""
    takes: int = FORM_BYTES
    by_token: bool = False
    by_key: bool = False


#: Anybody, without signing in.
PUBLIC = Row(role=None)
#: Anybody who has signed in.
SIGNED_IN = Role("signed in", lambda user: user.is_active)
OPERATOR = Role("operator", lambda user: user.is_staff, trusted=True)

# URL names of installed packages that bring their own checks: all about signing in.
FOREIGN = (
    "account_",
    "mfa_",
    "socialaccount_",
    "orcid_",
    "openid_connect_",
    "usersessions_",
)

#: The operators' admin, its own sign-in page included: nobody gets there around the second factor.
ADMIN = Row(role=OPERATOR)
ADMIN_NAMES = "admin:"


@cache
def table() -> Mapping[str, Row]:
    """Every row, keyed by the URL's name with its namespace."""
    rows: dict[str, Row] = {}
    for path in settings.ACCESS_TABLES:
        part: Mapping[str, Row] = import_string(path)
        if twice := rows.keys() & part.keys():
            raise ValueError(f"URLs with two permission rows: {sorted(twice)}")
        rows |= part
    return rows


def row_named(name: str) -> Row | None:
    """The row of a URL's name; None where it has none, so that nobody gets in."""
    return ADMIN if name.startswith(ADMIN_NAMES) else table().get(name)


def row_of(request: HttpRequest) -> Row:
    """The row of the URL that this request came through."""
    match = request.resolver_match
    if match is None:
        raise Http404
    return table()[match.view_name]


def rows(request: HttpRequest, model: type[M]) -> QuerySet[M]:
    """Everything that the URL's row shows to this person."""
    row = row_of(request)
    if row.see is None or not isinstance(request.user, User):
        raise Http404
    return _seen(row.see, request.user, model)


def _seen(see: Scope, user: User, model: type[M]) -> QuerySet[M]:
    """What a row shows to a person; TypeError where those are no objects of this model."""
    seen: QuerySet[M] = see(user)
    if seen.model is not model:
        raise TypeError(f"this URL's row shows {seen.model.__name__}, not {model.__name__}")
    return seen


def fetch(
    request: HttpRequest,
    model: type[M],
    *,
    along: Sequence[str] = (),
    held: bool = False,
    **lookup: Any,
) -> M:
    """The one object that the URL is about: 404 where unseen, 403 where seen but not allowed.

    `along` names relations that come in the same query. With `held` it is locked until the caller's
    transaction ends; then `along` may name only relations that never change, because a relation is
    read before the lock is waited for.
    """
    row = row_of(request)
    if row.by_key and row.see and all(isinstance(key, UUID) for key in lookup.values()):
        question = _question(row.see, model, tuple(along), held, tuple(lookup))
        found: M | None = question.first(by=person(request).pk, **lookup)
    else:
        found = _shown(rows(request, model), along, held, lookup).first()
    if found is None:
        raise Http404
    if row.may is not None and not row.may(person(request)).filter(pk=found.pk).exists():
        raise PermissionDenied
    return found


def _shown(
    seen: QuerySet[M], along: Sequence[str], held: bool, lookup: Mapping[str, Any]
) -> QuerySet[M]:
    """The one of what a row shows that a URL is about."""
    seen = seen.filter(**lookup)
    if along:
        seen = seen.select_related(*along)
    return seen.select_for_update(of=("self",)) if held else seen


@cache
def _question(
    see: Scope, model: type[M], along: Sequence[str], held: bool, names: Sequence[str]
) -> Prepared:
    """The same for a row that goes `by_key`: its SQL is made at the first request, and planned once.

    `names` are those of the lookup: with others it is another question.
    """

    def shown(*, by: int, **lookup: Any) -> QuerySet[Any]:
        return _shown(_seen(see, User(pk=by), model), along, held, lookup)[:1]

    return Prepared(shown)


def person(request: HttpRequest) -> User:
    """The signed-in person behind a request whose row demands one."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
