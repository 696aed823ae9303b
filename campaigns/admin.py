"""The operators' admin: organisations, and who acts for them. Rosters and members are not shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest

from campaigns.models import BoundarySet, Coordinator, Partner, PartnerUser, Society
from campaigns.verbs.taking_part import remove_coordinator
from portal import access, audit
from portal.admin import ForOperators, Record


class Kept(ForOperators):
    """Made and changed by operators, each time with an audit line that names ids alone."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Operators make them."""
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Operators change them."""
        return True

    def save_model(
        self, request: HttpRequest, obj: models.Model, form: ModelForm[Any], change: bool
    ) -> None:
        """Save in the admin's own transaction, with its audit line."""
        super().save_model(request, obj, form, change)
        verb = f"{'change' if change else 'make'}_{obj._meta.model_name}"
        changed = sorted(form.changed_data)
        audit.record(access.person(request), verb, obj, changed=changed, **_ids(obj))


class Chosen(AutocompleteSelect):
    """A choice among many rows, empty where what was sent is no row's number: Django's own breaks then."""

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> Any:
        """The options that are chosen."""
        most = models.BigIntegerField.MAX_BIGINT
        return super().optgroups(name, [n for n in value if n.isdecimal() and int(n) <= most], attr)


class Tie(Kept):
    """A person's tie to an organisation; it can be taken away again, and is never handed to another."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Whom it ties to what stays as it was made."""
        return tuple(self.autocomplete_fields) if obj else ()

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """The person and the organisation are found by typing."""
        kwargs["widget"] = Chosen(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Operators take ties away."""
        return True

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        """Take one tie away, with its audit line."""
        verb = f"remove_{obj._meta.model_name}"
        audit.record(access.person(request), verb, obj, **_ids(obj))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        """Take several ties away, one audit line each."""
        for tie in queryset:
            self.delete_model(request, tie)


def _ids(obj: models.Model) -> dict[str, int]:
    """The ids that an organisation or a tie points to."""
    return {
        field.name: getattr(obj, field.attname)
        for field in obj._meta.concrete_fields
        if isinstance(field, models.ForeignKey)
    }


@admin.register(Society)
class SocietyAdmin(Kept):
    """Member organisations."""

    list_display = ("name", "short_name", "slug")
    search_fields = ("name", "short_name")
    prepopulated_fields = {"slug": ("short_name",)}
    ordering = ("name",)


@admin.register(Partner)
class PartnerAdmin(Kept):
    """Alliance organisations."""

    list_display = ("name", "slug")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}
    ordering = ("name",)


@admin.register(Coordinator)
class CoordinatorAdmin(Tie):
    """Who reviews for a society, and may set up campaigns."""

    list_display = ("user", "society", "may_create_campaigns")
    list_filter = ("society", "may_create_campaigns")
    search_fields = ("user__email", "user__name", "society__name")
    autocomplete_fields = ("user", "society")
    fields = ("society", "user", "may_create_campaigns")
    list_select_related = ("user", "society")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Take one tie away, and the lead that hung on it."""
        remove_coordinator(by=access.person(request), tie=obj)


@admin.register(PartnerUser)
class PartnerUserAdmin(Tie):
    """Who acts for a partner."""

    list_display = ("user", "partner", "title")
    list_filter = ("partner",)
    search_fields = ("user__email", "user__name", "partner__name")
    autocomplete_fields = ("user", "partner")
    list_select_related = ("user", "partner")


@admin.register(BoundarySet)
class BoundarySetAdmin(Record):
    """Which maps of ZIPs are loaded; `load_places` loads another."""

    list_display = ("name", "is_current", "loaded_at", "source", "licence")
    ordering = ("-loaded_at",)
