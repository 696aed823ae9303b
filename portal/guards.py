"""What stands before the doors: policies for browsers, the weight of a request, crowds from one network."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from portal import access

GetResponse = Callable[[HttpRequest], HttpResponseBase]

#: What may come of an answer that is no page: nothing. A browser that opens it by itself runs none of it.
NO_PAGE = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"

#: The longest query string. A page with every filter set stays far below.
MOST_CHARACTERS = 8_000


class Policies:
    """Tells browsers what they may do with an answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.permissions = ", ".join(
            f"{feature}=({whom})" for feature, whom in settings.PERMISSIONS_POLICY.items()
        )

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the policies that Django and django-csp do not set."""
        response = self.get_response(request)
        response["Permissions-Policy"] = self.permissions
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        response["X-Permitted-Cross-Domain-Policies"] = "none"
        if not response.get("Content-Type", "").startswith("text/html"):
            # Stands before django-csp's own policy, which is one for pages.
            response["Content-Security-Policy"] = NO_PAGE
        return response


class Addresses:
    """Refuses addresses that no page makes: with a NUL, which no database compares with, or far too long."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer as the view does, or with 400."""
        query = request.META.get("QUERY_STRING", "")
        if "\x00" in request.path_info or "%00" in query:
            raise SuspiciousOperation("a NUL in the address")
        if len(query) > MOST_CHARACTERS:
            raise SuspiciousOperation("too long an address")
        return self.get_response(request)


class Weight:
    """Refuses a request that is heavier than its URL takes, before a byte of its body is read."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer as the view does."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """None to go on; else 413 in words. Only who may use a door may send it a large file."""
        match = request.resolver_match
        row = access.row_named(match.view_name) if match else None
        most = row.takes if row is not None else access.FORM_BYTES
        if weight_of(request) <= access.FORM_BYTES:
            return None
        if row is not None and row.role is not None and not request.user.is_authenticated:
            return _ask_to_sign_in(request, row)
        if weight_of(request) <= most:
            return None
        context = {"most": most}
        return render(request, "portal/too_heavy.html", context, status=413)


def _ask_to_sign_in(request: HttpRequest, row: access.Row) -> HttpResponse:
    """The sign-in page. Where a form with a file was sent, it leads back to that form and says what to do.

    Nothing of it was read, so nothing of it can be kept as lighter forms are; the browser still has it.
    """
    match = request.resolver_match
    if match is None or not row.keeps:
        return redirect_to_login(request.get_full_path())
    messages.warning(
        request,
        "You had been signed out, so your file and what you typed with it were not taken. Sign in, then "
        "use your browser’s Back button to return to what you typed, and send it again.",
    )
    return redirect_to_login(reverse(row.keeps, kwargs=match.kwargs))


def weight_of(request: HttpRequest) -> int:
    """How many bytes a request says that it brings. Django reads no more than that."""
    said = request.META.get("CONTENT_LENGTH") or "0"
    return int(said) if said.isascii() and said.isdigit() else 0


class Crowds:
    """Counts attempts to sign in or up by network, where one address alone would stay under its limit."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer as the view does."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """None to go on; else 429."""
        match = request.resolver_match
        if request.method != "POST" or match is None or request.user.is_authenticated:
            return None
        if not match.view_name.startswith(access.FOREIGN):
            return None
        network = network_of(get_adapter().get_client_ip(request))
        answer: HttpResponse | None = ratelimit.consume_or_429(
            request, action="network", key=network
        )
        return answer


def network_of(ip: str) -> str:
    """The network that one owner is likely to hold: 256 addresses of IPv4, a site's /48 of IPv6."""
    address = ipaddress.ip_address(ip)
    prefix = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))
