"""The public keys of sealed batches, at an address that does not change."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal import signing
from portal.links import absolute
from portal.models import PublishedKey


@require_safe
def signing_keys(request: HttpRequest) -> JsonResponse:
    """Every key that batches were ever signed with, the newest first."""
    current = signing.publish()
    keys = [
        {
            "key_id": key.key_id,
            "algorithm": "Ed25519",
            "since": key.since.isoformat(),
            "current": key.pk == current.pk,
            "url": absolute(reverse("signing_key", args=[key.key_id])),
        }
        for key in PublishedKey.objects.order_by("-since", "key_id")
    ]
    return JsonResponse({"keys": keys})


@require_safe
def signing_key(request: HttpRequest, key_id: str) -> HttpResponse:
    """One public key as PEM."""
    signing.publish()
    key = PublishedKey.objects.filter(key_id=key_id).first()
    if key is None:
        raise Http404
    return HttpResponse(key.pem, content_type="application/x-pem-file")
