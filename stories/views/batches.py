"""The lead's batches: what would leave now, sealing it, and what became of what has left."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db.models import Count, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from campaigns.models import Campaign, CampaignPartner
from campaigns.querysets import counted
from campaigns.rules.rhythm import next_moment
from campaigns.states import CampaignState
from portal import access
from portal.models import Job
from portal.paging import page
from stories.models import Batch, Consent, Recall, Story
from stories.rules.formats.lines import disclosed, disclosed_under
from stories.states import BatchState, RecallState, StoryState
from stories.verbs import batching

LAST_DOWNLOADS = 50


@require_safe
def lead_campaigns(request: HttpRequest) -> HttpResponse:
    """The campaigns that a person leads, each with its approved stories and unanswered recalls."""
    approved = Story.objects.filter(campaign=OuterRef("pk"), state=StoryState.APPROVED)
    asked = Recall.objects.filter(item__batch__campaign=OuterRef("pk"), state=RecallState.ASKED)
    campaigns = access.rows(request, Campaign).annotate(
        approved=counted(approved, "campaign"), unanswered=counted(asked, "item__batch__campaign")
    )
    return render(
        request, "stories/lead/campaigns.html", {"page": page(request, campaigns, ("-id",))}
    )


@require_safe
def lead_batches(request: HttpRequest, slug: str) -> HttpResponse:
    """For each partner what would leave now; below it everything that was sealed, the newest first."""
    campaign = access.fetch(request, Campaign, slug=slug)
    partner = request.GET.get("partner", "")
    sealed = Batch.objects.sealed_of(campaign.pk)
    if partner:
        sealed = sealed.filter(partner__slug=partner)
    return render(
        request,
        "stories/lead/batches.html",
        {
            "campaign": campaign,
            "partnerships": due_by_partner(campaign),
            "next_moment": moment_of_rhythm(campaign),
            "page": page(request, with_counts(sealed), ("-sealed_at", "-id")),
            "partner": partner,
        },
    )


def due_by_partner(campaign: Campaign) -> list[tuple[CampaignPartner, int]]:
    """The campaign's partners, the leading one first, each with how many stories would leave now."""
    due = Consent.objects.due_in(campaign.pk, batching.today_in(campaign))
    counts = dict(due.values_list("partner").annotate(n=Count("pk", distinct=True)))
    ties = campaign.partnerships.select_related("partner").order_by("-leads", "partner__name")
    return [(tie, counts.get(tie.partner_id, 0)) for tie in ties]


def moment_of_rhythm(campaign: Campaign) -> object:
    """When the clock seals next; None where only the lead does, as in every campaign that has ended."""
    if campaign.state == CampaignState.ENDED:
        return None
    return next_moment(
        campaign.rhythm,
        campaign.rhythm_weekday,
        campaign.rhythm_hour,
        campaign.time_zone,
        timezone.now(),
    )


def with_counts(batches: QuerySet[Batch]) -> QuerySet[Batch]:
    """Batches with the number of recalls, and of those that wait for an answer."""
    asked = Recall.objects.asked().filter(item__batch=OuterRef("pk"))
    return batches.select_related("partner", "receipt").annotate(
        recalled=counted(asked, "item__batch"),
        unanswered=counted(asked.unanswered(), "item__batch"),
    )


@require_safe
def lead_next(request: HttpRequest, slug: str, partner: str) -> HttpResponse:
    """The open batch of one partner: the stories that would leave if it were sealed now, as permitted."""
    campaign = access.fetch(request, Campaign, slug=slug)
    tie = partnership(campaign, partner)
    due = Consent.objects.due_in(campaign.pk, batching.today_in(campaign)).filter(
        partner=tie.partner_id
    )
    found = page(request, as_read(due), ("story_id",))
    return render(
        request,
        "stories/lead/next.html",
        {
            "campaign": campaign,
            "partner": tie.partner,
            "count": due.count(),
            "page": found,
            "stories": [
                (consent, disclosed_under(consent, revision, consent.story))
                for consent in found.rows
                if (revision := consent.story.approved_revision) is not None
            ],
            "next_moment": moment_of_rhythm(campaign),
        },
    )


def as_read(consents: QuerySet[Consent]) -> QuerySet[Consent]:
    """Consents with what is shown of their stories, in one query."""
    return consents.select_related("story__approved_revision__photo", "text")


def partnership(campaign: Campaign, partner: str) -> CampaignPartner:
    """A partner of the campaign, by its slug."""
    tie = campaign.partnerships.select_related("partner").filter(partner__slug=partner).first()
    if tie is None:
        raise Http404
    return tie


@require_POST
def seal(request: HttpRequest, slug: str, partner: str) -> HttpResponse:
    """Seal the partner's open batch."""
    campaign = access.fetch(request, Campaign, slug=slug)
    tie = partnership(campaign, partner)
    batch = batching.seal(
        by=access.person(request),
        batch=batching.open_batch(campaign=campaign, partner=tie.partner),
    )
    stories = "1 story" if batch.count == 1 else f"{batch.count} stories"
    messages.success(
        request,
        f"Batch {batch.number} for {tie.partner} is sealed with {stories}. Its files are being built; "
        f"then {tie.partner} gets a link by e-mail.",
    )
    return redirect("stories:lead_batch", batch.ref)


@require_safe
def lead_batch(request: HttpRequest, ref: UUID) -> HttpResponse:
    """One sealed batch: its state, who fetched it, the receipt, its recalls and their answers, its stories."""
    batch = access.fetch(request, Batch, ref=ref)
    if batch.state == BatchState.OPEN:
        raise Http404
    job = None
    if batch.state == BatchState.SEALED and batch.closed_at is None:
        waits_for = "build" if batch.built_at is None else "deliver"
        job = Job.objects.filter(key=f"{waits_for}:{batch.pk}").first()
    if request.htmx:  # type: ignore[attr-defined]
        if job is not None and job.finished_at is None and job.failed_at is None:
            return render(request, "stories/lead/building.html", {"batch": batch, "job": job})
        # What was waited for is there: the whole page, not a part of it.
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    found = page(request, batch.items.in_full().select_related("recall"), ("position",))
    return render(
        request,
        "stories/lead/batch.html",
        {
            "batch": batch,
            "campaign": batch.campaign,
            "job": job,
            "delivery": batch.deliveries.filter(delivered_at__isnull=False).first(),
            "receipt": getattr(batch, "receipt", None),
            "downloads": batch.downloads.select_related("by", "item").order_by("-pk")[
                :LAST_DOWNLOADS
            ],
            "recalls": Recall.objects.filter(item__batch=batch)
            .select_related("item", "answered_by")
            .order_by("pk"),
            "page": found,
            "stories": [(item, disclosed(item)) for item in found.rows],
        },
    )
