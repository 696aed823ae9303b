"""The states of this package's things, and the legal moves between them."""

from __future__ import annotations

from django.db import models

from portal.states import moves


class CampaignState(models.TextChoices):
    """A campaign is set up, runs, and ends."""

    DRAFT = "draft", "being set up"
    RUNNING = "running", "running"
    ENDED = "ended", "ended"


CAMPAIGN_MOVES = moves(
    {
        "start_campaign": ((CampaignState.DRAFT,), CampaignState.RUNNING),
        "end_campaign": ((CampaignState.RUNNING,), CampaignState.ENDED),
    }
)


class PhaseState(models.TextChoices):
    """Whether the clock has opened a phase. That it is over follows from its closing time alone."""

    PLANNED = "planned", "planned"
    OPENED = "opened", "opened"


PHASE_MOVES = moves({"open_phase": ((PhaseState.PLANNED,), PhaseState.OPENED)})


class RequestState(models.TextChoices):
    """What became of a person's request to be added to a society's roster."""

    ASKED = "asked", "waiting for an answer"
    ACCEPTED = "accepted", "accepted"
    REFUSED = "refused", "refused"


REQUEST_MOVES = moves(
    {
        "accept_request": ((RequestState.ASKED,), RequestState.ACCEPTED),
        "refuse_request": ((RequestState.ASKED,), RequestState.REFUSED),
    }
)
