"""Moments and states in words, for templates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django import template

from campaigns.rules import clocks, usa

register = template.Library()


@register.filter
def in_zone(moment: dt.datetime | None, time_zone: str) -> str:
    """`{{ phase.opens_at|in_zone:campaign.time_zone }}`: "September 1, 2026, 9 a.m. EDT"."""
    return clocks.in_words(moment, time_zone) if moment else ""


@register.filter
def state_names(codes: Iterable[str]) -> str:
    """`{{ phase.states|state_names }}`: "Kansas, North Carolina and Utah"."""
    return usa.names_in_words(codes)


@register.filter
def state_name(code: str) -> str:
    """`{{ place.state|state_name }}`: "Kansas"."""
    return usa.state_name(code)
