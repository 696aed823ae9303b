"""Django's admin, with the operators' site in place of its own; apart from apps.py, which Django scans."""

from django.contrib.admin.apps import AdminConfig


class OperatorsAdmin(AdminConfig):
    """Stands in INSTALLED_APPS for django.contrib.admin."""

    default_site = "portal.adminsite.OperatorSite"
