"""The questions of a campaign's story form, and how they will look."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.forms.prompts import PreviewForm, PromptForm
from campaigns.models import Campaign
from campaigns.states import CampaignState
from campaigns.verbs import prompts as verbs
from campaigns.views.lead.next_steps import done
from campaigns.views.refusing import show_refusal
from portal import access
from portal.errors import Refused, TooLate
from portal.moves import too_late


@require_safe
def prompts(request: HttpRequest, slug: str) -> HttpResponse:
    """The questions in order, those that are retired, and the form as members will see it."""
    campaign = access.fetch(request, Campaign, slug=slug)
    every = list(campaign.prompts.all())
    asked = [prompt for prompt in every if prompt.retired_at is None]
    return render(
        request,
        "campaigns/lead/prompts.html",
        {
            "campaign": campaign,
            "prompts": asked,
            "retired": [prompt for prompt in every if prompt.retired_at],
            "preview": PreviewForm(asked),
            "is_draft": campaign.state == CampaignState.DRAFT,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def add_prompt(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask one more question. That the campaign has ended is told before anything is typed."""
    campaign = access.fetch(request, Campaign, slug=slug)
    if campaign.state == CampaignState.ENDED and request.method != "POST":
        raise TooLate(too_late(campaign))
    form = PromptForm(request.POST or None, campaign=campaign)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            verbs.add_prompt(by=access.person(request), campaign=campaign, **form.question())
        except (Refused, TooLate) as refusal:
            status = show_refusal(form, refusal)
        else:
            done(request, campaign, "The prompt is added.")
            return redirect("campaigns:prompts", slug)
    context = {"campaign": campaign, "form": form}
    return render(request, "campaigns/lead/prompt.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def change_prompt(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Reword a question."""
    campaign = access.fetch(request, Campaign, slug=slug)
    prompt = get_object_or_404(campaign.prompts, pk=pk)
    form = PromptForm(request.POST or None, campaign=campaign, prompt=prompt)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            verbs.change_prompt(by=access.person(request), prompt=prompt, **form.question())
        except (Refused, TooLate) as refusal:
            status = show_refusal(form, refusal)
        else:
            done(request, campaign, "The prompt is changed.")
            return redirect("campaigns:prompts", slug)
    context = {"campaign": campaign, "prompt": prompt, "form": form}
    return render(request, "campaigns/lead/prompt.html", context, status=status)


@require_POST
def move_prompt(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Ask a question one place earlier or later."""
    campaign = access.fetch(request, Campaign, slug=slug)
    prompt = get_object_or_404(campaign.prompts, pk=pk)
    verbs.move_prompt(by=access.person(request), prompt=prompt, up="up" in request.POST)
    return redirect("campaigns:prompts", slug)


@require_POST
def retire_prompt(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Ask a question no more."""
    campaign = access.fetch(request, Campaign, slug=slug)
    prompt = get_object_or_404(campaign.prompts, pk=pk)
    verbs.retire_prompt(by=access.person(request), prompt=prompt)
    messages.success(
        request, f"“{prompt.label}” is not asked any more. Stories keep the answers that they have."
    )
    return redirect("campaigns:prompts", slug)


@require_POST
def delete_prompt(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take a question out of a campaign that has not started."""
    campaign = access.fetch(request, Campaign, slug=slug)
    prompt = get_object_or_404(campaign.prompts, pk=pk)
    verbs.delete_prompt(by=access.person(request), prompt=prompt)
    done(request, campaign, f"“{prompt.label}” is removed.")
    return redirect("campaigns:prompts", slug)
