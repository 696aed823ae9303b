"""The addresses of societies, places and campaigns, one list a door."""

from __future__ import annotations

from django.urls import path

from campaigns.views import places

app_name = "campaigns"

place_urls = [
    path("me/places/", places.places, name="places"),
    path("me/places/save/", places.save_places, name="save_places"),
    path("places/institutions/", places.institutions, name="institutions"),
    path("places/zip/", places.zip_choices, name="zip_choices"),
]

urlpatterns = [*place_urls]
