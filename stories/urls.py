"""The addresses of this package, one list a door."""

from __future__ import annotations

from django.urls import URLPattern, path

from stories.views import review

app_name = "stories"

member_urls: list[URLPattern] = []
review_urls: list[URLPattern] = [
    path("review/", review.queue, name="queue"),
    path("review/next/", review.take_next, name="take_next"),
    path("review/<uuid:ref>/", review.review, name="review"),
    path("review/<uuid:ref>/claim/", review.claim, name="claim"),
    path("review/<uuid:ref>/hand-back/", review.hand_back, name="hand_back"),
    path("review/<uuid:ref>/note/", review.note, name="note"),
    path("review/<uuid:ref>/tags/", review.tags, name="tags"),
    path("review/<uuid:ref>/edit/", review.edit, name="edit"),
    path("review/<uuid:ref>/approve/", review.approve, name="approve"),
    path("review/<uuid:ref>/ask-changes/", review.ask_changes, name="ask_changes"),
    path("review/<uuid:ref>/decline/", review.decline, name="decline"),
    path("review/<uuid:ref>/photo/<int:number>/", review.review_photo, name="review_photo"),
]
lead_urls: list[URLPattern] = []
partner_urls: list[URLPattern] = []

urlpatterns = member_urls + review_urls + lead_urls + partner_urls
