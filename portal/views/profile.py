"""A person's own page: name, addresses, and the means to sign in."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import get_adapter as get_social_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal import people, personal
from portal.access import person
from portal.forms import NameForm


@require_safe
def profile(request: HttpRequest) -> HttpResponse:
    """Everything the account knows about its person."""
    return _page(request, NameForm(initial={"name": person(request).name}))


@require_POST
def rename(request: HttpRequest) -> HttpResponse:
    """Change the name that is shown."""
    form = NameForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    people.rename(by=person(request), name=form.cleaned_data["name"])
    messages.success(request, "Your name is saved.")
    return redirect("profile")


@require_safe
def own_data(request: HttpRequest) -> JsonResponse:
    """Everything that is kept about the person who asks, as a file to download."""
    kept = personal.everything(person(request))
    response = JsonResponse(kept, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="what-is-kept-about-me.json"'
    return response


def _page(request: HttpRequest, form: NameForm, status: int = 200) -> HttpResponse:
    user = person(request)
    kinds = [row.type for row in Authenticator.objects.filter(user=user)]
    context = {
        "form": form,
        "addresses": EmailAddress.objects.filter(user=user).order_by("-primary", "email"),
        "has_app": Authenticator.Type.TOTP in kinds,
        "passkeys": kinds.count(Authenticator.Type.WEBAUTHN),
        "has_password": user.has_usable_password(),
        "providers": bool(get_social_adapter().list_providers(request)),
    }
    return render(request, "portal/profile.html", context, status=status)
