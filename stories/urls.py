"""The addresses of this package, one list a door."""

from __future__ import annotations

from django.urls import URLPattern, path

from stories.api import api
from stories.views import (
    batches,
    consents,
    coverage,
    inbox,
    lead_stories,
    library,
    my_stories,
    photos,
    queue,
    recalls,
    review,
    sign_off,
    tokens,
    withdrawing,
    writing,
)

app_name = "stories"

member_urls: list[URLPattern] = [
    path("stories/", my_stories.mine, name="mine"),
    path("stories/begin/<slug:slug>/", writing.begin, name="begin"),
    path("stories/imported/<int:pk>/", writing.adopt, name="adopt"),
    path("stories/<uuid:ref>/", my_stories.story, name="story"),
    path("stories/<uuid:ref>/write/", writing.write, name="write"),
    path("stories/<uuid:ref>/save/", writing.save, name="save"),
    path("stories/<uuid:ref>/photo/", photos.photo, name="photo"),
    path("stories/<uuid:ref>/photo/remove/", photos.photo_remove, name="photo_remove"),
    path("stories/<uuid:ref>/photo/<int:pk>/", photos.photo_file, name="photo_file"),
    path("stories/<uuid:ref>/preview/", writing.preview, name="preview"),
    path("stories/<uuid:ref>/submit/", writing.submit, name="submit"),
    path("stories/<uuid:ref>/sign-off/", sign_off.sign_off, name="sign_off"),
    path("stories/<uuid:ref>/sign-off/accept/", sign_off.accept_edit, name="accept_edit"),
    path("stories/<uuid:ref>/sign-off/refuse/", sign_off.refuse_edit, name="refuse_edit"),
    path("stories/<uuid:ref>/consents/", consents.consents, name="consents"),
    path("stories/<uuid:ref>/withdraw/", withdrawing.withdraw, name="withdraw"),
]
review_urls: list[URLPattern] = [
    path("review/", queue.queue, name="queue"),
    path("review/next/", queue.take_next, name="take_next"),
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
lead_urls: list[URLPattern] = [
    path("lead/batches/", batches.lead_campaigns, name="lead_campaigns"),
    path("lead/<slug:slug>/batches/", batches.lead_batches, name="lead_batches"),
    path("lead/<slug:slug>/batches/next/<slug:partner>/", batches.lead_next, name="lead_next"),
    path("lead/<slug:slug>/batches/next/<slug:partner>/seal/", batches.seal, name="seal"),
    path("lead/batches/<uuid:ref>/", batches.lead_batch, name="lead_batch"),
    path("lead/<slug:slug>/coverage/", coverage.coverage, name="coverage"),
    path("lead/<slug:slug>/stories/", lead_stories.lead_stories, name="lead_stories"),
    path("lead/stories/<uuid:ref>/", lead_stories.lead_story, name="lead_story"),
    path(
        "lead/stories/<uuid:ref>/photo/<slug:partner>/", lead_stories.lead_photo, name="lead_photo"
    ),
]
partner_urls: list[URLPattern] = [
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/stories/", library.library, name="library"),
    path("inbox/stories/sheet/", library.library_sheet, name="library_sheet"),
    path("inbox/stories/export/<slug:suffix>/", library.library_export, name="library_export"),
    path("inbox/stories/<int:number>/", library.library_story, name="library_story"),
    path("inbox/stories/<int:number>/photo/", library.library_photo, name="library_photo"),
    path("inbox/recalls/", recalls.recalls, name="recalls"),
    path("inbox/recalls/<uuid:ref>/", recalls.recall, name="recall"),
    path("inbox/recalls/<uuid:ref>/answer/", recalls.answer_recall, name="answer_recall"),
    path("inbox/<uuid:ref>/", inbox.batch, name="batch"),
    path("inbox/<uuid:ref>/files/<path:name>", inbox.batch_file, name="batch_file"),
    path("inbox/<uuid:ref>/acknowledge/", inbox.acknowledge, name="acknowledge"),
    path("inbox/tokens/", tokens.tokens, name="tokens"),
    path("inbox/tokens/<int:pk>/revoke/", tokens.revoke_token, name="revoke_token"),
    path("verify_batch.py", inbox.verify_script, name="verify_script"),
]

urlpatterns = [
    *member_urls,
    *review_urls,
    *lead_urls,
    *partner_urls,
    path("api/v1/", api.urls),
]
