"""The partner's inbox: the batches that were delivered, their files, and the acknowledgement."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from campaigns.models import PartnerUser
from portal import access
from portal.errors import TooLate
from portal.models import User
from portal.paging import page
from stories import verification
from stories.forms.handing_over import ReceiptForm
from stories.forms.library import NAME_LABELS, USE_LABELS
from stories.models import Batch, Item, Recall
from stories.states import BatchState
from stories.verbs import handing_over
from stories.views.library import of_own_partners

#: The inbox's views: what each one asks of a batch.
SHOWN: dict[str, tuple[str, Q]] = {
    "all": ("All", Q()),
    "new": ("To acknowledge", Q(state=BatchState.DELIVERED, closed_at=None)),
    "acknowledged": ("Acknowledged", Q(state=BatchState.ACKNOWLEDGED)),
    "closed": ("Closed", Q(closed_at__isnull=False)),
}
#: What each file of a batch is for.
ABOUT_FILES = {
    ".zip": "Everything in one file, with the photos",
    "stories.csv": "The stories for a spreadsheet",
    "stories.json": "The stories with their exact text",
    "manifest.json": "What the batch holds and what each story may be used for",
    "manifest.json.sig": "The signature of the manifest",
    "SHA256SUMS": "The hash of every file",
}
LAST_DOWNLOADS = 20
RECALLS_ON_TOP = 10


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """What was delivered, the newest first; above it the recalls that wait for an answer."""
    user = access.person(request)
    shown = request.GET.get("show", "all")
    condition = SHOWN.get(shown, SHOWN["all"])[1]
    batches = (
        access.rows(request, Batch)
        .filter(condition)
        .select_related("campaign", "partner", "receipt__by")
        .prefetch_related("deliveries")
    )
    return render(
        request,
        "stories/partner/inbox.html",
        {
            "page": page(request, batches, ("-sealed_at", "-id"), apart=of_own_partners(user)),
            "views": [(key, label) for key, (label, _) in SHOWN.items()],
            "shown": shown if shown in SHOWN else "all",
            "recalls": unanswered(user)[: RECALLS_ON_TOP + 1],
            "recalls_on_top": RECALLS_ON_TOP,
            "colleagues": colleagues(user),
        },
    )


def unanswered(user: User) -> QuerySet[Recall]:
    """The recalls that a partner user's organization still has to answer, the oldest first."""
    recalls = Recall.objects.asked_of(user).unanswered()
    return recalls.select_related("item__batch__campaign").order_by("pk")


def colleagues(user: User) -> QuerySet[PartnerUser]:
    """The officers of a person's own partners."""
    own = PartnerUser.objects.filter(partner__officers__user=user)
    return own.select_related("user", "partner").order_by("partner__name", "user__name")


@require_safe
def batch(request: HttpRequest, ref: UUID) -> HttpResponse:
    """One batch: what it holds, who fetched it, its files, how to verify it, the acknowledgement."""
    found = access.fetch(request, Batch, ref=ref)
    return batch_page(request, found, ReceiptForm(initial={"name": access.person(request).name}))


def batch_page(
    request: HttpRequest, found: Batch, form: ReceiptForm, *, problem: str = "", status: int = 200
) -> HttpResponse:
    """The page of a batch, with the form as it was typed."""
    items = Item.objects.filter(batch=found)
    return render(
        request,
        "stories/partner/batch.html",
        {
            "batch": found,
            "receipt": getattr(found, "receipt", None),
            "delivery": found.deliveries.filter(delivered_at__isnull=False).first(),
            "states": items.values_list("story__us_state").annotate(n=Count("pk")).order_by("-n"),
            **permissions(items),
            "usable": items.live().count(),
            "files": [
                {**fact, "about": ABOUT_FILES.get(fact["name"]) or ABOUT_FILES[".zip"]}
                for fact in found.files or []
            ],
            "downloads": found.downloads.select_related("by").order_by("-pk")[:LAST_DOWNLOADS],
            "recalls": found_recalls(found),
            "form": form,
            "problem": problem,
        },
        status=status,
    )


def permissions(items: QuerySet[Item]) -> dict[str, list[tuple[str, int]]]:
    """How many of a batch's stories may be used for what, and are shown under which name."""
    counted = items.aggregate(
        **{use: Count("pk", filter=Q(**{f"consent__{use}": True})) for use in USE_LABELS},
        **{f"name_{name}": Count("pk", filter=Q(consent__name_shown=name)) for name in NAME_LABELS},
    )
    return {
        "uses": [(label, counted[use]) for use, label in USE_LABELS.items()],
        "names": [(label, counted[f"name_{name}"]) for name, label in NAME_LABELS.items()],
    }


def found_recalls(found: Batch) -> QuerySet[Recall]:
    """The recalls of a batch's items that the partner was asked about."""
    recalls = Recall.objects.filter(item__batch=found).asked()
    return recalls.select_related("item").order_by("pk")


@require_safe
def batch_file(request: HttpRequest, ref: UUID, name: str) -> FileResponse:
    """One file, streamed; that it was taken is on record before its first byte leaves."""
    found = access.fetch(request, Batch, ref=ref)
    file = handing_over.take_file(by=access.person(request), batch=found, name=name)
    if file is None:
        raise Http404
    return as_attachment(file.name, file)


def as_attachment(path: str, file: object) -> FileResponse:
    """A file to save and never to show: partners' browsers must not run what a story says."""
    response = FileResponse(file, as_attachment=True, filename=path.rsplit("/", 1)[-1])
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
def acknowledge(request: HttpRequest, ref: UUID) -> HttpResponse:
    """A named person confirms that the batch arrived."""
    found = access.fetch(request, Batch, ref=ref)
    form = ReceiptForm(request.POST)
    if not form.is_valid():
        return batch_page(request, found, form, status=400)
    try:
        handing_over.acknowledge(
            by=access.person(request), batch=found, name=form.cleaned_data["name"]
        )
    except TooLate as problem:
        found = access.fetch(request, Batch, ref=ref)
        return batch_page(request, found, form, problem=str(problem), status=409)
    messages.success(
        request,
        f"Batch {found.number} is acknowledged. The campaign’s lead has been told, and each author can "
        "see that their story reached you.",
    )
    return redirect("stories:batch", found.ref)


@require_safe
def verify_script(request: HttpRequest) -> FileResponse:
    """The stand-alone script that checks a batch; anybody may have it."""
    response = FileResponse(
        open(verification.__file__, "rb"),  # noqa: SIM115 (the response closes it)
        content_type="text/x-python; charset=utf-8",
        as_attachment=True,
        filename="verify_batch.py",
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response
