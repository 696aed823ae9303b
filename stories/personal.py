"""What this package keeps about one person's stories, for that person. See portal.personal.

Coordinators' notes are theirs and are not in it; what they decided and why is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

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

#: So many stories are looked up at once.
CHUNK = 500


def stories(user: User) -> Part:
    """Every story with its versions, permissions, decisions, and where it went; and what waits."""
    return "stories", {
        "told": [one for some in _in_chunks(user) for one in _whole(some)],
        "waiting_from_a_survey": listed(
            ImportedStory.objects.from_addresses_of(user),
            campaign="campaign__name",
            address="email",
            row="row",
            at="imported_at",
        ),
    }


def _in_chunks(user: User) -> Iterator[list[Story]]:
    """A person's own stories, the oldest first, a chunk at a time."""
    own, last = Story.objects.own(user).select_related("campaign", "society").order_by("pk"), 0
    while chunk := list(own.filter(pk__gt=last)[:CHUNK]):
        yield chunk
        last = chunk[-1].pk


def _whole(stories: Sequence[Story]) -> Iterator[dict[str, Any]]:
    """Some stories; pictures are named by their hash and shown on the story's page."""
    lists = {name: _by_story(stories, rows, fields) for name, (rows, fields) in LISTS.items()}
    for story in stories:
        yield {
            "story": story.ref,
            "campaign": story.campaign.name,
            "society": story.society.name,
            "state": story.us_state,
            "district": story.district,
            "status": story.state,
            "begun": story.created_at,
            "submitted": story.submitted_at,
            **{name: rows[story.pk] for name, rows in lists.items()},
        }


def _by_story(
    stories: Sequence[Story], rows: QuerySet[Any], fields: Mapping[str, str]
) -> dict[int, list[dict[str, Any]]]:
    """The rows of one list in their order, by their story: one question for all of these stories."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in listed(rows.filter(story__in=stories), story_pk="story", **fields):
        found[row.pop("story_pk")].append(row)
    return found


#: What is told of a story in lists: the rows in their order, the name in the file and the field's path.
LISTS: dict[str, tuple[QuerySet[Any], dict[str, str]]] = {
    # What its author wrote and allowed.
    "draft": (
        Draft.objects.order_by("pk"),
        {
            "hook": "hook",
            "answers": "answers",
            "names": "naming",
            "permissions": "consents",
            "saved": "saved_at",
        },
    ),
    "versions": (
        Revision.objects.order_by("number"),
        {
            "number": "number",
            "kind": "kind",
            "at": "created_at",
            "hook": "hook",
            "answers": "answers",
            "remark": "remark",
            "photo_sha256": "photo__sha256",
            "photo_description": "photo__description",
            "sha256": "sha256",
        },
    ),
    "permissions": (
        Consent.objects.order_by("pk"),
        {
            "partner": "partner__name",
            "wording": "text__text",
            "lawmakers": "lawmakers",
            "publication": "publication",
            "press": "press",
            "name_shown": "name",
            "until": "until",
            "given": "given_at",
            "ended": "ended_at",
            "ended_why": "ended_why",
        },
    ),
    # What others made of it.
    "decisions": (
        Decision.objects.order_by("pk"),
        {"what": "kind", "why": "reason", "at": "at"},
    ),
    "handed_over": (
        Item.objects.order_by("pk"),
        {
            "partner": "partner__name",
            "batch": "batch__number",
            "sealed": "batch__sealed_at",
            "ended": "ended_at",
            "ended_why": "ended_why",
        },
    ),
    "asked_back": (
        Recall.objects.order_by("pk"),
        {
            "partner": "partner__name",
            "why": "reason",
            "at": "asked_at",
            "state": "state",
            "answer": "answer",
            "answered": "answered_at",
        },
    ),
}
