"""One person, one record: whose a roster's entries are once an address is proven."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q

from campaigns.models import (
    FormerToken,
    Member,
    Participation,
    Place,
    RosterEntry,
    Wish,
)
from campaigns.verbs.invitations import drop_second_notices, drop_waiting
from portal import audit
from portal.errors import Refused
from portal.models import User


def has_proven(user: User, email: str) -> bool:
    """Whether this address has been verified as this person's."""
    proven = EmailAddress.objects.filter(user=user, email__iexact=email, verified=True)
    return bool(proven.exists())


@transaction.atomic
def adopt(user: User, email: str) -> None:
    """Give a person what stands under an address that they have just proven to be theirs.

    Roster entries, invitations, wishes and places of the address become those of the person's one
    record. An address that is not verified gets nothing, whoever calls.
    """
    address = email.strip().lower()
    if not has_proven(user, address):
        return
    _hold(user)
    on_rosters = RosterEntry.objects.filter(email=address).values("member")
    under_address = Q(email=address) | Q(pk__in=on_rosters)
    concerned = Member.objects.filter(Q(user=user) | Q(under_address, user=None))
    records = list(concerned.select_for_update().order_by("pk"))
    mine = next((record for record in records if record.user_id is not None), None)
    for theirs in (record for record in records if record.user_id is None):
        if mine is None:
            mine = _claim(theirs, user)
        else:
            _merge(theirs, into=mine, by=user)
    _take_entries(address, user, mine)


@transaction.atomic
def own_member(*, by: User) -> Member:
    """The person's own record; made where they have none yet, under their proven address."""
    if known := Member.objects.filter(user=by).first():
        return known
    _hold(by)
    if not has_proven(by, by.email):
        raise Refused("Please verify your e-mail address first; we have sent you a code.")
    adopt(by, by.email)
    mine, made = Member.objects.get_or_create(user=by, defaults={"email": _free_address(by)})
    if made:
        audit.record(by, "make_member", mine)
    return mine


def _hold(user: User) -> None:
    """Let two windows of a person, who proves two addresses or opens the first pages, take turns."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _free_address(user: User) -> str:
    """The person's address, taken back from a record of somebody else whose it once was."""
    other = (
        Member.objects.filter(email=user.email).exclude(user=None).select_related("user").first()
    )
    if other is not None and other.user is not None:
        Member.objects.filter(pk=other.pk).update(email=other.user.email)
    return user.email


def _claim(theirs: Member, user: User) -> Member:
    """Tie an unclaimed record to the person."""
    theirs.user = user
    theirs.save(update_fields=["user"])
    audit.record(user, "adopt", theirs)
    return theirs


def _take_entries(address: str, user: User, mine: Member | None) -> None:
    """Entries of this address under somebody else's record: the address was theirs once."""
    entries = RosterEntry.objects.filter(email=address).exclude(member__user=user)
    if not entries.exists():
        return
    target = mine or Member.objects.create(user=user, email=_free_address(user))
    moved = entries.update(member=target)
    audit.record(user, "take_entries", target, entries=moved)


def _merge(theirs: Member, *, into: Member, by: User) -> None:
    """Make one record of two. Whatever points to `theirs`, in any package, points to `into` afterwards.

    Of invitations, wishes and places that both have, the person's own stay. Links in mail that was sent
    to the other record keep working through its former token.
    """
    detail = {"merged": theirs.pk, "entries": theirs.entries.count()}
    _drop_doubles(theirs, into)
    for relation in Member._meta.related_objects:
        if relation.related_model is Participation:
            continue
        name = relation.field.name
        rows = relation.related_model._base_manager
        rows.filter(**{name: theirs}).update(**{name: into})
    joined = Participation.objects.filter(member=into).values("campaign")
    Participation.objects.filter(member=theirs).exclude(campaign__in=joined).update(member=into)
    _keep_words(theirs, into)
    if not Participation.objects.filter(member=theirs).exists():
        token = theirs.token
        theirs.delete()
        FormerToken.objects.create(token=token, member=into)
    if into.no_invitations_since is not None:
        drop_waiting(into)
    audit.record(by, "merge_members", into, **detail)


def _drop_doubles(theirs: Member, mine: Member) -> None:
    """Delete what the merged record could hold only once."""
    drop_second_notices(theirs, mine)
    wished = Wish.objects.filter(member=mine).values("campaign")
    Wish.objects.filter(member=theirs, campaign__in=wished).delete()
    own = {place.kind: place for place in Place.objects.filter(member=mine)}
    for place in Place.objects.filter(member=theirs):
        twin = own.get(place.kind)
        if twin is None:
            continue
        weaker = twin if place.said_by_member and not twin.said_by_member else place
        weaker.delete()


def _keep_words(theirs: Member, mine: Member) -> None:
    """Names where the person had none; and a "no invitations" counts wherever it was said."""
    mine.given_name = mine.given_name or theirs.given_name
    mine.family_name = mine.family_name or theirs.family_name
    said = [at for at in (mine.no_invitations_since, theirs.no_invitations_since) if at]
    mine.no_invitations_since = min(said, default=None)
    mine.save(update_fields=["given_name", "family_name", "no_invitations_since"])
