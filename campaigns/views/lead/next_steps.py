"""What a lead could do next, in one sentence, for the message after each step."""

from __future__ import annotations

from campaigns.models import Campaign
from campaigns.states import CampaignState
from campaigns.verbs.campaigns import missing


def and_next(campaign: Campaign) -> str:
    """While a campaign is set up: the first thing that it still lacks, or that it can start."""
    if campaign.state != CampaignState.DRAFT:
        return ""
    lacks = missing(campaign)
    if not lacks:
        return "Nothing is missing: the campaign can start."
    return f"Next: {lacks[0].words}"
