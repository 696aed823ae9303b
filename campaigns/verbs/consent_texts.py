"""The wording that authors agree to, version by version."""

from __future__ import annotations

from django.db import transaction

from campaigns.models import Campaign, ConsentText
from campaigns.verbs.campaigns import held
from portal import audit
from portal.errors import Refused
from portal.models import User


@transaction.atomic
def publish_consent_text(*, by: User, campaign: Campaign, text: str) -> ConsentText:
    """Make a new version of the wording. Earlier ones stay, with the consents that were given to them."""
    fresh = held(campaign)
    latest = fresh.consent_texts.first()
    if latest and latest.text == text:
        raise Refused("This is the wording that is in force already.", field="text")
    version = ConsentText.objects.create(
        campaign=fresh, version=latest.version + 1 if latest else 1, text=text, created_by=by
    )
    audit.record(by, "publish_consent_text", version, campaign=fresh.pk, version=version.version)
    return version
