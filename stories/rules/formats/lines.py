"""What a line of every format is: a disclosed story, and where in which batch it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from stories.models import Consent, Item, Revision, Story
from stories.rules.consent import permission_of
from stories.rules.disclosure import Disclosed, disclose


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


#: Lines that can be gone through more than once: each call begins at the first.
Lines = Callable[[], Iterable[Line]]


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


def line_of(item: Item, *, with_photo_file: bool) -> Line:
    """An item as a line; `with_photo_file` says whether the pictures lie beside the export."""
    story = disclosed(item)
    return Line(
        campaign=item.batch.campaign.slug,
        batch=item.batch.number,
        position=item.position,
        story=story,
        photo_file=photo_name(item.position) if with_photo_file and story.photo else "",
        replaces=_replaced(item.replaces),
    )


def photo_name(position: int) -> str:
    """The file of an item's picture. A number tells nothing about its author."""
    return f"photos/{position}.jpg"


def _replaced(former: Item | None) -> Replaced | None:
    if former is None:
        return None
    return Replaced(former.batch.number, former.position, disclosed(former).revision)
