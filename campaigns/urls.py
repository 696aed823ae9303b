"""The addresses of societies, places and campaigns, one list a door."""

from __future__ import annotations

from django.urls import path

from campaigns.views import campaigns, invitations, notices, places, requests, rosters
from campaigns.views.lead import basics, overview, phases, prompts, taking_part

app_name = "campaigns"

place_urls = [
    path("me/places/", places.places, name="places"),
    path("me/places/save/", places.save_places, name="save_places"),
    path("places/institutions/", places.institutions, name="institutions"),
    path("places/zip/", places.zip_choices, name="zip_choices"),
]

roster_urls = [
    path("roster/", rosters.rosters, name="rosters"),
    path("roster/<slug:slug>/", rosters.roster, name="roster"),
    path("roster/<slug:slug>/import/", rosters.upload, name="upload_roster"),
    path("roster/<slug:slug>/import/send/", rosters.send_roster, name="send_roster"),
    path("roster/<slug:slug>/import/<int:pk>/", rosters.roster_import, name="roster_import"),
    path("roster/<slug:slug>/import/<int:pk>/columns/", rosters.set_columns, name="set_columns"),
    path(
        "roster/<slug:slug>/import/<int:pk>/confirm/", rosters.confirm_roster, name="confirm_roster"
    ),
    path(
        "roster/<slug:slug>/import/<int:pk>/discard/", rosters.discard_roster, name="discard_roster"
    ),
    path(
        "roster/<slug:slug>/import/<int:pk>/<slug:kind>.csv",
        rosters.roster_lines,
        name="roster_lines",
    ),
]

request_urls = [
    path("societies/", requests.societies, name="my_societies"),
    path("societies/ask/", requests.ask, name="ask_to_be_added"),
    path("requests/", requests.requests, name="requests"),
    path("requests/<int:pk>/accept/", requests.accept, name="accept_request"),
    path("requests/<int:pk>/refuse/", requests.refuse, name="refuse_request"),
    path("me/notices/", notices.notices, name="notices"),
    path("me/notices/save/", notices.save_notices, name="save_notices"),
]

campaign_urls = [
    path("campaigns/", campaigns.campaign_list, name="list"),
    path("campaigns/<slug:slug>/", campaigns.campaign, name="campaign"),
    path("campaigns/<slug:slug>/join/", campaigns.join, name="join"),
    path("campaigns/<slug:slug>/wish/", campaigns.wish, name="wish"),
    path("campaigns/<slug:slug>/unwish/", campaigns.unwish, name="unwish"),
]

invitation_urls = [
    path("i/<uuid:token>/<slug:slug>/", invitations.invitation, name="invitation"),
    path("unsubscribe/<uuid:token>/", invitations.unsubscribe, name="unsubscribe"),
    path("unsubscribe/<uuid:token>/undo/", invitations.resubscribe, name="resubscribe"),
]

lead_urls = [
    path("lead/", overview.lead_home, name="lead"),
    path("lead/new/", overview.new, name="new"),
    path("lead/<slug:slug>/", overview.setup, name="setup"),
    path("lead/<slug:slug>/reach/", overview.reach, name="reach"),
    path("lead/<slug:slug>/start/", overview.start_page, name="start_page"),
    path("lead/<slug:slug>/start/now/", overview.start, name="start"),
    path("lead/<slug:slug>/end/", overview.end_page, name="end_page"),
    path("lead/<slug:slug>/end/now/", overview.end, name="end"),
    path("lead/<slug:slug>/basics/", basics.basics, name="basics"),
    path("lead/<slug:slug>/rhythm/", basics.rhythm, name="rhythm"),
    path("lead/<slug:slug>/consent/", basics.consent, name="consent"),
    path("lead/<slug:slug>/phases/", phases.phases, name="phases"),
    path("lead/<slug:slug>/phases/add/", phases.add_phase, name="add_phase"),
    path("lead/<slug:slug>/phases/<int:pk>/", phases.change_phase, name="change_phase"),
    path("lead/<slug:slug>/phases/<int:pk>/remove/", phases.remove_phase, name="remove_phase"),
    path("lead/<slug:slug>/prompts/", prompts.prompts, name="prompts"),
    path("lead/<slug:slug>/prompts/add/", prompts.add_prompt, name="add_prompt"),
    path("lead/<slug:slug>/prompts/<int:pk>/", prompts.change_prompt, name="change_prompt"),
    path("lead/<slug:slug>/prompts/<int:pk>/move/", prompts.move_prompt, name="move_prompt"),
    path("lead/<slug:slug>/prompts/<int:pk>/retire/", prompts.retire_prompt, name="retire_prompt"),
    path("lead/<slug:slug>/prompts/<int:pk>/delete/", prompts.delete_prompt, name="delete_prompt"),
    path("lead/<slug:slug>/partners/", taking_part.partners, name="partners"),
    path("lead/<slug:slug>/partners/<int:pk>/lead/", taking_part.lead_partner, name="lead_partner"),
    path(
        "lead/<slug:slug>/partners/<int:pk>/remove/",
        taking_part.remove_partner,
        name="remove_partner",
    ),
    path("lead/<slug:slug>/societies/", taking_part.societies, name="societies"),
    path(
        "lead/<slug:slug>/societies/<int:pk>/remove/",
        taking_part.remove_society,
        name="remove_society",
    ),
    path("lead/<slug:slug>/leads/", taking_part.leads, name="leads"),
    path("lead/<slug:slug>/leads/<int:pk>/remove/", taking_part.remove_lead, name="remove_lead"),
]

urlpatterns = [
    *place_urls,
    *roster_urls,
    *request_urls,
    *campaign_urls,
    *invitation_urls,
    *lead_urls,
]
