"""The operators' admin site: this house's own models, for operators alone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model

#: Installed packages register models of theirs: stored secrets of the second factor, provider tokens,
#: groups that nothing here asks. None of it is an operator's to read or write.
OURS = frozenset({"portal", "campaigns", "stories"})


class OperatorSite(admin.AdminSite):
    """Who gets in is held by the permission table (portal.middleware.Access), with the second factor."""

    site_header = "Storybank: site administration"
    site_title = "Site administration"
    index_title = "Accounts and records"
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register our own models; leave out everybody else's."""
        one = isinstance(model_or_iterable, type)
        models: list[type[Model]] = [model_or_iterable] if one else list(model_or_iterable)
        ours = [model for model in models if model._meta.app_label in OURS]
        super().register(ours, admin_class, **options)
