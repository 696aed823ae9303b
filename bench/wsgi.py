"""The product's application, and beside it, in the same server, two bare views. For measuring only.

Under /bare/ they have no middleware around them; under /behind/ they stand behind the product's own, for whoever
has signed in, like every page that a member or a coordinator opens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from portal.wsgi import application as product

# isort: split
# What follows needs the settings that the application has read.
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.core.signals import request_finished, request_started
from django.urls import path

from bench import views
from portal import access, urls

BARE = {"/bare/insert/": views.insert, "/bare/update/": views.update}
urls.urlpatterns[:0] = [
    path("behind/insert/", views.insert, name="behind_insert"),
    path("behind/update/", views.update, name="behind_update"),
]
ROWS = {name: access.Row(access.SIGNED_IN) for name in ("behind_insert", "behind_update")}
settings.ACCESS_TABLES = [*settings.ACCESS_TABLES, "bench.wsgi.ROWS"]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A bare view with Django's request, response and signals, and nothing else; or the product."""
    view = BARE.get(environ["PATH_INFO"])
    if view is None:
        return product(environ, start_response)
    request_started.send(sender=None, environ=environ)
    response = view(WSGIRequest(environ))
    start_response("200 OK", [(name, value) for name, value in response.items()])
    request_finished.send(sender=None)
    return [response.content]
