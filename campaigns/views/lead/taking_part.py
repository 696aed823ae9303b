"""Who takes part in a campaign: partners, societies, and the people who lead it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.forms.taking_part import LeadForm, PartnerForm, SocietyForm
from campaigns.models import Campaign
from campaigns.states import CampaignState
from campaigns.verbs import taking_part as verbs
from campaigns.views.lead.next_steps import done
from campaigns.views.refusing import show_refusal
from portal import access
from portal.errors import Refused, TooLate
from portal.tallies import tally_of


@require_http_methods(["GET", "HEAD", "POST"])
def partners(request: HttpRequest, slug: str) -> HttpResponse:
    """The partners, which of them leads, and a form for one more."""
    campaign = access.fetch(request, Campaign, slug=slug)
    form = PartnerForm(request.POST or None, campaign=campaign)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            verbs.add_partner(by=access.person(request), campaign=campaign, **form.cleaned_data)
        except (Refused, TooLate) as refusal:
            status = show_refusal(form, refusal)
        else:
            name = form.cleaned_data["partner"].name
            asked = (
                ""
                if campaign.state == CampaignState.DRAFT
                else " Authors whose consent does not cover it yet are asked once, by e-mail, within "
                "minutes; what is covered already goes into its first batch."
            )
            done(request, campaign, f"{name} takes part.{asked}")
            return redirect("campaigns:partners", slug)
    context = {
        "campaign": campaign,
        "form": form,
        "partnerships": campaign.partnerships.select_related("partner").order_by("pk"),
        "is_draft": campaign.state == CampaignState.DRAFT,
        # Which of them have told a story this package does not know: it is at most all.
        "may_be_asked": tally_of(campaign.participations.all()).of("member"),
    }
    return render(request, "campaigns/lead/partners.html", context, status=status)


@require_POST
def lead_partner(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Say that this partner leads."""
    campaign = access.fetch(request, Campaign, slug=slug)
    partnership = get_object_or_404(campaign.partnerships.select_related("partner"), pk=pk)
    verbs.set_leading_partner(by=access.person(request), partnership=partnership)
    done(request, campaign, f"{partnership.partner} now leads.")
    return redirect("campaigns:partners", slug)


@require_POST
def remove_partner(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take a partner out of a campaign that has not started."""
    campaign = access.fetch(request, Campaign, slug=slug)
    partnership = get_object_or_404(campaign.partnerships.select_related("partner"), pk=pk)
    verbs.remove_partner(by=access.person(request), partnership=partnership)
    done(request, campaign, f"{partnership.partner} is removed.")
    return redirect("campaigns:partners", slug)


@require_http_methods(["GET", "HEAD", "POST"])
def societies(request: HttpRequest, slug: str) -> HttpResponse:
    """The societies whose members are asked, and a form for one more."""
    campaign = access.fetch(request, Campaign, slug=slug)
    form = SocietyForm(request.POST or None, campaign=campaign)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            verbs.add_society(by=access.person(request), campaign=campaign, **form.cleaned_data)
        except (Refused, TooLate) as refusal:
            status = show_refusal(form, refusal)
        else:
            name = form.cleaned_data["society"].name
            done(request, campaign, f"{name} takes part, and its coordinators are told.")
            return redirect("campaigns:societies", slug)
    context = {"campaign": campaign, "form": form, "societies": campaign.societies.order_by("name")}
    return render(request, "campaigns/lead/societies.html", context, status=status)


@require_POST
def remove_society(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Ask a society's members no more."""
    campaign = access.fetch(request, Campaign, slug=slug)
    society = get_object_or_404(campaign.societies, pk=pk)
    verbs.remove_society(by=access.person(request), campaign=campaign, society=society)
    done(request, campaign, f"{society.name} takes part no more; who had joined stays.")
    return redirect("campaigns:societies", slug)


@require_http_methods(["GET", "HEAD", "POST"])
def leads(request: HttpRequest, slug: str) -> HttpResponse:
    """The people who lead, and a form for one more."""
    campaign = access.fetch(request, Campaign, slug=slug)
    form = LeadForm(request.POST or None, campaign=campaign)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            verbs.add_lead(by=access.person(request), campaign=campaign, **form.cleaned_data)
        except (Refused, TooLate) as refusal:
            status = show_refusal(form, refusal)
        else:
            messages.success(request, f"{form.cleaned_data['person']} now leads, too, and is told.")
            return redirect("campaigns:leads", slug)
    context = {
        "campaign": campaign,
        "form": form,
        "leads": campaign.leads.order_by("name", "email"),
    }
    return render(request, "campaigns/lead/leads.html", context, status=status)


@require_POST
def remove_lead(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take a person out of the lead."""
    campaign = access.fetch(request, Campaign, slug=slug)
    person = get_object_or_404(campaign.leads, pk=pk)
    me = access.person(request)
    verbs.remove_lead(by=me, campaign=campaign, person=person)
    messages.success(request, f"{person} does not lead “{campaign.name}” any more.")
    return redirect("campaigns:lead") if person == me else redirect("campaigns:leads", slug)
