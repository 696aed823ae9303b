"""The partner API, version 1: batches, their files, acknowledgement, recalls and answers, changes.

The same permission rows and verbs as on the pages; a key (`Authorization: Bearer ...`) acts as the
officer who made it, for the one partner that it was made for. Lists are paged by key: send the `next` of
one page as `after` of the next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, TypeVar
from uuid import UUID

from django.db import DatabaseError, InterfaceError
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import reverse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer

from campaigns.models import PartnerUser
from portal import access
from portal.errors import Refused, TooLate
from portal.links import absolute
from portal.paging import Page, page
from portal.settled import settled_until
from portal.views import errors
from stories.forms.handing_over import AnswerForm, ReceiptForm
from stories.models import Batch, Delivery, Recall
from stories.states import RecallState
from stories.verbs import handing_over, tokens

PAGE = 100

NO_CURSOR = "This cursor is not one that “next” gave. Leave it out to begin at the start."

M = TypeVar("M", Batch, Recall)


class Key(HttpBearer):
    """A partner's key; whoever shows it acts as its officer."""

    def authenticate(self, request: HttpRequest, token: str) -> PartnerUser | None:
        """The officer, or None, which is answered with 401."""
        officer = tokens.officer_of(token)
        if officer is not None:
            request.user = officer.user
        return officer


def rows(request: HttpRequest, model: type[M]) -> QuerySet[M]:
    """What the key shows: of all that its officer may see, what belongs to the partner it was made for."""
    return access.rows(request, model).filter(partner=partner_of(request))


def fetch(request: HttpRequest, model: type[M], ref: UUID) -> M:
    """One of them; 404 for anything else."""
    return access.fetch(request, model, ref=ref, partner=partner_of(request))


def one_page(request: HttpRequest, own: QuerySet[M], *order: str) -> Page[M]:
    """The page that `after` names. One that cannot be read is no reason to begin at the start again."""
    found = page(request, own, order, size=PAGE)
    if found.is_first and request.GET.get("after"):
        raise Refused(NO_CURSOR)
    return found


def partner_of(request: HttpRequest) -> int:
    """The partner that the request's key was made for, by id."""
    officer: PartnerUser = request.auth  # type: ignore[attr-defined]
    return officer.partner_id


api = NinjaAPI(
    title="Storybank for partners",
    version="1",
    description=__doc__ or "",
    urls_namespace="stories:api",
    docs_url=None,
    auth=Key(),
)


class Problem(Schema):
    """What was refused, in words."""

    error: str


class File(Schema):
    """One file of a batch; `sha256` in hexadecimal, `size` in bytes."""

    name: str
    size: int
    sha256: str
    url: str


class BatchOut(Schema):
    """One delivered batch. `closed`: a story was taken back, and its files leave no more."""

    ref: UUID
    campaign: str
    number: int
    state: str
    closed: bool
    stories: int
    sealed_at: dt.datetime
    files: list[File]


class Batches(Schema):
    """A page of batches, the newest first."""

    batches: list[BatchOut]
    next: str | None


class RecallOut(Schema):
    """One demand to give a story back. `story` is the reference in the batch's files."""

    ref: UUID
    batch: UUID
    position: int
    story: UUID
    reason: str
    state: str
    asked_at: dt.datetime
    answered_at: dt.datetime | None


class Recalls(Schema):
    """A page of recalls, the newest first."""

    recalls: list[RecallOut]
    next: str | None


class Change(Schema):
    """Something that happened: a batch was `delivered`, or a story `recalled`."""

    kind: str
    at: dt.datetime
    ref: UUID


class Changes(Schema):
    """What happened after a cursor, the oldest first; ask again with `next`, also when nothing came."""

    changes: list[Change]
    next: str


class Acknowledgement(Schema):
    """Who confirms that the batch arrived."""

    name: str


class Answer(Schema):
    """`answer`: deleted, published (`words`: where) or cannot (`words`: why)."""

    answer: str
    words: str = ""


@api.exception_handler(TooLate)
@api.exception_handler(Refused)
def refused(request: HttpRequest, problem: TooLate | Refused) -> HttpResponse:
    """409: somebody or the clock was faster. 400: what was asked breaks a rule."""
    status = 409 if isinstance(problem, TooLate) else 400
    return api.create_response(request, {"error": str(problem)}, status=status)


