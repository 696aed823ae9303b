"""The partner's library: every story that it may use now, to read, cite and take along."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, cast

from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from portal import access
from portal.models import User
from portal.paging import Page, page
from portal.tallies import tally_of
from stories.forms.library import USE_LABELS, LibraryFilter
from stories.models import Item
from stories.querysets import ItemQuerySet
from stories.rules.citation import citation
from stories.rules.formats import FORMATS
from stories.rules.formats.lines import disclosed, lines_of
from stories.verbs import batch_files, handing_over

CHUNK = 500

#: What the record of downloads calls the page with every text on it.
SHEET = "stories in full on one page"


@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """The stories that fit the filters, the newest first. Of each batch, it is on record who saw it first."""
    form, user = filter_of(request), access.person(request)
    items, words, left_out = narrowed(request, form), form.words, form.left_out()
    found = one_page(request, items, form)
    shown = handing_over.read_list(by=user, items=found.rows)
    return render(
        request,
        "stories/partner/library.html",
        {
            "form": form,
            "page": found,
            "stories": [(item, disclosed(item)) for item in shown],
            "of_several": len({item.batch.campaign_id for item in shown}) > 1,
            "count": words.tallies({"found": items}, user)["found"] if words else tally_of(items),
            "formats": list(FORMATS),
            "kept": query_of(request, "after", *left_out),
            "sheet_query": query_of(request, *left_out),
            "left_out": [form[name].label for name in left_out],
        },
    )


def narrowed(request: HttpRequest, form: LibraryFilter) -> ItemQuerySet[Item]:
    """Every story that the person may use now and that fits the filters, whatever words are searched."""
    return cast("ItemQuerySet[Item]", form.narrow(access.rows(request, Item)))


def one_page(request: HttpRequest, items: ItemQuerySet[Item], form: LibraryFilter) -> Page[Item]:
    """The page of the address: those of `items` that hold the words, the newest first."""
    own = of_own_partners(access.person(request))
    return page(request, items.in_full(), ("-id",), apart=own, search=form.words or None)


@require_safe
def library_sheet(request: HttpRequest) -> HttpResponse:
    """The stories of one page of the list in full, each under its permission: to read, copy and print.

    That they were taken is on record first; what is taken back in that moment is not among them.
    """
    form = filter_of(request)
    if form.left_out():
        return as_list(request)
    found = one_page(request, narrowed(request, form), form)
    items = Item.objects.live().filter(pk__in=[item.pk for item in found.rows])
    taken = handing_over.record_selection(by=access.person(request), items=items, file=SHEET)
    lines = [(item, disclosed(item)) for item in taken.in_full().order_by("-pk")]
    filters = form.in_words()
    if "batch" in form.asked() and lines:
        filters.append(f"Batch: {lines[0][0].batch.number}")
    return render(
        request,
        "stories/partner/sheet.html",
        {
            "page": found,
            "filters": filters,
            "stories": [
                (item, story, citation(story, item.batch.number, item.position))
                for item, story in lines
            ],
        },
    )


def of_own_partners(user: User) -> list[Q]:
    """A condition for each partner that a person serves: the items of one are in order already."""
    return [Q(partner=partner) for partner in user.serves.values_list("partner", flat=True)]


def selected(request: HttpRequest, form: LibraryFilter) -> ItemQuerySet[Item]:
    """Every story that the person may use now and that fits the filters and holds the words."""
    return narrowed(request, form).filter(form.words.by_index())


def filter_of(request: HttpRequest) -> LibraryFilter:
    """The filters of the address, with the campaigns whose batches the person's partner receives."""
    campaigns = Campaign.objects.filter(
        partnerships__partner__officers__user=access.person(request)
    )
    return LibraryFilter(request.GET, campaigns=campaigns.distinct().order_by("name"))


def query_of(request: HttpRequest, *without: str) -> str:
    """The address's query without some names, for the links that take the selection along."""
    query = request.GET.copy()
    for name in without:
        query.pop(name, None)
    return query.urlencode()


def as_list(request: HttpRequest) -> HttpResponse:
    """To the list with the same filters, which says what it could not read: nobody takes more than they meant."""
    return redirect(f"{reverse('stories:library')}?{request.GET.urlencode()}")


@require_safe
def library_story(request: HttpRequest, number: int) -> HttpResponse:
    """One story to read, and what may be done with it. That it was read is on record."""
    item = one(request, number)
    handing_over.read_story(by=access.person(request), item=item)
    story = disclosed(item)
    return render(
        request,
        "stories/partner/story.html",
        {
            "item": item,
            "story": story,
            "uses": [(label, use in story.uses) for use, label in USE_LABELS.items()],
            "citation": citation(story, item.batch.number, item.position),
        },
    )


def one(request: HttpRequest, number: int) -> Item:
    """The item that the address names, with all that is shown of it."""
    found = access.fetch(request, Item, pk=number)
    return Item.objects.in_full().get(pk=found.pk)


@require_safe
def library_photo(request: HttpRequest, number: int) -> FileResponse:
    """The picture of a story whose permission lets it travel."""
    item = one(request, number)
    photo = item.accepted.revision.photo
    if photo is None or disclosed(item).photo is None:
        raise Http404
    handing_over.read_story(by=access.person(request), item=item)
    response = FileResponse(
        photo.file.open("rb"),
        content_type="image/jpeg",
        as_attachment="save" in request.GET,
        filename=f"batch-{item.batch.number}-{item.position}.jpg",
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
def library_export(request: HttpRequest, suffix: str) -> HttpResponse | StreamingHttpResponse:
    """The filtered stories as a file; that they were taken is on record first.

    It is whole before the first byte leaves, so that what fails fails in words and not in half a file.
    """
    form, asked = FORMATS.get(suffix), filter_of(request)
    if form is None:
        raise Http404
    if asked.left_out():
        return as_list(request)
    name = f"storybank-selection.{form.suffix}"
    items = handing_over.record_selection(
        by=access.person(request), items=selected(request, asked), file=name
    )
    spool = batch_files.nameless()
    export = form.begin(spool)
    for chunk in in_chunks(items):
        export.add(list(lines_of(chunk, with_photo_file=False)))
    spool.flush()
    response = StreamingHttpResponse(
        closing(spool, export.pieces()), content_type=form.content_type
    )
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def closing(spool: BinaryIO, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces; the file that they come from ends with them."""
    with spool:
        yield from pieces


def in_chunks(items: ItemQuerySet[Item]) -> Iterator[ItemQuerySet[Item]]:
    """The items by key, a chunk at a time. A story that is taken back meanwhile is not in the next chunk."""
    keys = items.order_by("pk").values_list("pk", flat=True)
    last = 0
    while chunk := list(keys.filter(pk__gt=last)[:CHUNK]):
        yield Item.objects.live().filter(pk__in=chunk).order_by("pk")
        last = chunk[-1]
