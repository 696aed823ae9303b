"""Keys for a partner's own programs: the list, a new one, and its end."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from portal import access
from portal.links import absolute
from stories.forms.tokens import TokenForm
from stories.models import PartnerToken
from stories.verbs import tokens as verbs


@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The officer's own keys. POST makes one, which this answer alone shows."""
    user = access.person(request)
    made = ""
    form = TokenForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        made = verbs.make_token(
            by=user, officer=form.cleaned_data["officer"], name=form.cleaned_data["name"]
        )
        form = TokenForm(user=user)
    context = {
        "tokens": access.rows(request, PartnerToken)
        .select_related("officer__partner")
        .order_by("-pk"),
        "form": form,
        "made": made,
        "api_url": absolute(reverse("stories:api:api-root")),
        "openapi_url": reverse("stories:api:openapi-json"),
    }
    return render(
        request, "stories/partner/tokens.html", context, status=400 if form.errors else 200
    )


@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """End a key."""
    token = access.fetch(request, PartnerToken, pk=pk)
    verbs.revoke_token(by=access.person(request), token=token)
    messages.success(request, f"“{token.name}” is revoked. Programs that use it are turned away.")
    return redirect("stories:tokens")
