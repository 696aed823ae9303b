"""What this package keeps about one person's stories, for that person. See portal.personal.

Coordinators' notes are theirs and are not in it; what they decided and why is.
"""

from __future__ import annotations

from typing import Any

from portal.models import User
from portal.personal import Part, listed
from stories.models import (
    Consent,
    Decision,
    Draft,
    ImportedStory,
    Item,
    Recall,
    Revision,
    Story,
)


def stories(user: User) -> Part:
    """Every story with its versions, permissions, decisions, and where it went; and what waits."""
    return "stories", {
        "told": [_whole(story) for story in Story.objects.own(user).order_by("pk")],
        "waiting_from_a_survey": listed(
            ImportedStory.objects.from_addresses_of(user),
            campaign="campaign__name",
            address="email",
            row="row",
            at="imported_at",
        ),
    }


def _whole(story: Story) -> dict[str, Any]:
    """One story; pictures are named by their hash and shown on the story's page."""
    return {
        "story": story.ref,
        "campaign": story.campaign.name,
        "society": story.society.name,
        "state": story.us_state,
        "district": story.district,
        "status": story.state,
        "begun": story.created_at,
        "submitted": story.submitted_at,
        **_told({"story": story}),
        **_became({"story": story}),
    }


def _told(of_story: dict[str, Story]) -> dict[str, Any]:
    """What its author wrote and allowed."""
    return {
        "draft": listed(
            Draft.objects.filter(**of_story),
            hook="hook",
            answers="answers",
            names="naming",
            permissions="consents",
            saved="saved_at",
        ),
        "versions": listed(
            Revision.objects.filter(**of_story).order_by("number"),
            number="number",
            kind="kind",
            at="created_at",
            hook="hook",
            answers="answers",
            remark="remark",
            photo_sha256="photo__sha256",
            photo_description="photo__description",
            sha256="sha256",
        ),
        "permissions": listed(
            Consent.objects.filter(**of_story).order_by("pk"),
            partner="partner__name",
            wording="text__text",
            lawmakers="lawmakers",
            publication="publication",
            press="press",
            name_shown="name",
            until="until",
            given="given_at",
            ended="ended_at",
            ended_why="ended_why",
        ),
    }


def _became(of_story: dict[str, Story]) -> dict[str, Any]:
    """What others made of it."""
    return {
        "decisions": listed(
            Decision.objects.filter(**of_story).order_by("pk"), what="kind", why="reason", at="at"
        ),
        "handed_over": listed(
            Item.objects.filter(**of_story).order_by("pk"),
            partner="partner__name",
            batch="batch__number",
            sealed="batch__sealed_at",
            ended="ended_at",
            ended_why="ended_why",
        ),
        "asked_back": listed(
            Recall.objects.filter(**of_story).order_by("pk"),
            partner="partner__name",
            why="reason",
            at="asked_at",
            state="state",
            answer="answer",
            answered="answered_at",
        ),
    }
