"""The operators' page: how the post and the background work are doing, and what was given up."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from portal import access
from portal.models import Job, Message
from portal.paging import page
from portal.post import beats, counting, retries


@require_safe
def operator(request: HttpRequest) -> HttpResponse:
    """Counts, ages and heartbeats."""
    context = {
        "post": counting.post_now(),
        "post_put_back": counting.messages_put_back(),
        "work": counting.work_now(),
        "work_put_back": counting.jobs_put_back(),
        "most_attempts": counting.MOST_ATTEMPTS,
        "now": timezone.now(),
        "beats": counting.beats_now(settings.QUEUES),
        "silent_seconds": beats.SILENT_SECONDS,
    }
    return render(request, "portal/operator/overview.html", context)


@require_safe
def given_up_messages(request: HttpRequest) -> HttpResponse:
    """Messages that were given up: what kind and why, without their words."""
    listed = page(request, access.rows(request, Message), ("-failed_at", "-id"))
    context = {"page": listed, "retry_all_url": reverse("retry_messages")}
    return render(request, "portal/operator/messages.html", context)


@require_safe
def given_up_jobs(request: HttpRequest) -> HttpResponse:
    """Jobs that were given up."""
    listed = page(request, access.rows(request, Job), ("-failed_at", "-id"))
    context = {"page": listed, "retry_all_url": reverse("retry_jobs")}
    return render(request, "portal/operator/jobs.html", context)


@require_POST
def retry_message(request: HttpRequest, pk: int) -> HttpResponseRedirect:
    """Send one message again."""
    message = access.fetch(request, Message, pk=pk)
    retries.retry_message(by=access.person(request), message=message)
    messages.success(request, "The message will be sent again within a minute.")
    return redirect("given_up_messages")


@require_POST
def retry_messages(request: HttpRequest) -> HttpResponseRedirect:
    """Send all of them again."""
    count = retries.retry_messages(by=access.person(request))
    messages.success(request, f"{counting.counted(count, 'message')} will be sent again.")
    return redirect("given_up_messages")


@require_POST
def retry_job(request: HttpRequest, pk: int) -> HttpResponseRedirect:
    """Start one job again."""
    job = access.fetch(request, Job, pk=pk)
    retries.retry_job(by=access.person(request), job=job)
    messages.success(request, "The job goes on where it was cut off, within a minute.")
    return redirect("given_up_jobs")


@require_POST
def retry_jobs(request: HttpRequest) -> HttpResponseRedirect:
    """Start all of them again."""
    count = retries.retry_jobs(by=access.person(request))
    messages.success(request, f"{counting.counted(count, 'job')} will go on.")
    return redirect("given_up_jobs")
