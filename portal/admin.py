"""The operators' admin: accounts, and records to read. Words and addresses of messages are not shown."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import HttpRequest

from portal import access, audit
from portal.models import AuditLine, Heartbeat, Job, Message, PublishedKey, User


class ForOperators(admin.ModelAdmin):  # type: ignore[type-arg]
    """Open to every operator; what may be written is for each model to say."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Operators see it on the first page."""
        return True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Operators read."""
        return True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is deleted here."""
        return False


class Record(ForOperators):
    """Read and never written by hand."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only the site writes these."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only the site writes these."""
        return False


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """An account as operators see it: no password, no hash of one."""

    acting_pk: int | None = None

    class Meta:
        model = User
        fields = ("email", "name", "is_active", "is_staff")
        help_texts = {
            "is_active": "Off: the person is signed out at once, cannot sign in, and gets no mail. Their "
            "stories keep the permissions that they gave: ask them first to withdraw what shall come back.",
        }

    def clean(self) -> dict[str, Any]:
        """Nobody locks themselves out: another operator has to do that."""
        cleaned = super().clean() or {}
        stays = cleaned.get("is_active") and cleaned.get("is_staff")
        if self.instance.pk and self.instance.pk == self.acting_pk and not stays:
            raise ValidationError(
                "You cannot close your own account or stop being an operator. "
                "Ask another operator to do it."
            )
        return cleaned


@admin.register(User)
class UserAdmin(ForOperators):
    """Make, change and close accounts. People sign in with a code by e-mail or set a password themselves."""

    form = AccountForm
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    readonly_fields = ("date_joined", "last_login")
    fields = ("email", "name", "is_active", "is_staff", "date_joined", "last_login")
    ordering = ("email",)
    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Operators make accounts."""
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Operators change accounts."""
        return True

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> type[AccountForm]:
        """The form, knowing who fills it in."""
        form = super().get_form(request, obj, change, **kwargs)
        return type("ActingAccountForm", (form,), {"acting_pk": access.person(request).pk})

    def save_model(
        self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool
    ) -> None:
        """Save in the admin's own transaction, with an audit line that names no address."""
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if not obj.is_active:  # or a browser would be signed in again once the account is reopened
            for session in UserSession.objects.filter(user=obj):
                session.end()
        audit.record(
            access.person(request),
            "change_account" if change else "create_account",
            obj,
            changed=sorted(form.changed_data),
            active=obj.is_active,
            operator=obj.is_staff,
        )


@admin.register(AuditLine)
class AuditLineAdmin(Record):
    """Who did what, when."""

    list_display = ("at", "actor", "verb", "object_type", "object_id", "detail")
    list_filter = ("verb",)
    search_fields = ("object_type", "=object_id", "=request_id")
    list_select_related = ("actor",)
    ordering = ("-id",)


@admin.register(Message)
class MessageAdmin(Record):
    """What was told when; to whom and in which words is not shown."""

    list_display = ("pk", "template", "urgency", "due_at", "attempts", "finished_at", "last_error")
    list_filter = ("urgency", "template")
    fields = (
        "template", "urgency", "message_id", "created_at", "due_at", "attempts", "leased_until",
        "finished_at", "failed_at", "last_error", "forgotten_at",
    )  # fmt: skip
    ordering = ("-id",)


@admin.register(Job)
class JobAdmin(Record):
    """Background work."""

    list_display = (
        "pk",
        "kind",
        "due_at",
        "attempts",
        "done",
        "total",
        "finished_at",
        "last_error",
    )
    list_filter = ("kind",)
    ordering = ("-id",)


@admin.register(Heartbeat)
class HeartbeatAdmin(Record):
    """When each part was last heard."""

    list_display = ("name", "at")


@admin.register(PublishedKey)
class PublishedKeyAdmin(Record):
    """The public keys of sealed batches."""

    list_display = ("key_id", "since")
