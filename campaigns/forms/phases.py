"""Forms about phases."""

from __future__ import annotations

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Field, Layout
from django import forms
from django.forms.boundfield import BoundWidget
from django.http import QueryDict

from campaigns.forms.moments import LocalMomentField
from campaigns.models import Campaign, Phase
from campaigns.rules import usa
from campaigns.rules.clocks import zone_in_words

NAMED, ALL = "named", "all"


class ClosingForm(forms.Form):
    """The one thing that can change once a phase has opened."""

    closes_at = LocalMomentField(label="Closes")

    def __init__(self, data: QueryDict | None = None, *, phase: Phase) -> None:
        super().__init__(data, initial={"closes_at": phase.closes_at})
        _set_zone(self, phase.campaign)


class PhaseForm(forms.Form):
    """When a phase is open, and for whom."""

    name = forms.CharField(
        max_length=80, help_text="Members read it, for example “First four states”."
    )
    opens_at = LocalMomentField(label="Opens")
    closes_at = LocalMomentField(label="Closes")
    reach = forms.ChoiceField(
        label="Which states?",
        choices=[
            (NAMED, "Only the states that I choose below"),
            (ALL, "All states, with the territories and military addresses"),
        ],
        widget=forms.RadioSelect,
        initial=NAMED,
    )
    states = forms.MultipleChoiceField(
        label="States, territories and military addresses",
        choices=usa.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(
        self, data: QueryDict | None = None, *, campaign: Campaign, phase: Phase | None = None
    ) -> None:
        initial: dict[str, Any] = {}
        if phase is not None:
            initial = {
                "name": phase.name,
                "opens_at": phase.opens_at,
                "closes_at": phase.closes_at,
                "reach": ALL if phase.all_states else NAMED,
                "states": phase.states,
            }
        super().__init__(data, initial=initial)
        _set_zone(self, campaign)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(
            "name",
            Div(
                Div("opens_at", css_class="col-sm-6"),
                Div("closes_at", css_class="col-sm-6"),
                css_class="row",
            ),
            "reach",
            Field("states", template="campaigns/lead/states_field.html"),
        )

    def clean(self) -> dict[str, Any]:
        """A phase closes after it opens, and targets somebody."""
        cleaned = super().clean() or {}
        opens, closes = cleaned.get("opens_at"), cleaned.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", "A phase must close after it opens.")
        if cleaned.get("reach") == NAMED and not cleaned.get("states"):
            self.add_error("states", "Choose at least one state, or all states.")
        return cleaned

    def states_by_kind(self) -> list[tuple[str, list[BoundWidget]]]:
        """The boxes to tick, in the groups in which filters offer the same states."""
        boxes = {str(box.data["value"]): box for box in self["states"]}
        return [(label, [boxes[code] for code, _ in pairs]) for label, pairs in usa.by_kind()]

    def plan(self) -> dict[str, Any]:
        """What the verbs `add_phase` and `change_phase` take."""
        cleaned = self.cleaned_data
        every = cleaned["reach"] == ALL
        return {
            "name": cleaned["name"],
            "opens_at": cleaned["opens_at"],
            "closes_at": cleaned["closes_at"],
            "all_states": every,
            "states": [] if every else cleaned["states"],
        }


def _set_zone(form: forms.Form, campaign: Campaign) -> None:
    for field in form.fields.values():
        if isinstance(field, LocalMomentField):
            field.time_zone = campaign.time_zone
            field.help_text = zone_in_words(campaign.time_zone)
