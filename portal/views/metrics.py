"""Prometheus' door: figures without a word about people, behind a token of its own."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from portal import measuring


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """All figures; 404 where METRICS_TOKEN is not set, 401 without it as the bearer token."""
    if not settings.METRICS_TOKEN:
        raise Http404
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not constant_time_compare(token, settings.METRICS_TOKEN):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(measuring.exposition(), content_type=CONTENT_TYPE_LATEST)
