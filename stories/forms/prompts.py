"""The form fields that a campaign's prompts become."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms

from campaigns.models import Prompt, PromptKind
from stories.rules.texts import Answer
from stories.rules.words import control_characters, count_words, unix_newlines

SHORT_TEXT_LENGTH = 300
LONG_TEXT_LENGTH = 30_000


class WordsField(forms.CharField):
    """Words kept exactly as typed, but for line breaks, which become line feeds.

    Has no `maxlength` in the page: a browser would cut a pasted text off without a word.
    """

    def __init__(self, *, one_line: bool = False, **kwargs: Any) -> None:
        self.one_line = one_line
        super().__init__(strip=False, **kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """A counter for the page's script instead of a hard stop."""
        # A text may run from the right; the page learns it from its first letters.
        attrs: dict[str, Any] = {"dir": "auto"}
        return attrs | ({"data-most-characters": self.max_length} if self.max_length else {})

    def to_python(self, value: Any) -> str:
        """The text with line feeds; white space alone is no answer."""
        text = unix_newlines(super().to_python(value) or "")
        return text if text.strip() else ""

    def validate(self, value: Any) -> None:
        """Refuse control characters by name, and line breaks where one line is asked for."""
        super().validate(value)
        if found := control_characters(value):
            raise forms.ValidationError(
                f"This text holds characters that cannot be printed ({', '.join(found)}), perhaps "
                "from copying. Please delete them and type that place again."
            )
        if self.one_line and "\n" in value:
            raise forms.ValidationError("Please write this on one line.")


class WordLimits:
    """The prompt's least and most words, told with how many there are."""

    def __init__(self, least: int | None, most: int | None) -> None:
        self.least, self.most = least, most

    def __call__(self, text: str) -> None:
        """ValidationError where the text has too few or too many words."""
        count = count_words(text)
        if self.least and count < self.least:
            raise forms.ValidationError(
                f"Please write at least {self.least} words; so far there are {count}."
            )
        if self.most and count > self.most:
            raise forms.ValidationError(f"Please use at most {self.most} words; there are {count}.")


def field_name(prompt: int) -> str:
    """The name of a prompt's field, by the prompt's id."""
    return f"prompt-{prompt}"


def field_for(prompt: Prompt) -> forms.Field:
    """The form field that asks a prompt."""
    field = MAKERS[PromptKind(prompt.kind)](prompt)
    field.label = prompt.label
    field.required = prompt.required
    field.help_text = help_text(prompt)
    field.error_messages["required"] = "Please answer this question."
    return field


def help_text(prompt: Prompt) -> str:
    """The lead's help, the word limits, and whether it may stay empty or is no longer asked."""
    parts = [prompt.help_text.strip()]
    if prompt.kind == PromptKind.LONG_TEXT:
        parts.append(limits_in_words(prompt.least_words, prompt.most_words))
    if prompt.retired_at:
        parts.append("This question is no longer asked; you may keep or delete your answer.")
    elif not prompt.required:
        parts.append("You may leave this empty.")
    return " ".join(part for part in parts if part)


def limits_in_words(least: int | None, most: int | None) -> str:
    """ "20 to 600 words.", "At least 20 words.", "Up to 600 words." or nothing."""
    if least and most:
        return f"{least} to {most} words."
    if least:
        return f"At least {least} words."
    return f"Up to {most} words." if most else ""


def short_text(prompt: Prompt) -> forms.Field:
    """One line."""
    return WordsField(one_line=True, max_length=SHORT_TEXT_LENGTH)


def long_text(prompt: Prompt) -> forms.Field:
    """A text of some paragraphs, with the prompt's word limits."""
    attrs: dict[str, Any] = {"rows": 14, "class": "story-field"}
    if prompt.most_words:
        attrs["data-most-words"] = prompt.most_words
    if prompt.least_words:
        attrs["data-least-words"] = prompt.least_words
    return WordsField(
        max_length=LONG_TEXT_LENGTH,
        widget=forms.Textarea(attrs=attrs),
        validators=[WordLimits(prompt.least_words, prompt.most_words)],
    )


def one_choice(prompt: Prompt) -> forms.Field:
    """Radio buttons; a question that may stay empty has a button for that."""
    choices = [(choice, choice) for choice in prompt.choices]
    if not prompt.required:
        choices.append(("", "No answer"))
    return forms.ChoiceField(choices=choices, widget=forms.RadioSelect())


def several(prompt: Prompt) -> forms.Field:
    """Check boxes."""
    choices = [(choice, choice) for choice in prompt.choices]
    return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple())


def date(prompt: Prompt) -> forms.Field:
    """A day."""
    return forms.DateField(
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "field-short"}),
        error_messages={"invalid": "Please give a day, such as 2026-09-30 or 9/30/2026."},
    )


def link(prompt: Prompt) -> forms.Field:
    """A web address; one without http:// in front is taken as https."""
    return forms.URLField(
        assume_scheme="https",
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
        error_messages={"invalid": "Please give a web address, such as https://example.org/page."},
    )


MAKERS: dict[PromptKind, Callable[[Prompt], forms.Field]] = {
    PromptKind.SHORT_TEXT: short_text,
    PromptKind.LONG_TEXT: long_text,
    PromptKind.ONE_CHOICE: one_choice,
    PromptKind.SEVERAL: several,
    PromptKind.DATE: date,
    PromptKind.LINK: link,
}


def answer_to(prompt: Prompt, value: Any) -> Answer | None:
    """A cleaned value as a revision keeps it; None for a question that was left empty."""
    if not value:
        return None
    if isinstance(value, dt.date):
        value = value.isoformat()
    return Answer(prompt=prompt.pk, kind=str(prompt.kind), label=prompt.label, value=value)
