"""The package of people, trust and post."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """People, trust and post; knows nothing of campaigns and stories."""

    name = "portal"
