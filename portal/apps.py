"""The package of people, trust and post."""

from django.apps import AppConfig

from portal.error_words import set_error_words


class PortalConfig(AppConfig):
    """People, trust and post; knows nothing of campaigns and stories."""

    name = "portal"

    def ready(self) -> None:
        """Speak in our own words before the first form is made."""
        set_error_words()
