"""The signed-in person, fetched together with their ties: one question for whatever a page asks of them.

Who a session belongs to, whether the account is open, which ties it has and whether it has a second
step is read anew for every request and kept for no other.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import auth
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string

from portal.models import User
from portal.prepared import Prepared

#: The annotation that says whether a person has set up a second step.
SECOND_STEP = "has_second_step"


class SignedIn(AuthenticationMiddleware):
    """Django's own, whose `request.user` knows the person's ties already."""

    def process_request(self, request: HttpRequest) -> None:
        """Look nobody up before somebody asks."""
        super().process_request(request)
        setattr(request, "user", SimpleLazyObject(partial(_user_of, request)))  # noqa: B010 (a lazy one)


def has_second_step(user: User) -> bool:
    """Whether a person has set up a second step; no query for who came with this request."""
    known = getattr(user, SECOND_STEP, None)
    return Authenticator.objects.filter(user=user).exists() if known is None else bool(known)


def person_of(session: SessionBase) -> User | None:
    """The person of a session that is in order in every respect; None where Django must look closer."""
    key = str(session.get(auth.SESSION_KEY, ""))
    if not key.isdecimal() or session.get(auth.BACKEND_SESSION_KEY) not in (
        settings.AUTHENTICATION_BACKENDS
    ):
        return None
    person: User | None = _open_account.first(person=int(key))
    if person is None:
        return None
    sealed = str(session.get(auth.HASH_SESSION_KEY, ""))
    now = person.get_session_auth_hash()
    if constant_time_compare(sealed, now):
        return person
    if any(constant_time_compare(sealed, old) for old in person.get_session_auth_fallback_hash()):
        # Sealed under an earlier SECRET_KEY. Django would give the session another key, and the list of
        # where one is signed in, which goes by that key, would know nothing of it.
        session[auth.HASH_SESSION_KEY] = now
        return person
    return None


def seal_sessions_anew(user: User) -> None:
    """Bring the sessions of a person's browsers under the newest SECRET_KEY while an earlier one holds."""
    if not settings.SECRET_KEY_FALLBACKS:
        return
    store_of = import_module(settings.SESSION_ENGINE).SessionStore
    for key in UserSession.objects.filter(user=user).values_list("session_key", flat=True):
        store = store_of(key)
        if person_of(store) and store.modified:
            with suppress(UpdateError):  # its owner has just signed out there
                store.save()


def _user_of(request: HttpRequest) -> Any:
    """The request's user. What is not in order goes Django's own way, which ends such a session."""
    return person_of(request.session) or auth.get_user(request)


@Prepared
def _open_account(*, person: int) -> QuerySet[User]:
    """A person whose account is open, with their ties."""
    found: QuerySet[User] = User.objects.annotate(**_ties()).filter(pk=person, is_active=True)
    return found


def _ties() -> dict[str, Exists]:
    """What is asked along with a person: `settings.TIES` names the packages' own."""
    own = {SECOND_STEP: Exists(Authenticator.objects.filter(user=OuterRef("pk")))}
    for name in settings.TIES:
        own |= import_string(name)
    return own
