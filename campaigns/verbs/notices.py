"""How coordinators hear of what happens in their society: at once, in a daily digest, or not by mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from campaigns.models import Coordinator, Notices, Society
from portal import audit, outbox
from portal.errors import Refused
from portal.links import absolute
from portal.models import User


def tell_coordinators(
    society: Society,
    *,
    template: str,
    context: Mapping[str, Any],
    line: str,
    path: str,
    besides: User | None = None,
    ties: Sequence[Coordinator] | None = None,
    together_with: Sequence[outbox.Composed] = (),
) -> None:
    """Tell each coordinator of a society, in the way that each has chosen.

    `template` names a pair under `templates/mail/`; it is given `context` and, beside it, `url` and
    `society` (the society's name). `line` is the one line of the digest, at most 300 characters.
    `path` is a path on this site and is made absolute here. `besides` is not told, because they did
    it. `ties` are the society's coordinators with their people, where the caller has just read them.
    `together_with` are letters to others about the same, which are written in the same statement.
    Must run in the transaction of what it tells.
    """
    url = absolute(path)
    told = {"url": url, "society": society.name, **context}
    if ties is None:
        here = Coordinator.objects.filter(society=society, user__is_active=True)
        ties = list(here.select_related("user"))
    hear = [tie for tie in ties if besides is None or tie.user_id != besides.pk]
    at_once = [tie.user for tie in hear if tie.notices == Notices.AT_ONCE]
    outbox.post([*together_with, *(outbox.compose(user, template, told) for user in at_once)])
    outbox.note_for_digests([tie.user for tie in hear if tie.notices == Notices.DAILY], line, url)


@transaction.atomic
def choose_notices(*, by: User, choices: Mapping[int, str]) -> None:
    """Write how a coordinator wants to hear of each of their societies, by the society's id."""
    ties = {tie.society_id: tie for tie in Coordinator.objects.filter(user=by)}
    for society_pk, choice in choices.items():
        tie = ties.get(society_pk)
        if tie is None or choice not in Notices.values:
            raise Refused("Choose one of the ways offered, for a society that you coordinate.")
        if tie.notices != choice:
            Coordinator.objects.filter(pk=tie.pk).update(notices=choice)
            audit.record(by, "choose_notices", tie, notices=choice)
