"""A form field for a moment, typed and shown as the wall clock of one time zone."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from campaigns.rules.clocks import NoSingleMoment, local_of, moment_of

#: No campaign lies outside of these; further out, arithmetic with moments leaves the calendar.
YEARS = range(2000, 2200)


class LocalMomentField(forms.Field):
    """Takes and shows local time in `time_zone`; its clean value is an aware datetime in UTC."""

    widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})

    def __init__(self, *, time_zone: str = "UTC", **options: Any) -> None:
        super().__init__(**options)
        self.time_zone = time_zone

    def to_python(self, value: Any) -> dt.datetime | None:
        """The moment that was typed; an hour that clocks skip or show twice is an error in words."""
        if value in self.empty_values:
            return None
        try:
            local = dt.datetime.fromisoformat(str(value).strip())
        except ValueError as problem:
            raise ValidationError(
                "Type a date and a time, such as 2026-09-01T09:00.", code="invalid"
            ) from problem
        if local.year not in YEARS:
            raise ValidationError(
                f"Choose a year from {YEARS[0]} to {YEARS[-1]}.", code="out_of_calendar"
            )
        try:
            return moment_of(local.replace(tzinfo=None), self.time_zone)
        except NoSingleMoment as problem:
            raise ValidationError(str(problem), code="no_single_moment") from problem

    def prepare_value(self, value: Any) -> Any:
        """What the wall clock shows at a moment; what was typed stays as it was typed."""
        return local_of(value, self.time_zone) if isinstance(value, dt.datetime) else value
