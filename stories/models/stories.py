"""What is told and judged: stories, their drafts and revisions, and what coordinators say of them."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from campaigns.models import Campaign, Member, Participation, Society
from portal.models import User
from stories.querysets import ImportedStoryQuerySet, StoryQuerySet
from stories.states import StoryState


class Tag(models.Model):
    """A society's own word for finding stories again."""

    society = models.ForeignKey(Society, on_delete=models.CASCADE)
    name = models.CharField(max_length=40)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["society", "name"], name="tag_once")]

    def __str__(self) -> str:
        return self.name


class Photo(models.Model):
    """One picture: upright, re-encoded, without metadata. The file's name tells nothing."""

    file = models.FileField(upload_to="photos/")
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    # What the picture shows, for those who cannot see it; the author's words.
    description = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"photo {self.pk}"


class Story(models.Model):
    """What a member tells in a campaign.

    `current_revision` is what is being judged, `approved_revision` what was approved last; what leaves
    is the approved one, and only while the state is approved. Place and society are as they were on
    joining.
    """

    ref = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="stories")
    participation = models.ForeignKey(
        Participation, on_delete=models.PROTECT, related_name="stories"
    )
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="stories")
    society = models.ForeignKey(Society, on_delete=models.PROTECT, related_name="stories")
    us_state = models.CharField("state", max_length=2)
    district = models.PositiveSmallIntegerField(null=True, blank=True)
    state = models.CharField("status", max_length=20, choices=StoryState, default=StoryState.DRAFT)
    current_revision = models.ForeignKey(
        "Revision", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_revision = models.ForeignKey(
        "Revision", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    claimed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    tags = models.ManyToManyField(Tag, blank=True, related_name="stories")

    objects: ClassVar[StoryQuerySet[Story]] = StoryQuerySet["Story"].as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "stories"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=StoryState.APPROVED) | Q(approved_revision__isnull=False),
                name="approved_story_has_approved_revision",
            )
        ]
        indexes = [
            models.Index(fields=["society", "-submitted_at", "-id"], name="story_queue"),
            models.Index(
                fields=["society", "state", "-submitted_at", "-id"], name="story_queue_state"
            ),
            # The queue's filters. Phases open state by state, so that what a filter asks for is not
            # spread evenly over a queue, and looking through it row by row could take all of it.
            models.Index(
                fields=["society", "state", "us_state", "-submitted_at", "-id"],
                name="story_queue_us_state",
            ),
            models.Index(
                fields=["society", "state", "us_state", "district", "-submitted_at", "-id"],
                name="story_queue_district",
            ),
            models.Index(
                fields=["society", "state", "campaign", "-submitted_at", "-id"],
                name="story_queue_campaign",
            ),
            models.Index(fields=["campaign", "state", "id"], name="story_of_campaign"),
            models.Index(
                fields=["campaign", "state", "us_state", "id"], name="story_of_campaign_us_state"
            ),
            models.Index(fields=["member", "-id"], name="story_of_member"),
        ]

    def __str__(self) -> str:
        return f"story {self.ref}"


class Draft(models.Model):
    """The author's working copy, saved while they type; it becomes a revision when it is submitted.

    `answers` maps a prompt's id to what was typed, valid or not; `naming` and `consents` hold the
    form's other fields in the same raw way. `version` counts saves, so that a second window cannot
    silently overwrite the first.
    """

    story = models.OneToOneField(Story, on_delete=models.CASCADE, related_name="draft")
    hook = models.TextField(blank=True)
    answers = models.JSONField(default=dict)
    naming = models.JSONField(default=dict)
    consents = models.JSONField(default=dict)
    photo = models.ForeignKey(Photo, null=True, blank=True, on_delete=models.SET_NULL)
    version = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"draft of {self.story_id}"


class RevisionKind(models.TextChoices):
    """Whose words a revision are."""

    AUTHOR = "author", "written by the author"
    EDIT = "edit", "edited by a coordinator"


class Revision(models.Model):
    """One text of a story, immutable and hashed.

    `answers` is a list, in the form's order, of {"prompt": id, "kind", "label", "value"}; the labels
    are kept because prompts may change. `sha256` covers hook, answers and the photo's own hash, and
    nothing of who wrote it: a hash over a name would let a partner test names against it.
    """

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=RevisionKind)
    hook = models.CharField(max_length=140)
    answers = models.JSONField()
    photo = models.ForeignKey(Photo, null=True, blank=True, on_delete=models.PROTECT)
    sha256 = models.CharField(max_length=64)
    # Hook and text answers in lower case: what every search box looks in. On PostgreSQL a migration
    # makes an index of it; it stands here and not in the story because a revision never changes, so
    # that no approval and no claim writes the text into the index anew.
    searchable = models.TextField(blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # What the coordinator says to the author about an edit.
    remark = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["story", "number"], name="revision_number_once")
        ]

    def __str__(self) -> str:
        return f"revision {self.number} of story {self.story_id}"


class Acceptance(models.Model):
    """That the author stands by the exact text of a revision: by submitting it, or by sign-off.

    A batch item points here and not at the revision, so that the database itself lets nothing leave
    that its author has not accepted. The primary key is the revision's.
    """

    revision = models.OneToOneField(Revision, on_delete=models.CASCADE, primary_key=True)
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"acceptance of revision {self.revision_id}"


class DecisionKind(models.TextChoices):
    """What a coordinator decided."""

    APPROVE = "approve", "approved"
    ASK_CHANGES = "ask_changes", "changes requested"
    DECLINE = "decline", "declined"


class Decision(models.Model):
    """One decision about one revision, with the reason that the author reads."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="decisions")
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE)
    kind = models.CharField(max_length=12, choices=DecisionKind)
    reason = models.TextField(blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind} of story {self.story_id}"


class Note(models.Model):
    """A coordinator's internal note; the author and the partners never see it."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"note {self.pk}"


class ImportedStory(models.Model):
    """One row of a survey tool's file. It has no consent and waits for its author.

    `row` is the original, header by header. Once the author has signed in and opened it, `story` is
    the draft that was made from it, and the ordinary form asks for the rest.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="imported")
    society = models.ForeignKey(Society, on_delete=models.CASCADE)
    email = models.EmailField(max_length=254, blank=True)
    line = models.PositiveIntegerField()
    row = models.JSONField()
    hook = models.TextField(blank=True)
    answers = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64)
    imported_at = models.DateTimeField(default=timezone.now)
    story = models.OneToOneField(
        Story, null=True, blank=True, on_delete=models.SET_NULL, related_name="imported_from"
    )

    objects: ClassVar[ImportedStoryQuerySet[ImportedStory]] = ImportedStoryQuerySet[
        "ImportedStory"
    ].as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "imported stories"
        constraints = [
            models.UniqueConstraint(fields=["campaign", "sha256"], name="imported_row_once")
        ]
        indexes = [models.Index(fields=["email"], name="imported_for_address")]

    def __str__(self) -> str:
        return f"imported row {self.line}"
