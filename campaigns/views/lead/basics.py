"""A campaign's basics, its rhythm and its consent text."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from campaigns.forms.campaigns import BasicsForm, RhythmForm
from campaigns.forms.taking_part import ConsentTextForm
from campaigns.models import Campaign
from campaigns.rules.clocks import in_words
from campaigns.rules.rhythm import next_moment
from campaigns.verbs import campaigns as verbs
from campaigns.verbs.consent_texts import publish_consent_text
from campaigns.views.lead.next_steps import done
from campaigns.views.refusing import show_refusal
from portal import access
from portal.errors import Refused, TooLate


@require_http_methods(["GET", "HEAD", "POST"])
def basics(request: HttpRequest, slug: str) -> HttpResponse:
    """Name, summary, brief, basis, time zone, how long consent lasts."""
    campaign = access.fetch(request, Campaign, slug=slug)
    form = BasicsForm(request.POST or None, instance=campaign)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            saved = verbs.update_campaign(
                by=access.person(request), campaign=campaign, **form.cleaned_data
            )
        except (Refused, TooLate) as refusal:
            status = show_refusal(form, refusal)
        else:
            done(request, saved, "The basics are saved.")
            return redirect("campaigns:setup", slug)
    # What was typed lies on the form's own instance; the page's head shows what is stored.
    stored = access.fetch(request, Campaign, slug=slug)
    return render(
        request, "campaigns/lead/basics.html", {"campaign": stored, "form": form}, status=status
    )


@require_http_methods(["GET", "HEAD", "POST"])
def rhythm(request: HttpRequest, slug: str) -> HttpResponse:
    """When open batches are sealed by the clock."""
    campaign = access.fetch(request, Campaign, slug=slug)
    form = RhythmForm(request.POST or None, campaign=campaign)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            saved = verbs.change_rhythm(
                by=access.person(request), campaign=campaign, **form.cleaned_data
            )
        except (Refused, TooLate) as refusal:
            status = show_refusal(form, refusal)
        else:
            done(request, saved, _next_sealing(saved))
            return redirect("campaigns:setup", slug)
    context = {"campaign": campaign, "form": form}
    return render(request, "campaigns/lead/rhythm.html", context, status=status)


def _next_sealing(campaign: Campaign) -> str:
    at = next_moment(
        campaign.rhythm,
        campaign.rhythm_weekday,
        campaign.rhythm_hour,
        campaign.time_zone,
        timezone.now(),
    )
    if at is None:
        return "Batches are sealed only when you seal them."
    return f"The next sealing is on {in_words(at, campaign.time_zone)}."


@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: HttpRequest, slug: str) -> HttpResponse:
    """The wording that authors agree to, and a form for its next version."""
    campaign = access.fetch(request, Campaign, slug=slug)
    versions = list(campaign.consent_texts.select_related("created_by"))
    initial = {"text": versions[0].text} if versions else None
    form = ConsentTextForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            made = publish_consent_text(
                by=access.person(request), campaign=campaign, **form.cleaned_data
            )
        except (Refused, TooLate) as refusal:
            status = show_refusal(form, refusal)
        else:
            done(
                request,
                campaign,
                f"Version {made.version} is in force for consents given from now on.",
            )
            return redirect("campaigns:consent", slug)
    context = {"campaign": campaign, "form": form, "versions": versions}
    return render(request, "campaigns/lead/consent.html", context, status=status)
