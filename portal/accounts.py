"""How allauth is bent to this house: its mail goes through the outbox, an address proves a tie."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.signup import prevent_enumeration
from allauth.account.models import EmailAddress
from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.db import IntegrityError, transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from portal import outbox, vault
from portal.errors import Refused
from portal.forms import CANNOT_BE_CHECKED, clean_name
from portal.models import Urgency, User
from portal.signed_in import seal_sessions_anew

log = logging.getLogger(__name__)

#: Stands for a caller without an address: one that no machine has.
NO_ADDRESS = "0.0.0.0"  # noqa: S104 (nothing is bound to it)


def address_proven(user: User, email: str) -> None:
    """Tell the packages above that an address was proven to be this person's. May be told twice.

    `settings.ADDRESS_VERIFIED` names functions that take the person and the address, because this
    package knows nothing of rosters. Runs in the caller's transaction.
    """
    for name in settings.ADDRESS_VERIFIED:
        told: Callable[[User, str], None] = import_string(name)
        told(user, email)


class Adapter(DefaultAccountAdapter):
    """allauth's own behaviour, with our post, our addresses and our words."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "This address and this password do not belong together.",
        "incorrect_code": "That is not the code. Look at the newest message; you have three attempts.",
        "incorrect_password": "That is not your password.",
        "enter_current_password": "That is not your password.",
        "max_email_addresses": "You have %d addresses, which is the most that one account can have.",
        "duplicate_email": "You have this address already.",
        "rate_limited": "That was a lot of attempts. Wait ten minutes, then try again.",
        "too_many_login_attempts": "That was a lot of attempts. Wait ten minutes, then try again.",
    }

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write allauth's message into the outbox; it never leaves within a request.

        Whether the address is known or not, exactly one row is written, so that an answer takes the
        same way. The body holds codes and is forgotten as soon as it has been sent.
        """
        surroundings = {
            "email": email,
            "site_name": settings.SITE_NAME,
            "site_url": settings.SITE_URL,
            "onward": self.onward(),
            "current_site": SimpleNamespace(
                name=settings.SITE_NAME, domain=urlsplit(settings.SITE_URL).netloc
            ),
        }
        letter = self.render_mail(template_prefix, email, surroundings | context)
        code = str(context.get("code", ""))
        before, _, after = letter.body.partition(code) if code else (letter.body, "", "")
        told = {
            "subject": letter.subject,
            "body": letter.body,
            "before": before,
            "code": code,
            "after": after,
        }
        with transaction.atomic():
            outbox.tell(email, "account", told, urgency=Urgency.AT_ONCE)

    def onward(self) -> str:
        """The query that leads on, after signing in, to the page that the person was on their way to."""
        address = get_next_redirect_url(self.request) if self.request else None
        return f"?{urlencode({'next': address})}" if address else ""

    def clean_email(self, email: str) -> str:
        """Addresses are kept in lower case, so that one person is one row."""
        return email.strip().lower()

    def get_client_ip(self, request: HttpRequest) -> str:
        """Who calls; callers that come without an address, as through a socket, count as one."""
        return str(get_client_ip(request) or NO_ADDRESS)

    def save_user(self, request: HttpRequest, user: User, form: Form, commit: bool = True) -> User:
        """Save a new person with the name that they gave.

        Of two sign-ups with one address at the same moment, the second gets the answer of an
        address that is known: the same page, and a message to its owner.
        """
        user.name = form.cleaned_data.get("name", "") or user.name
        try:
            with transaction.atomic():
                saved: User = super().save_user(request, user, form, commit)
        except IntegrityError:
            known = form.cleaned_data["email"]
            raise ImmediateHttpResponse(prevent_enumeration(request, email=known)) from None
        return saved

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Mark an address as proven, and tell it in the same transaction."""
        with transaction.atomic():
            proven: bool = super().confirm_email(request, email_address)
            if proven:
                address_proven(email_address.user, email_address.email)
        return proven

    def post_login(self, request: HttpRequest, user: User, **how: Any) -> HttpResponse:
        """Tell the person's proven addresses again at each sign-in.

        Signing in by code and resetting a password prove an address, too, but call no method of the
        adapter; only a signal would tell, and this house uses none. Both end in a sign-in.
        """
        with transaction.atomic():
            for address in EmailAddress.objects.filter(user=user, verified=True):
                address_proven(user, address.email)
        # allauth sweeps the person's sessions next, and gives those of an earlier SECRET_KEY another
        # session key, which their browsers do not know.
        seal_sessions_anew(user)
        response: HttpResponse = super().post_login(request, user, **how)
        return response


class SecondStepAdapter(DefaultMFAAdapter):
    """What proves the second step is encrypted in the database."""

    def encrypt(self, text: str) -> str:
        """See portal.vault."""
        return vault.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """See portal.vault. Refused, and told to the operators, where a key was taken away too early."""
        try:
            return vault.decrypt(encrypted_text)
        except vault.NoKeyFits as problem:
            log.error(
                "A second step cannot be checked: put the key that was taken away from FIELD_KEYS or "
                "SECRET_KEY_FALLBACKS back, and run rotate_secrets before it goes."
            )
            raise Refused(CANNOT_BE_CHECKED) from problem


class SocialAdapter(DefaultSocialAccountAdapter):
    """Sign-in through ORCID or OpenID Connect."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """A provider's word for an address is not our verification: it is proven by a code to it."""
        for address in sociallogin.email_addresses:
            address.verified = False
            address.email = address.email.lower()

    def populate_user(
        self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]
    ) -> User:
        """A suggested person: the address in lower case and one name instead of two."""
        user: User = super().populate_user(request, sociallogin, data)
        user.email = user.email.strip().lower()
        parts = (data.get("first_name"), data.get("last_name"))
        user.name = clean_name(data.get("name") or " ".join(part for part in parts if part))[:150]
        return user
