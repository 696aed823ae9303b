"""Societies and partners, and the ties that people have to them."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from campaigns.querysets import MemberQuerySet, RosterQuerySet
from campaigns.states import RequestState
from portal.models import User


class Society(models.Model):
    """A member organisation with a roster of members and its own coordinators."""

    name = models.CharField(max_length=150, unique=True)
    short_name = models.CharField(max_length=30, unique=True)
    slug = models.SlugField(max_length=50, unique=True)

    class Meta:
        verbose_name_plural = "societies"

    def __str__(self) -> str:
        return self.name


class Notices(models.TextChoices):
    """How a coordinator wants to hear of new stories."""

    AT_ONCE = "at_once", "at once, one e-mail a story"
    DAILY = "daily", "once a day, in one e-mail"
    OFF = "off", "not by e-mail"


class Coordinator(models.Model):
    """Society staff: reviews own members' stories."""

    society = models.ForeignKey(Society, on_delete=models.CASCADE, related_name="coordinators")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="coordinates")
    notices = models.CharField(max_length=10, choices=Notices, default=Notices.AT_ONCE)
    may_create_campaigns = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["society", "user"], name="coordinator_once")]

    def __str__(self) -> str:
        return f"{self.user} of {self.society}"


class Partner(models.Model):
    """An alliance organisation that receives batches."""

    name = models.CharField(max_length=150, unique=True)
    slug = models.SlugField(max_length=50, unique=True)

    def __str__(self) -> str:
        return self.name


class PartnerUser(models.Model):
    """An officer of a partner: reads batches, acknowledges them, answers recalls."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="officers")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="serves")
    title = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "user"], name="partner_user_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} of {self.partner}"


class Member(models.Model):
    """A person on a society's roster; may belong to several societies, and is one person all the same.

    `email` is the address that societies know; `user` is set once the person has signed in and proved
    that the address is theirs.
    """

    email = models.EmailField(max_length=254, unique=True)
    user = models.OneToOneField(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="member"
    )
    given_name = models.CharField(max_length=100, blank=True)
    family_name = models.CharField(max_length=100, blank=True)
    # The handle of links in mail: unsubscribe and invitation pages open with it, nothing else does.
    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    no_invitations_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[MemberQuerySet[Member]] = MemberQuerySet["Member"].as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="member_email_in_lower_case"
            )
        ]

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}".strip() or self.email


class FormerToken(models.Model):
    """The handle of a record that became one with another: links in mail that was sent before still work."""

    token = models.UUIDField(unique=True)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="former_tokens")

    def __str__(self) -> str:
        return f"former token {self.pk}"


class RosterEntry(models.Model):
    """That a person is on a society's roster, under the address that this society knows."""

    society = models.ForeignKey(Society, on_delete=models.CASCADE, related_name="roster")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="entries")
    email = models.EmailField(max_length=254)
    number = models.CharField("membership number", max_length=50, blank=True)
    joined_at = models.DateTimeField(default=timezone.now)
    left_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[RosterQuerySet[RosterEntry]] = RosterQuerySet["RosterEntry"].as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "roster entries"
        constraints = [
            models.UniqueConstraint(fields=["society", "email"], name="roster_address_once"),
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="roster_email_in_lower_case"
            ),
        ]
        indexes = [
            models.Index(fields=["society", "id"], name="roster_of_society"),
            models.Index(fields=["society", "id"], name="roster_here", condition=Q(left_at=None)),
        ]

    def __str__(self) -> str:
        return f"entry {self.pk} of {self.society}"


class MembershipRequest(models.Model):
    """A person's request to be added to a society's roster, which its coordinators decide."""

    society = models.ForeignKey(Society, on_delete=models.CASCADE, related_name="requests")
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    note = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=RequestState, default=RequestState.ASKED)
    asked_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "request"
        constraints = [
            models.UniqueConstraint(
                fields=["society", "user"],
                condition=Q(state=RequestState.ASKED),
                name="one_waiting_request",
            )
        ]

    def __str__(self) -> str:
        return f"request {self.pk}"


class RosterImport(models.Model):
    """One file that a coordinator brought, its dry run and, once confirmed, its import.

    The file is deleted when the import is done; the report keeps line numbers and reasons.
    """

    society = models.ForeignKey(Society, on_delete=models.CASCADE)
    by = models.ForeignKey(User, on_delete=models.PROTECT)
    file = models.FileField(upload_to="roster_imports/", blank=True)
    header_map = models.JSONField(default=dict, blank=True)
    # Whether the file is the whole roster, so that whoever is missing from it has left.
    complete = models.BooleanField(default=False)
    counts = models.JSONField(default=dict, blank=True)
    report = models.JSONField(default=list, blank=True)
    # Why the file could not be read, in words.
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    imported_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"roster import {self.pk}"
