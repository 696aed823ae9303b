"""What a partner's officer, or a campaign lead, asks of a list of stories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q, QuerySet
from django.utils.text import capfirst

from campaigns.models import Campaign, Partner
from campaigns.rules.usa import STATE_NAMES, choices
from stories.forms.words import Words
from stories.models import Consent, Item, NameShown
from stories.rules.consent import USE_WORDS, USES

USE_LABELS = {use: capfirst(words) for use, words in USE_WORDS.items()}
NAME_LABELS = {
    NameShown.FULL: "Full name",
    NameShown.FIRST: "First name and state",
    NameShown.NONE: "No name",
}


class StoryFilter(forms.Form):
    """Filters over stories as consented. A value that does not fit is left out, so that an old address opens."""

    q = forms.CharField(required=False, label="Words or reference", max_length=100)
    state = forms.ChoiceField(
        choices=[("", "All states"), *choices()], required=False, label="State"
    )
    district = forms.IntegerField(
        required=False, min_value=0, max_value=99, label="District", help_text="0: at large"
    )
    use = forms.ChoiceField(
        choices=[("", "Any use"), *USE_LABELS.items()], required=False, label="May be used for"
    )
    name_shown = forms.ChoiceField(
        choices=[("", "Any"), *NAME_LABELS.items()], required=False, label="Name shown"
    )

    def asked(self) -> dict[str, Any]:
        """What was asked and makes sense."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}

    def in_words(self) -> list[str]:
        """What was asked as a reader knows it, e.g. "State: Kansas"; a batch is not named."""
        labels: dict[str, Mapping[Any, Any]] = {
            "state": STATE_NAMES,
            "use": USE_LABELS,
            "name_shown": NAME_LABELS,
        }
        return [
            f"{self[name].label}: {labels.get(name, {}).get(value, value)}"
            for name, value in self.asked().items()
            if not self[name].is_hidden
        ]

    def left_out(self) -> list[str]:
        """The names of the filters that could not be read."""
        return list(self.errors)

    def conditions(self, *, consent: str, story: str) -> Q:
        """The filters but the words as a condition; `consent` and `story` are prefixes of the fields' paths."""
        asked, fits = self.asked(), Q()
        if "state" in asked:
            fits &= Q(**{f"{story}us_state": asked["state"]})
        if "district" in asked:
            fits &= Q(**{f"{story}district": asked["district"]})
        if asked.get("use") in USES:
            fits &= Q(**{f"{consent}{asked['use']}": True})
        if "name_shown" in asked:
            fits &= Q(**{f"{consent}name_shown": asked["name_shown"]})
        if ref := as_ref(asked.get("q", "")):
            fits &= Q(**{f"{story}ref": ref})
        return fits

    def words_in(self, *, text: str, revision: str) -> Words:
        """The words that are looked for, none where they are a story's reference; the paths as in Words."""
        typed = self.asked().get("q", "")
        return Words("" if as_ref(typed) else typed, text=text, revision=revision)


class LibraryFilter(StoryFilter):
    """A partner's library: also by campaign and by batch."""

    campaign = forms.ModelChoiceField(
        Campaign.objects.none(), required=False, to_field_name="slug", empty_label="All campaigns"
    )
    batch = forms.UUIDField(required=False, widget=forms.HiddenInput)

    field_order = ("q", "state", "district", "use", "name_shown", "campaign")

    def __init__(self, data: Any, *, campaigns: QuerySet[Campaign]) -> None:
        super().__init__(data)
        self.fields["campaign"].queryset = campaigns  # type: ignore[attr-defined]

    def narrow(self, items: QuerySet[Item]) -> QuerySet[Item]:
        """The items that fit, whatever their words."""
        fits = self.conditions(consent="consent__", story="story__")
        asked = self.asked()
        if "campaign" in asked:
            fits &= Q(batch__campaign=asked["campaign"])
        if "batch" in asked:
            fits &= Q(batch__ref=asked["batch"])
        return items.filter(fits)

    @property
    def words(self) -> Words:
        """The words: looked for in what was handed over and nowhere else."""
        return self.words_in(text="accepted__revision__searchable", revision="accepted")


class LeadFilter(StoryFilter):
    """A campaign's approved stories, as one partner may have them."""

    partner = forms.ModelChoiceField(
        Partner.objects.none(),
        required=False,
        to_field_name="slug",
        empty_label=None,
        label="As permitted to",
    )

    field_order = ("partner", "q", "state", "district", "use", "name_shown")

    def __init__(self, data: Any, *, partners: QuerySet[Partner]) -> None:
        super().__init__(data)
        self.fields["partner"].queryset = partners  # type: ignore[attr-defined]

    def narrow(self, consents: QuerySet[Consent]) -> QuerySet[Consent]:
        """The consents that fit, whatever their words."""
        return consents.filter(self.conditions(consent="", story="story__"))

    @property
    def words(self) -> Words:
        """The words: looked for in what was approved."""
        return self.words_in(
            text="story__approved_revision__searchable", revision="story__approved_revision"
        )


def as_ref(text: str) -> UUID | None:
    """A story's reference, where the text is one."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None
