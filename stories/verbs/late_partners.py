"""A partner that joined late: it receives what authors allowed later partners; the other authors are asked."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from campaigns.models import CampaignPartner
from campaigns.states import CampaignState
from portal import audit, outbox
from portal.models import Job
from portal.work import advance
from stories.models import Story
from stories.verbs.consenting import extend_to_late_partner

#: Stories looked at before the job's place is kept.
CHUNK = 100


def told_before(partnership: CampaignPartner) -> QuerySet[Story]:
    """The stories that were submitted before the partner joined, so that their form did not show it."""
    return Story.objects.filter(
        campaign=partnership.campaign_id, submitted_at__lt=partnership.joined_at
    ).order_by("pk")


def start_asking() -> int:
    """For the clock: a job for each partner of a running campaign whose authors were not asked yet.

    Returns how many jobs there are. A partner that was there before the first story needs none.
    """
    fresh = CampaignPartner.objects.filter(
        authors_asked_at=None, campaign__state=CampaignState.RUNNING
    )
    started = 0
    for partnership in fresh.order_by("pk"):
        with transaction.atomic():
            count = told_before(partnership).count()
            if count == 0:
                mark_asked(partnership)
                continue
            outbox.start(
                "stories.ask_authors",
                key=f"ask-authors:{partnership.pk}",
                total=count,
                partnership=partnership.pk,
            )
            started += 1
    return started


def ask_authors(job: Job) -> None:
    """Work on such a job: story by story by key, resuming behind the last chunk that was done."""
    partnership = (
        CampaignPartner.objects.select_related("campaign", "partner")
        .filter(pk=job.arguments["partnership"])
        .first()
    )
    if partnership is None:
        return  # the partner left again
    while True:
        rest = told_before(partnership).filter(pk__gt=job.cursor.get("after", 0))
        chunk = list(rest.select_related("member__user")[:CHUNK])
        if not chunk:
            break
        for story in chunk:
            extend_to_late_partner(story=story, partnership=partnership)
        advance(job, cursor={"after": chunk[-1].pk}, done=len(chunk))
    with transaction.atomic():
        mark_asked(partnership)


def mark_asked(partnership: CampaignPartner) -> None:
    """Note that everybody was asked, once."""
    fresh = CampaignPartner.objects.filter(pk=partnership.pk, authors_asked_at=None).update(
        authors_asked_at=timezone.now()
    )
    if fresh:
        audit.record(None, "ask_authors", partnership, partner=partnership.partner_id)
