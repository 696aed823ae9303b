"""The demonstration: its cast, who signs in with one click, and everybody's mail.

Open only where settings.DEMO is on, which settings allow on this machine's own localhost alone.
"""

from __future__ import annotations

from email.message import EmailMessage

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from portal import demo_mail
from portal.models import User

LIST_LENGTH = 100
#: A letter's HTML brings its own styles; it may do nothing but open links.
LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; "
    "sandbox allow-popups allow-top-navigation-by-user-activation"
)


def demand_demo() -> None:
    """404 wherever this is not the demonstration."""
    if not settings.DEMO:
        raise Http404


@require_safe
def cast(request: HttpRequest) -> HttpResponse:
    """Who is who, what to try as them, and a button to become them."""
    demand_demo()
    return render(request, "portal/demo/cast.html", {"groups": demo_mail.cast_by_role()})


@require_POST
def sign_in_as(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the cast, and nobody else, without a code."""
    demand_demo()
    address = request.POST.get("email", "").lower()
    person = next((person for person in demo_mail.cast() if person.email == address), None)
    user = User.objects.filter(email=address, is_active=True).first()
    if person is None or user is None:
        raise Http404
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    UserSession.objects.create_from_request(request)
    messages.success(request, f"You are now {user}, {person.role}. {person.tries}")
    allowed = url_has_allowed_host_and_scheme(person.url, allowed_hosts=None)
    return redirect(person.url if allowed else "home")


@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """Everybody's mail, newest first; `?to=` shows one person's box."""
    demand_demo()
    found = demo_mail.letters()
    to = request.GET.get("to", "").lower()
    names = {person.email: person.name for person in demo_mail.cast()}
    boxes = [
        (address, names.get(address, ""), count) for address, count in demo_mail.mailboxes(found)
    ]
    boxes.sort(key=lambda box: not box[1])
    shown = [letter for letter in found if not to or letter.to == to]
    context = {
        "letters": shown[:LIST_LENGTH],
        "more": max(0, len(shown) - LIST_LENGTH),
        "boxes": boxes[:40],
        "to": to,
        "to_name": names.get(to, to),
    }
    return render(request, "portal/demo/mail.html", context)


@require_safe
def message(request: HttpRequest, name: str) -> HttpResponse:
    """One message as text, with its links to follow."""
    demand_demo()
    letter, wire = _found(name)
    context = {
        "letter": letter,
        "text": demo_mail.part(wire, "plain"),
        "has_html": bool(demo_mail.part(wire, "html")),
        "sender": str(wire["From"]),
    }
    return render(request, "portal/demo/message.html", context)


@require_safe
def message_html(request: HttpRequest, name: str) -> HttpResponse:
    """One message's HTML part, alone in a sandbox without scripts, as a mail program would show it."""
    demand_demo()
    _, wire = _found(name)
    html = demo_mail.part(wire, "html")
    if not html:
        raise Http404
    return HttpResponse(html, headers={"Content-Security-Policy": LETTER_POLICY})


def _found(name: str) -> tuple[demo_mail.Letter, EmailMessage]:
    found = demo_mail.read(name)
    if found is None:
        raise Http404
    return found
