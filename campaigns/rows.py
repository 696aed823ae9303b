"""This package's rows of the permission table, one table a door."""

from __future__ import annotations

from django.db.models import QuerySet

from campaigns.models import Campaign, Coordinator, MembershipRequest, RosterImport, Society
from campaigns.roles import COORDINATOR, CREATOR, LEAD, MEMBER
from portal.access import PUBLIC, SIGNED_IN, Row
from portal.models import User

PLACE_ROWS = {
    "campaigns:places": Row(role=SIGNED_IN),
    "campaigns:save_places": Row(role=SIGNED_IN),
    "campaigns:institutions": Row(role=SIGNED_IN),
    "campaigns:zip_choices": Row(role=SIGNED_IN),
}


def own_societies(user: User) -> QuerySet[Society]:
    """Societies that a person coordinates."""
    return Society.objects.filter(coordinators__user=user)


def own_imports(user: User) -> QuerySet[RosterImport]:
    """Roster files of a coordinator's societies."""
    return RosterImport.objects.filter(society__coordinators__user=user)


def own_requests(user: User) -> QuerySet[MembershipRequest]:
    """Requests to a coordinator's societies."""
    return MembershipRequest.objects.filter(society__coordinators__user=user)


def own_ties(user: User) -> QuerySet[Coordinator]:
    """A person's ties to the societies that they coordinate."""
    return Coordinator.objects.filter(user=user)


OWN_ROSTER = Row(role=COORDINATOR, see=own_societies)
OWN_IMPORT = Row(role=COORDINATOR, see=own_imports)
ROSTER_ROWS = {
    "campaigns:rosters": OWN_ROSTER,
    "campaigns:roster": OWN_ROSTER,
    "campaigns:upload_roster": OWN_ROSTER,
    # A little over campaigns.forms.rosters.MOST_BYTES, so that the form can refuse in its own words.
    "campaigns:send_roster": Row(role=COORDINATOR, see=own_societies, takes=60 * 1024 * 1024),
    "campaigns:roster_import": OWN_IMPORT,
    "campaigns:set_columns": OWN_IMPORT,
    "campaigns:confirm_roster": OWN_IMPORT,
    "campaigns:discard_roster": OWN_IMPORT,
    "campaigns:roster_lines": OWN_IMPORT,
}

REQUEST_ROWS = {
    "campaigns:my_societies": Row(role=SIGNED_IN),
    "campaigns:ask_to_be_added": Row(role=SIGNED_IN),
    "campaigns:requests": Row(role=COORDINATOR, see=own_requests),
    "campaigns:accept_request": Row(role=COORDINATOR, see=own_requests),
    "campaigns:refuse_request": Row(role=COORDINATOR, see=own_requests),
    "campaigns:notices": Row(role=COORDINATOR, see=own_ties),
    "campaigns:save_notices": Row(role=COORDINATOR, see=own_ties),
}


def shown(user: User) -> QuerySet[Campaign]:
    """Campaigns of a person's own societies."""
    return Campaign.objects.shown_to(user)


def led(user: User) -> QuerySet[Campaign]:
    """Campaigns that a person leads."""
    return Campaign.objects.led_by(user)


CAMPAIGN_ROWS = {
    "campaigns:list": Row(role=SIGNED_IN, see=shown),
    "campaigns:campaign": Row(role=SIGNED_IN, see=shown),
    "campaigns:join": Row(role=MEMBER, see=shown),
    "campaigns:wish": Row(role=MEMBER, see=shown),
    "campaigns:unwish": Row(role=MEMBER, see=shown),
}

#: Links in mail: the token in the address is what lets somebody in.
INVITATION_ROWS = {
    "campaigns:invitation": PUBLIC,
    "campaigns:unsubscribe": PUBLIC,
    "campaigns:resubscribe": PUBLIC,
}

OWN_CAMPAIGN = Row(role=LEAD, see=led)
LEAD_ROWS = {
    "campaigns:lead": OWN_CAMPAIGN,
    "campaigns:new": Row(role=CREATOR),
    "campaigns:setup": OWN_CAMPAIGN,
    "campaigns:reach": OWN_CAMPAIGN,
    "campaigns:start_page": OWN_CAMPAIGN,
    "campaigns:start": OWN_CAMPAIGN,
    "campaigns:end_page": OWN_CAMPAIGN,
    "campaigns:end": OWN_CAMPAIGN,
    "campaigns:basics": OWN_CAMPAIGN,
    "campaigns:rhythm": OWN_CAMPAIGN,
    "campaigns:consent": OWN_CAMPAIGN,
    "campaigns:phases": OWN_CAMPAIGN,
    "campaigns:add_phase": OWN_CAMPAIGN,
    "campaigns:change_phase": OWN_CAMPAIGN,
    "campaigns:remove_phase": OWN_CAMPAIGN,
    "campaigns:prompts": OWN_CAMPAIGN,
    "campaigns:add_prompt": OWN_CAMPAIGN,
    "campaigns:change_prompt": OWN_CAMPAIGN,
    "campaigns:move_prompt": OWN_CAMPAIGN,
    "campaigns:retire_prompt": OWN_CAMPAIGN,
    "campaigns:delete_prompt": OWN_CAMPAIGN,
    "campaigns:partners": OWN_CAMPAIGN,
    "campaigns:lead_partner": OWN_CAMPAIGN,
    "campaigns:remove_partner": OWN_CAMPAIGN,
    "campaigns:societies": OWN_CAMPAIGN,
    "campaigns:remove_society": OWN_CAMPAIGN,
    "campaigns:leads": OWN_CAMPAIGN,
    "campaigns:remove_lead": OWN_CAMPAIGN,
}

ROWS: dict[str, Row] = {
    **PLACE_ROWS,
    **ROSTER_ROWS,
    **REQUEST_ROWS,
    **CAMPAIGN_ROWS,
    **INVITATION_ROWS,
    **LEAD_ROWS,
}
