"""The lead's stories: what is approved, read exactly as one partner may have it."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from campaigns.models import Campaign, Partner
from portal import access
from portal.paging import page
from portal.tallies import tally_of
from stories.forms.library import USE_LABELS, LeadFilter
from stories.models import Consent, Story
from stories.rules.formats.lines import disclosed_under
from stories.verbs.batching import today_in
from stories.views.batches import as_read


@require_safe
def lead_stories(request: HttpRequest, slug: str) -> HttpResponse:
    """The approved stories that one partner may have; the leading one unless another is chosen."""
    campaign = access.fetch(request, Campaign, slug=slug)
    partners = partners_of(campaign)
    form = LeadFilter(request.GET, partners=partners)
    partner = form.asked().get("partner") or partners.first()
    consents: QuerySet[Consent] = Consent.objects.none()
    if partner is not None:
        form.initial["partner"] = partner.slug
        consents = form.narrow(readable(campaign, partner))
    words = form.words
    found = page(request, as_read(consents), ("story_id",), search=words or None)
    user = access.person(request)
    return render(
        request,
        "stories/lead/stories.html",
        {
            "campaign": campaign,
            "partner": partner,
            "form": form,
            "page": found,
            "stories": [
                (consent, disclosed_under(consent, revision, consent.story))
                for consent in found.rows
                if (revision := consent.story.approved_revision) is not None
            ],
            "count": words.tallies({"found": consents}, user)["found"]
            if words
            else tally_of(consents),
        },
    )


def partners_of(campaign: Campaign) -> QuerySet[Partner]:
    """The campaign's partners, the leading one first."""
    return Partner.objects.filter(partnerships__campaign=campaign).order_by(
        "-partnerships__leads", "name"
    )


def readable(campaign: Campaign, partner: Partner) -> QuerySet[Consent]:
    """The consents under which a lead reads the campaign's approved stories for one partner."""
    return Consent.objects.readable_for(campaign.pk, partner.pk, today_in(campaign))


@require_safe
def lead_story(request: HttpRequest, ref: UUID) -> HttpResponse:
    """One approved story as the chosen partner may have it; without a permission there is none to read."""
    story = access.fetch(request, Story, ref=ref)
    consents = as_read(
        Consent.objects.live()
        .filter(story=story, partner__isnull=False, until__gte=today_in(story.campaign))
        .select_related("partner")
        .order_by("partner__name")
    )
    chosen = chosen_of(request, list(consents))
    revision = story.approved_revision
    if revision is None:
        raise Http404
    read = disclosed_under(chosen, revision, story) if chosen else None
    return render(
        request,
        "stories/lead/story.html",
        {
            "campaign": story.campaign,
            "consents": consents,
            "consent": chosen,
            "story": read,
            "uses": [(label, use in read.uses) for use, label in USE_LABELS.items()]
            if read
            else [],
            "items": story.items.filter(partner=chosen.partner_id).select_related("batch")
            if chosen
            else [],
        },
    )


def chosen_of(request: HttpRequest, consents: list[Consent]) -> Consent | None:
    """The consent of the partner that the address names, else the first."""
    wanted = request.GET.get("partner", "")
    named = [line for line in consents if line.partner and line.partner.slug == wanted]
    if wanted and not named:
        return None
    return next(iter(named or consents), None)


@require_safe
def lead_photo(request: HttpRequest, ref: UUID, partner: str) -> FileResponse:
    """The picture of an approved story, where this partner may have it."""
    story = access.fetch(request, Story, ref=ref)
    consent = (
        as_read(Consent.objects.live())
        .filter(story=story, partner__slug=partner, until__gte=today_in(story.campaign))
        .first()
    )
    revision = story.approved_revision
    if consent is None or revision is None or revision.photo is None:
        raise Http404
    if disclosed_under(consent, revision, story).photo is None:
        raise Http404
    response = FileResponse(revision.photo.file.open("rb"), content_type="image/jpeg")
    response["X-Content-Type-Options"] = "nosniff"
    return response
