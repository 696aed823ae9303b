"""The addresses of this package, one list a door."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "stories"

member_urls: list[URLPattern] = []
review_urls: list[URLPattern] = []
lead_urls: list[URLPattern] = []
partner_urls: list[URLPattern] = []

urlpatterns = member_urls + review_urls + lead_urls + partner_urls
