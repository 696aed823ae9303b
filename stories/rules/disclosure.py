"""What leaves: one row for a story, made of the revision and of what its consent allows, and nothing else.

Every format, the partner's screen and the author's preview are made from `Disclosed` and from nothing
else, so that what is not here cannot leave.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from stories.models import NameShown
from stories.rules.consent import Permission
from stories.rules.texts import Answer, revision_sha256


@dataclass(frozen=True)
class Disclosed:
    """One story as one partner receives it.

    `name` is the name to print, empty for a story without one. `photo` is the SHA-256 of the picture
    that goes with it, or None: a story without a name travels without its picture, and then `revision`
    is the hash of the same text without one, because a hash over a picture that stays here would let
    a partner test pictures against it. `district` is the number of a congressional district, 0 for a
    state's only one, None where it is not known.
    """

    story: str
    revision: str
    hook: str
    answers: Sequence[Answer]
    state: str
    district: int | None
    name: str
    name_shown: str
    uses: tuple[str, ...]
    until: dt.date
    consent_version: int
    photo: str | None
    photo_description: str

    @property
    def to_read(self) -> tuple[str, list[Answer], str | None, str]:
        """The words and the picture; two rows that are alike in it differ in their permissions alone."""
        return self.hook, list(self.answers), self.photo, self.photo_description


def disclose(
    *,
    story: str,
    revision: str,
    hook: str,
    answers: Sequence[Answer],
    state: str,
    district: int | None,
    permission: Permission,
    consent_version: int,
    photo: str | None,
    photo_description: str = "",
) -> Disclosed:
    """What a partner may receive of a story under one permission."""
    nameless = permission.name_shown == NameShown.NONE
    if nameless and photo is not None:
        revision = revision_sha256(hook, answers, None)
    return Disclosed(
        story=story,
        revision=revision,
        hook=hook,
        answers=answers,
        state=state,
        district=district,
        name="" if nameless else permission.name,
        name_shown=str(permission.name_shown),
        uses=permission.uses,
        until=permission.until,
        consent_version=consent_version,
        photo=None if nameless else photo,
        photo_description="" if nameless else photo_description,
    )


def district_name(state: str, district: int | None) -> str:
    """How a district is written: "KS-3", "WY at large", or the state alone where it is not known."""
    if district is None:
        return state
    return f"{state} at large" if district == 0 else f"{state}-{district}"