@api.exception_handler(Http404)
def not_found(request: HttpRequest, problem: Http404) -> HttpResponse:
    """404: there is no such thing, or not for this partner."""
    return api.create_response(request, {"error": "There is no such thing here."}, status=404)


def away(request: HttpRequest, problem: Any) -> HttpResponse:
    """503: the database or the folder of files does not answer; Retry-After says when to ask again."""
    if not (trouble := errors.trouble_of(problem)):
        raise problem
    words = f"The site {trouble} right now. Nothing was done; try again."
    response = api.create_response(request, {"error": words}, status=503)
    response["Retry-After"] = str(errors.RETRY_SECONDS)
    return response


for kind in (DatabaseError, InterfaceError, OSError):
    api.add_exception_handler(kind, away)


@api.exception_handler(ValidationError)
def malformed(request: HttpRequest, problem: ValidationError) -> HttpResponse:
    """422: the request has not the form that the OpenAPI document gives."""
    words = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in problem.errors)
    return api.create_response(request, {"error": words}, status=422)


@api.exception_handler(AuthenticationError)
def no_key(request: HttpRequest, problem: AuthenticationError) -> HttpResponse:
    """401: no key, or one that does not work any more."""
    words = "No key was sent, or one that does not work. Send “Authorization: Bearer” and the key."
    response = api.create_response(request, {"error": words}, status=401)
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, problem: HttpError) -> HttpResponse:
    """What the framework refuses before we see it, such as a body that is no JSON."""
    return api.create_response(request, {"error": str(problem)}, status=problem.status_code)


@api.get("/batches", response={200: Batches, 400: Problem}, url_name="batches")
def batches(request: HttpRequest, after: str = "") -> dict[str, Any]:
    """The batches that were delivered to the partner, the newest first."""
    own = rows(request, Batch).select_related("campaign")
    found = one_page(request, own, "-sealed_at", "-id")
    return {"batches": [batch_out(row) for row in found.rows], "next": found.next_after}


@api.get("/batches/{uuid:ref}", response={200: BatchOut, 404: Problem}, url_name="batch")
def batch(request: HttpRequest, ref: UUID) -> dict[str, Any]:
    """One batch."""
    return batch_out(fetch(request, Batch, ref))


def batch_out(row: Batch) -> dict[str, Any]:
    """A batch as the API tells it; a closed one has no files any more."""
    closed = row.closed_at is not None
    return {
        "ref": row.ref,
        "campaign": row.campaign.slug,
        "number": row.number,
        "state": row.state,
        "closed": closed,
        "stories": row.count,
        "sealed_at": row.sealed_at,
        "files": [] if closed else [file_out(row, fact) for fact in row.files or []],
    }


def file_out(row: Batch, fact: dict[str, Any]) -> dict[str, Any]:
    """A file with its address."""
    return {**fact, "url": absolute(reverse("stories:api:file", args=[row.ref, fact["name"]]))}


@api.get(
    "/batches/{uuid:ref}/files/{path:name}", response={404: Problem, 409: Problem}, url_name="file"
)
def file(request: HttpRequest, ref: UUID, name: str) -> FileResponse:
    """One file of a batch, photos included; each download is on record."""
    found = fetch(request, Batch, ref)
    taken = handing_over.take_file(by=access.person(request), batch=found, name=name)
    if taken is None:
        raise Http404
    sniff = {"X-Content-Type-Options": "nosniff"}
    return FileResponse(taken, headers=sniff, as_attachment=True, filename=name.rsplit("/", 1)[-1])


@api.post(
    "/batches/{uuid:ref}/acknowledge",
    response={200: BatchOut, 400: Problem, 404: Problem, 409: Problem},
    url_name="acknowledge",
)
def acknowledge(request: HttpRequest, ref: UUID, body: Acknowledgement) -> dict[str, Any]:
    """A named person confirms that the batch arrived."""
    found = fetch(request, Batch, ref)
    form = ReceiptForm(body.dict())
    if not form.is_valid():
        raise Refused(words_of(form))
    handing_over.acknowledge(by=access.person(request), batch=found, name=form.cleaned_data["name"])
    return batch_out(fetch(request, Batch, ref))


