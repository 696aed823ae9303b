"""What a line of every format is: a disclosed story, and where in which batch it stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from stories.models import Consent, Item, Revision, Story
from stories.querysets import ItemQuerySet
from stories.rules.consent import permission_of
from stories.rules.disclosure import Disclosed, disclose
from stories.rules.texts import Answer


@dataclass(frozen=True)
class Replaced:
    """The earlier item that a correction takes the place of."""

    batch: int
    position: int
    revision: str


@dataclass(frozen=True)
class Line:
    """One story of an export. `photo_file` is empty where no picture lies beside the export."""

    campaign: str
    batch: int
    position: int
    story: Disclosed
    photo_file: str
    replaces: Replaced | None


def disclosed(item: Item) -> Disclosed:
    """What a partner may see of an item; no query for one that came from `ItemQuerySet.in_full`."""
    return disclosed_under(item.consent, item.accepted.revision, item.story)


def disclosed_under(consent: Consent, revision: Revision, story: Story) -> Disclosed:
    """What a partner may see of a revision of a story under one consent."""
    return disclose(
        story=str(story.ref),
        revision=revision.sha256,
        hook=revision.hook,
        answers=revision.answers,
        state=story.us_state,
        district=story.district,
        permission=permission_of(consent),
        consent_version=consent.text.version,
        photo=revision.photo.sha256 if revision.photo else None,
        photo_description=revision.photo.description if revision.photo else "",
    )


def photo_name(position: int) -> str:
    """The file of an item's picture. A number tells nothing about its author."""
    return f"photos/{position}.jpg"


def lines_of(
    items: ItemQuerySet[Item], *, with_photo_file: bool, campaign: str = ""
) -> Iterator[Line]:
    """Items as lines, in their order; `with_photo_file` says whether the pictures lie beside the export.

    `campaign` is its name in addresses where it shall not be today's.
    All items are read at once, as columns: an object for each row of each table would take most of the
    time of a large export. One more query where any of them replaces an earlier item.
    """
    rows = rows_of(items)
    earlier = {row.replaces for row in rows if row.replaces}
    former = {row.pk: row for row in rows_of(items.by_keys(earlier))} if earlier else {}
    for row in rows:
        story = row.disclosed()
        replaced = former.get(row.replaces) if row.replaces else None
        yield Line(
            campaign=campaign or row.campaign,
            batch=row.batch,
            position=row.position,
            story=story,
            photo_file=photo_name(row.position) if with_photo_file and story.photo else "",
            replaces=replaced and replaced.as_replaced(),
        )


def rows_of(items: QuerySet[Item]) -> list[Row]:
    """The items' columns, in their order."""
    return [Row(*values) for values in items.values_list(*(PATHS[name] for name in Row._fields))]


class Row(NamedTuple):
    """An item as a row of columns. PATHS says where each stands."""

    pk: int
    replaces: int | None
    campaign: str
    batch: int
    position: int
    ref: UUID
    state: str
    district: int | None
    hook: str
    answers: list[Answer]
    revision: str
    photo: str | None
    photo_description: str | None
    partner_id: int | None
    lawmakers: bool
    publication: bool
    press: bool
    name_shown: str
    name: str
    until: dt.date
    consent_version: int

    def disclosed(self) -> Disclosed:
        """What the partner may see of it."""
        return disclose(
            story=str(self.ref),
            revision=self.revision,
            hook=self.hook,
            answers=self.answers,
            state=self.state,
            district=self.district,
            permission=permission_of(self),
            consent_version=self.consent_version,
            photo=self.photo,
            photo_description=self.photo_description or "",
        )

    def as_replaced(self) -> Replaced:
        """It as what a later item takes the place of."""
        return Replaced(self.batch, self.position, self.disclosed().revision)


#: Where each column of `Row` stands, seen from an item.
PATHS = {
    "pk": "pk",
    "replaces": "replaces",
    "campaign": "batch__campaign__slug",
    "batch": "batch__number",
    "position": "position",
    "ref": "story__ref",
    "state": "story__us_state",
    "district": "story__district",
    "hook": "accepted__revision__hook",
    "answers": "accepted__revision__answers",
    "revision": "accepted__revision__sha256",
    "photo": "accepted__revision__photo__sha256",
    "photo_description": "accepted__revision__photo__description",
    "partner_id": "consent__partner",
    "lawmakers": "consent__lawmakers",
    "publication": "consent__publication",
    "press": "consent__press",
    "name_shown": "consent__name_shown",
    "name": "consent__name",
    "until": "consent__until",
    "consent_version": "consent__text__version",
}
