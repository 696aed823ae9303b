"""Where people live and work: boundary sets, ZIPs, institutions, and a member's own places."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from campaigns.querysets import InstitutionQuerySet, ZipAreaQuerySet

if TYPE_CHECKING:
    from campaigns.models.people import Member


class BoundarySet(models.Model):
    """One edition of the map from ZIPs to states and districts, e.g. that of the 119th Congress."""

    name = models.CharField(max_length=100, unique=True)
    source = models.CharField(max_length=300)
    licence = models.CharField(max_length=100)
    loaded_at = models.DateTimeField(default=timezone.now)
    is_current = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_current"], condition=Q(is_current=True), name="one_current_boundary_set"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ZipArea(models.Model):
    """One part of one ZIP: a state and, where the source knows it, a congressional district.

    A ZIP in several districts or states has several rows. `district` is None where the ZIP is a
    post-office box, a single building or military, of which the Census draws no area; 0 is at large.
    """

    boundaries = models.ForeignKey(BoundarySet, on_delete=models.CASCADE)
    zip = models.CharField(max_length=5)
    state = models.CharField(max_length=2)
    district = models.PositiveSmallIntegerField(null=True)
    city = models.CharField(max_length=60, blank=True)

    objects: ClassVar[ZipAreaQuerySet[ZipArea]] = ZipAreaQuerySet["ZipArea"].as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["boundaries", "zip", "state", "district"], name="zip_area_once"
            ),
            models.UniqueConstraint(
                fields=["boundaries", "zip", "state"],
                condition=Q(district=None),
                name="zip_area_without_district_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.zip} {self.state} {self.district}"


class Institution(models.Model):
    """A college, university or other institution that is suggested while a member types."""

    source_id = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=150)
    aliases = models.CharField(max_length=600, blank=True)
    city = models.CharField(max_length=60)
    state = models.CharField(max_length=2)
    zip = models.CharField(max_length=5)
    # What the suggestion box searches; see campaigns.rules.institutions.searchable.
    searchable = models.CharField(max_length=800)

    objects: ClassVar[InstitutionQuerySet[Institution]] = InstitutionQuerySet[
        "Institution"
    ].as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [models.Index(fields=["name", "id"], name="institution_by_name")]

    def __str__(self) -> str:
        return self.name


class PlaceKind(models.TextChoices):
    """The two places that a member has."""

    HOME = "home", "home"
    WORK = "work", "work"


class Place(models.Model):
    """Where a member lives or works, as ZIP, state and district; never a street address.

    `state` is empty while the ZIP lies in several states and the member has not chosen one;
    `district` is None while it is unknown or not chosen. `ambiguous` says that a choice is open.
    `boundaries` is the set that the match was made with.
    """

    member = models.ForeignKey("campaigns.Member", on_delete=models.CASCADE, related_name="places")
    kind = models.CharField(max_length=4, choices=PlaceKind)
    zip = models.CharField(max_length=5, blank=True)
    state = models.CharField(max_length=2, blank=True)
    district = models.PositiveSmallIntegerField(null=True, blank=True)
    ambiguous = models.BooleanField(default=False)
    institution = models.ForeignKey(Institution, null=True, blank=True, on_delete=models.SET_NULL)
    institution_name = models.CharField(max_length=150, blank=True)
    boundaries = models.ForeignKey(BoundarySet, null=True, on_delete=models.PROTECT)
    # A member's own word stands above a roster's, also when the roster is imported again.
    said_by_member = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "kind"], name="one_place_of_a_kind")
        ]
        indexes = [models.Index(fields=["state", "kind", "member"], name="place_by_state")]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


def places_of(member: Member) -> dict[str, Place]:
    """A member's places by kind, in one query."""
    return {place.kind: place for place in member.places.all()}
