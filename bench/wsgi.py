"""The product's application, and beside it, in the same server, bare views under /bare/. For measuring only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.core.signals import request_finished, request_started

from bench import views
from portal.wsgi import application as product

BARE = {"/bare/insert/": views.insert, "/bare/update/": views.update}


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
