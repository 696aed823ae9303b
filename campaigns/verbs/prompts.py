"""The questions of a campaign's story form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Unpack

from django.db import transaction
from django.utils import timezone

from campaigns.models import Campaign, Prompt
from campaigns.states import CampaignState
from campaigns.verbs.campaigns import held, keep_whole
from portal import audit
from portal.errors import Refused, TooLate
from portal.models import User


class Question(TypedDict):
    """What a lead decides about a prompt."""

    kind: str
    label: str
    help_text: str
    required: bool
    least_words: int | None
    most_words: int | None
    choices: Sequence[str]


@transaction.atomic
def add_prompt(*, by: User, campaign: Campaign, **question: Unpack[Question]) -> Prompt:
    """Ask one more question, below the others."""
    fresh = held(campaign)
    last = fresh.prompts.order_by("-position").first()
    prompt = Prompt.objects.create(
        campaign=fresh, position=last.position + 1 if last else 1, **question
    )
    audit.record(by, "add_prompt", prompt, campaign=fresh.pk)
    return prompt


@transaction.atomic
def change_prompt(*, by: User, prompt: Prompt, **question: Unpack[Question]) -> None:
    """Reword a question. Its kind stays once the campaign has started: stories answer it."""
    campaign = held(prompt.campaign)
    fresh = _asked(prompt)
    if campaign.state != CampaignState.DRAFT and question["kind"] != fresh.kind:
        raise Refused(
            "The campaign has started, so the kind of answer stays. Retire this prompt and add a new one.",
            field="kind",
        )
    Prompt.objects.filter(pk=fresh.pk).update(**question)
    keep_whole(campaign, "prompts")
    audit.record(by, "change_prompt", fresh)


@transaction.atomic
def move_prompt(*, by: User, prompt: Prompt, up: bool) -> None:
    """Ask a question one place earlier or later; at either end nothing happens."""
    campaign = held(prompt.campaign)
    order = list(campaign.prompts.filter(retired_at=None).values_list("pk", flat=True))
    if prompt.pk not in order:
        raise TooLate("This prompt has been retired.")
    place = order.index(prompt.pk)
    other = place + (-1 if up else 1)
    if not 0 <= other < len(order):
        return
    order[place], order[other] = order[other], order[place]
    for position, pk in enumerate(order, start=1):
        Prompt.objects.filter(pk=pk).update(position=position)
    audit.record(by, "move_prompt", prompt, position=other + 1)


@transaction.atomic
def retire_prompt(*, by: User, prompt: Prompt) -> None:
    """Ask a question no more; stories that answered it keep the answer."""
    campaign = held(prompt.campaign)
    fresh = _asked(prompt)
    Prompt.objects.filter(pk=fresh.pk).update(retired_at=timezone.now())
    keep_whole(campaign, "prompts")
    audit.record(by, "retire_prompt", fresh)


@transaction.atomic
def delete_prompt(*, by: User, prompt: Prompt) -> None:
    """Take a question out while nobody can have answered it; TooLate once the campaign has started."""
    held(prompt.campaign, CampaignState.DRAFT)
    audit.record(by, "delete_prompt", prompt, campaign=prompt.campaign_id)
    gone, _ = Prompt.objects.filter(pk=prompt.pk).delete()
    if not gone:
        raise TooLate("This prompt is no longer there: somebody has removed it.")


def _asked(prompt: Prompt) -> Prompt:
    """The prompt as it stands in the database; TooLate where it is no longer asked."""
    fresh = Prompt.objects.select_for_update().filter(pk=prompt.pk).first()
    if fresh is None or fresh.retired_at:
        raise TooLate("This prompt is no longer asked: somebody has retired or removed it.")
    return fresh
