"""The package of who asks, whom and where."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Societies, rosters, places, partners, campaigns and phases; knows nothing of stories."""

    name = "campaigns"
