"""What a lead could do next, in one sentence that leads there, for the message after each step."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from campaigns.models import Campaign
from campaigns.states import CampaignState
from campaigns.verbs.campaigns import missing


def done(request: HttpRequest, campaign: Campaign, words: str) -> None:
    """Say what was done, and what comes next."""
    messages.success(request, format_html("{} {}", words, and_next(campaign)))


def and_next(campaign: Campaign) -> str:
    """While a campaign is set up: a way to the first thing that it still lacks, or to its start."""
    if campaign.state != CampaignState.DRAFT:
        return ""
    lacks = lacking(campaign)
    if not lacks:
        start = reverse("campaigns:start_page", args=[campaign.slug])
        return format_html('Nothing is missing: <a href="{}">the campaign can start</a>.', start)
    return format_html('Next: <a href="{url}">{words}</a>', **lacks[0])


def lacking(campaign: Campaign) -> list[dict[str, str]]:
    """What the campaign needs before it can start: part, words, and the address where it is mended."""
    return [
        {
            "part": lack.part,
            "words": lack.words,
            "url": reverse(f"campaigns:{lack.part}", args=[campaign.slug]),
        }
        for lack in missing(campaign)
    ]
