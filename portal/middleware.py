"""What happens around every request: its id, its permission row, and refusals told in words."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from portal import access, kept, logs
from portal.errors import Refused, TooLate
from portal.models import User
from portal.refusals import back_url, long_texts, page_above
from portal.signed_in import has_second_step

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class RequestId:
    """Gives each request an id that log lines, audit lines and the answer carry."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the id in a header."""
        own = uuid.uuid4().hex
        setattr(request, "request_id", own)  # noqa: B010 (HttpRequest does not declare it)
        token = logs.request_id.set(own)
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = own
            return response
        finally:
            logs.request_id.reset(token)


#: Where an answer may not tell, not even by its time, whether an address is known.
EVEN = frozenset({"account_signup", "account_request_login_code", "account_reset_password"})


class EvenAnswers:
    """Holds the answers of these forms back until all of them have taken the same time."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer as the view does, not before settings.EVEN_ANSWER_SECONDS have passed."""
        if request.method != "POST":
            return self.get_response(request)
        began = time.monotonic()
        response = self.get_response(request)
        match = request.resolver_match
        if match is not None and match.view_name in EVEN:
            time.sleep(max(0.0, began + settings.EVEN_ANSWER_SECONDS - time.monotonic()))
        return response


class Access:
    """Holds every URL against its row of the permission table before the view runs."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and keep what signed-in people read out of caches."""
        response = self.get_response(request)
        # An answer that says itself how it may be kept is not asked for its reader: where the database
        # is away, asking would hold it up.
        if "Cache-Control" not in response and request.user.is_authenticated:
            # Nothing that a signed-in person reads may linger in a shared cache or behind "back".
            response["Cache-Control"] = "no-store, private"
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """None to go on to the view; else the sign-in page, the second factor's set-up, or a refusal."""
        match = request.resolver_match
        name = match.view_name if match else ""
        if name.startswith(access.FOREIGN):
            return None
        row = access.row_named(name)
        if row is None:
            raise PermissionDenied(f"The URL {name!r} has no row in the permission table.")
        if row.role is None or row.by_token:
            return None
        if not isinstance(request.user, User):
            return _ask_to_sign_in(request)
        if not row.role.holds(request.user):
            if row.see is not None and kwargs:
                raise Http404
            raise PermissionDenied
        if row.role.trusted and settings.DEMAND_SECOND_FACTOR and not has_second_step(request.user):
            return _ask_for_second_step(request)
        return None


def _ask_for_second_step(request: HttpRequest) -> HttpResponse:
    """The second step's set-up, which knows where the person wanted to go."""
    messages.info(
        request,
        "Your role handles other people’s stories, so it needs a second step at sign-in. "
        "Set up an authenticator app or a passkey here, then carry on.",
    )
    safe = request.method in {"GET", "HEAD"}
    request.session["carry_on_at"] = request.get_full_path() if safe else reverse("home")
    return redirect("mfa_index")


def _ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page, which leads back here; whoever had typed a text gets it back first."""
    if getattr(request, "htmx", None):
        return HttpResponse(status=401)
    if request.method in {"GET", "HEAD"}:
        return redirect_to_login(request.get_full_path())
    if path := kept.keep(request):
        messages.info(request, "You had been signed out. What you typed is kept: sign in to go on.")
        return redirect_to_login(path)
    way_back = back_url(request) or reverse("home")
    if typed := long_texts(request):
        context = {"typed": typed, "way_back": way_back}
        return render(request, "portal/signed_out.html", context, status=403)
    return redirect_to_login(way_back)


class Refusals:
    """Tells what a verb refused in words: 409 where it is too late, 400 where it breaks a rule."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer as the view does; a verb's address that was opened like a page gets words."""
        response = self.get_response(request)
        if response.status_code == 405 and request.method == "GET":
            allowed = response["Allow"]
            above = {"above": page_above(request.path)}
            response = render(request, "portal/verb_only.html", above, status=405)
            response["Allow"] = allowed
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A page for TooLate and Refused; every other exception goes on."""
        if isinstance(exception, TooLate):
            return _refusal(request, "portal/too_late.html", exception, status=409)
        if isinstance(exception, Refused):
            return _refusal(request, "portal/refused.html", exception, status=400)
        return None


def _refusal(
    request: HttpRequest, template: str, refused: TooLate | Refused, *, status: int
) -> HttpResponse:
    """The page of a refusal, with what was typed and the way back."""
    context = {
        "words": str(refused),
        "typed": long_texts(request),
        "back_url": back_url(request),
    }
    response = render(request, template, context, status=status)
    if getattr(request, "htmx", None):
        # A whole page must not end up inside the part that asked.
        response["HX-Retarget"] = "body"
        response["HX-Reswap"] = "innerHTML show:top"
    return response
