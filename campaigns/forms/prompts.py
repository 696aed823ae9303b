"""Forms about prompts, and the story form as members will see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.http import QueryDict

from campaigns.models import Campaign, Prompt, PromptKind
from campaigns.states import CampaignState
from campaigns.verbs.prompts import Question

CHOICE_KINDS = (PromptKind.ONE_CHOICE, PromptKind.SEVERAL)


class PromptForm(forms.Form):
    """One question. What does not belong to its kind of answer is dropped."""

    label = forms.CharField(
        label="Question",
        max_length=200,
        help_text="For example “What did the funding make possible?”",
    )
    kind = forms.ChoiceField(label="Kind of answer", choices=PromptKind, widget=forms.RadioSelect)
    help_text = forms.CharField(
        label="Help",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Stands below the question: what helps to answer it well.",
    )
    required = forms.BooleanField(label="Must be answered", required=False)
    least_words = forms.IntegerField(
        label="At least so many words",
        min_value=1,
        max_value=5000,
        required=False,
        help_text="For a long text; may stay empty.",
    )
    most_words = forms.IntegerField(
        label="At most so many words",
        min_value=1,
        max_value=5000,
        required=False,
        help_text="For a long text; may stay empty.",
    )
    choices = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="For one choice or several: one choice a line.",
    )

    def __init__(
        self, data: QueryDict | None = None, *, campaign: Campaign, prompt: Prompt | None = None
    ) -> None:
        # The first one is most likely the story itself, which no campaign starts without.
        first = prompt is None and not campaign.prompts.exists()
        initial: dict[str, Any] = {"kind": PromptKind.LONG_TEXT, "required": first}
        if prompt is not None:
            initial = {name: getattr(prompt, name) for name in self.base_fields}
            initial["choices"] = "\n".join(prompt.choices)
        super().__init__(data, initial=initial)
        if prompt is not None and campaign.state != CampaignState.DRAFT:
            self.fields["kind"].disabled = True
            self.fields["kind"].help_text = (
                "The campaign has started, so the kind stays. To ask differently, retire this prompt "
                "and add a new one."
            )

    def clean_choices(self) -> list[str]:
        """The lines that hold something, each once, in order."""
        lines = (" ".join(line.split()) for line in self.cleaned_data["choices"].splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    def clean(self) -> dict[str, Any]:
        """Limits must leave room; a choice needs something to choose from."""
        cleaned = super().clean() or {}
        kind = cleaned.get("kind")
        least, most = cleaned.get("least_words"), cleaned.get("most_words")
        if kind == PromptKind.LONG_TEXT and least and most and least > most:
            self.add_error("most_words", "The upper limit is below the lower one.")
        if kind in CHOICE_KINDS and len(cleaned.get("choices", [])) < 2:
            self.add_error("choices", "Write at least two choices, one a line.")
        if any(len(choice) > 200 for choice in cleaned.get("choices", [])):
            self.add_error("choices", "Keep each choice within 200 characters.")
        return cleaned

    def question(self) -> Question:
        """What the verbs `add_prompt` and `change_prompt` take."""
        question = dict(self.cleaned_data)
        if question["kind"] != PromptKind.LONG_TEXT:
            question["least_words"] = question["most_words"] = None
        if question["kind"] not in CHOICE_KINDS:
            question["choices"] = []
        return cast(Question, question)


class PreviewForm(forms.Form):
    """The prompts as members will see them; it is shown, never sent."""

    def __init__(self, prompts: Sequence[Prompt]) -> None:
        super().__init__()
        for prompt in prompts:
            self.fields[f"preview_{prompt.pk}"] = _shown(prompt)


def _shown(prompt: Prompt) -> forms.Field:
    """A field that looks like a prompt's."""
    options: dict[str, Any] = {
        "label": prompt.label,
        "help_text": _help(prompt),
        "required": prompt.required,
    }
    choices = [(choice, choice) for choice in prompt.choices]
    match prompt.kind:
        case PromptKind.LONG_TEXT:
            return forms.CharField(widget=forms.Textarea(attrs={"rows": 6}), **options)
        case PromptKind.ONE_CHOICE:
            return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **options)
        case PromptKind.SEVERAL:
            return forms.MultipleChoiceField(
                choices=choices, widget=forms.CheckboxSelectMultiple, **options
            )
        case PromptKind.DATE:
            return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **options)
        case PromptKind.LINK:
            return forms.CharField(widget=forms.URLInput, **options)
        case _:
            return forms.CharField(**options)


def _help(prompt: Prompt) -> str:
    """The help text with the word limits in words."""
    least, most = prompt.least_words, prompt.most_words
    limits = ""
    if least and most:
        limits = f"Between {least} and {most} words."
    elif least or most:
        limits = f"At least {least} words." if least else f"At most {most} words."
    return " ".join(part for part in (prompt.help_text, limits) if part)
