"""Where a person is signed in, and signing out there."""

from __future__ import annotations

from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal import people
from portal.access import fetch, person, rows
from portal.signed_in import person_of

#: How browsers and systems name themselves, the more special first.
BROWSERS = (
    *(("Edg", "Edge"), ("OPR", "Opera"), ("SamsungBrowser", "Samsung Internet")),
    *(("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome")),
    ("Safari", "Safari"),
)
SYSTEMS = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows")),
    *(("Mac OS X", "a Mac"), ("CrOS", "a Chromebook"), ("Linux", "Linux")),
)
#: A person with more browsers than this ends them all at once.
MOST_SHOWN = 50


@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """The browsers that a person is signed in with, the newest first."""
    shown = [
        session
        for session in rows(request, UserSession).order_by("-created_at")[:MOST_SHOWN]
        if lives(session)
    ]
    lines = [
        {
            "session": session,
            "browser": browser_in_words(session.user_agent),
            "current": session.session_key == request.session.session_key,
        }
        for session in shown
    ]
    return render(request, "portal/sessions.html", {"lines": lines, "others": len(lines) > 1})


def lives(session: UserSession) -> bool:
    """Whether a browser is still signed in there; what is left of an ended session is swept away."""
    store = import_module(settings.SESSION_ENGINE).SessionStore(session.session_key)
    if person_of(store):
        return True
    session.delete()
    return False


@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign one browser out."""
    session = fetch(request, UserSession, pk=pk)
    if session.session_key == request.session.session_key:
        return _end_all(request, [session], "You are signed out.")
    people.end_sessions(by=person(request), sessions=[session])
    messages.success(request, "That browser is signed out.")
    return redirect("sessions")


@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    others = rows(request, UserSession).exclude(session_key=request.session.session_key)
    ended = people.end_sessions(by=person(request), sessions=others)
    words = f"{ended} other browsers are" if ended != 1 else "One other browser is"
    messages.success(request, f"{words} signed out. Only this one is still signed in.")
    return redirect("sessions")


@require_POST
def end_all_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere, here too."""
    return _end_all(request, list(rows(request, UserSession)), "You are signed out everywhere.")


def _end_all(request: HttpRequest, ended: list[UserSession], words: str) -> HttpResponse:
    people.end_sessions(by=person(request), sessions=ended)
    # The session of this request is gone from the database; what is left of it starts empty.
    logout(request)
    messages.success(request, words)
    return redirect("home")


def browser_in_words(user_agent: str) -> str:
    """ "Firefox on Windows", as far as a browser says so itself."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "A browser that does not say which"
