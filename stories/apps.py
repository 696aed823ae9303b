"""The package of what is told, judged and handed over."""

from django.apps import AppConfig


class StoriesConfig(AppConfig):
    """Stories, consents, review, batches, deliveries, receipts and recalls."""

    name = "stories"