def words_of(form: ReceiptForm | AnswerForm) -> str:
    """Why a form is not valid, in one line."""
    return " ".join(str(words) for errors in form.errors.values() for words in errors)


@api.get("/recalls", response={200: Recalls, 400: Problem}, url_name="recalls")
def recalls(request: HttpRequest, after: str = "", state: str = "") -> dict[str, Any]:
    """What was asked back, the newest first; `state=asked` leaves out what is answered."""
    if state and state not in RecallState.values:
        raise Refused(f"A recall is in one of these states: {', '.join(RecallState.values)}.")
    own = rows(request, Recall).select_related("item__batch", "story")
    if state:
        own = own.filter(state=state)
    found = one_page(request, own, "-id")
    return {"recalls": [recall_out(row) for row in found.rows], "next": found.next_after}


def recall_out(row: Recall) -> dict[str, Any]:
    """A recall as the API tells it: places and references, no text."""
    return {
        "ref": row.ref,
        "batch": row.item.batch.ref,
        "position": row.item.position,
        "story": row.story.ref,
        "reason": row.reason,
        "state": row.state,
        "asked_at": row.asked_at,
        "answered_at": row.answered_at,
    }


@api.post(
    "/recalls/{uuid:ref}/answer",
    response={200: RecallOut, 400: Problem, 404: Problem, 409: Problem},
    url_name="answer_recall",
)
def answer_recall(request: HttpRequest, ref: UUID, body: Answer) -> dict[str, Any]:
    """Answer a recall; the author and the campaign's leads are told."""
    found = fetch(request, Recall, ref)
    form = AnswerForm({"answer": body.answer, "where": body.words, "why": body.words})
    if not form.is_valid():
        raise Refused(words_of(form))
    handing_over.answer_recall(by=access.person(request), recall=found, answer=form.answer_given())
    return recall_out(fetch(request, Recall, ref))


@api.get("/changes", response={200: Changes, 400: Problem}, url_name="changes")
def changes(request: HttpRequest, after: str = "") -> dict[str, Any]:
    """What happened since a cursor: deliveries and recalls, the oldest first."""
    since, last = cursor_of(after)
    until = settled_until()
    # The permission row shows batches; recalls belong to the same officers.
    delivered = Delivery.objects.filter(
        batch__in=rows(request, Batch), delivered_at__gte=since, delivered_at__lte=until
    )
    asked = Recall.objects.asked_of(access.person(request)).filter(
        partner=partner_of(request), asked_at__gte=since, asked_at__lte=until
    )
    found = sorted(
        [
            *told(delivered.values_list("delivered_at", "batch__ref"), "delivered"),
            *told(asked.values_list("asked_at", "ref"), "recalled"),
        ]
    )
    fresh = [change for change in found if change > (since, *last)][:PAGE]
    following = cursor_for(fresh[-1]) if fresh else after
    return {
        "changes": [{"at": at, "kind": kind, "ref": ref} for at, kind, ref in fresh],
        "next": following,
    }


def told(rows: Any, kind: str) -> Iterator[tuple[dt.datetime, str, str]]:
    """The first changes of a kind, as triples that sort by time; `rows` gives time and reference."""
    return ((at, kind, str(ref)) for at, ref in rows.order_by(*rows._fields)[: 2 * PAGE])


def cursor_for(change: tuple[dt.datetime, str, str]) -> str:
    """The cursor behind a change."""
    at, kind, ref = change
    return f"{at.isoformat()}~{kind}~{ref}"


def cursor_of(text: str) -> tuple[dt.datetime, tuple[str, str]]:
    """Where a cursor stands; Refused where it is none of ours. Empty: before everything."""
    if not text:
        return dt.datetime(1970, 1, 1, tzinfo=dt.UTC), ("", "")
    # A plus sign that was not escaped arrives as a space.
    at, _, rest = text.replace(" ", "+").partition("~")
    kind, _, ref = rest.partition("~")
    try:
        moment = dt.datetime.fromisoformat(at)
        aware = moment.tzinfo is not None
        moment = moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        aware = False
    if not aware:
        raise Refused(NO_CURSOR)
    return moment, (kind, ref)
