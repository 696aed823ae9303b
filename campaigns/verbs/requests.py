"""Asking to be added to a society's roster, and the coordinators' answer."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Coordinator, MembershipRequest, RosterEntry, Society
from campaigns.states import REQUEST_MOVES, RequestState
from campaigns.verbs.invitations import look_again
from campaigns.verbs.members import has_proven, own_member
from campaigns.verbs.notices import tell_coordinators
from portal import audit, outbox
from portal.errors import Refused
from portal.links import absolute
from portal.models import User
from portal.moves import move

audit.PAST_TENSE |= {"accept_request": "accepted", "refuse_request": "refused"}


@transaction.atomic
def ask_to_be_added(*, by: User, society: Society, note: str) -> MembershipRequest:
    """Ask a society's coordinators. Refused for members, and while an earlier request waits."""
    if not has_proven(by, by.email):
        raise Refused("Please verify your e-mail address first; we have sent you a code.")
    if RosterEntry.objects.here().filter(society=society, member__user=by).exists():
        raise Refused(f"You are on the roster of {society.name} already.")
    try:
        with transaction.atomic():
            request = MembershipRequest.objects.create(society=society, user=by, note=note)
    except IntegrityError as twice:
        raise Refused(
            f"{society.name} has your request already and has not answered yet."
        ) from twice
    own_member(by=by)
    audit.record(by, "ask_to_be_added", request, society=society.pk)
    tell_coordinators(
        society,
        template="membership_requested",
        context={"person": str(by), "email": by.email, "note": note},
        line=f"{society.short_name}: somebody asks to be added to the roster",
        path=reverse("campaigns:requests"),
    )
    return request


@transaction.atomic
def accept_request(*, by: User, request: MembershipRequest) -> None:
    """Add the person to the roster under the address that they have proven, and tell them."""
    move(request, REQUEST_MOVES["accept_request"], decided_by=by, decided_at=timezone.now())
    person = request.user
    if not has_proven(person, person.email):
        raise Refused(
            "This person has no verified e-mail address any more, so nobody can be added."
        )
    member = own_member(by=person)
    entry, fresh = RosterEntry.objects.get_or_create(
        society=request.society, email=person.email, defaults={"member": member}
    )
    if not fresh:
        RosterEntry.objects.filter(pk=entry.pk).update(left_at=None, member=member)
    audit.record(by, "accept_request", request, society=request.society_id, entry=entry.pk)
    _tell(request, "membership_accepted", reverse("campaigns:places"))
    for campaign in request.society.campaigns.running():
        look_again(campaign=campaign)


@transaction.atomic
def refuse_request(*, by: User, request: MembershipRequest) -> None:
    """Say no, and tell the person; they may ask again."""
    move(request, REQUEST_MOVES["refuse_request"], decided_by=by, decided_at=timezone.now())
    audit.record(by, "refuse_request", request, society=request.society_id)
    _tell(request, "membership_refused", reverse("campaigns:my_societies"))


def waiting_for(user: User) -> int:
    """How many requests wait for this coordinator."""
    societies = Coordinator.objects.filter(user=user).values("society")
    return MembershipRequest.objects.filter(society__in=societies, state=RequestState.ASKED).count()


def _tell(request: MembershipRequest, template: str, path: str) -> None:
    outbox.tell(
        request.user,
        template,
        {"society": request.society.name, "url": absolute(path)},
        key=f"{template}:{request.pk}",
    )
