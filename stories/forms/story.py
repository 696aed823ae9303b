"""The story form: the line that catches, the campaign's prompts, the picture's words, names, the grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.forms import BoundField

from campaigns.models import Prompt
from stories.forms.consents import ConsentForm
from stories.forms.grid import GridContext
from stories.forms.prompts import WordsField, answer_to, field_for, field_name
from stories.models import Photo, Story
from stories.rules.texts import HOOK_LENGTH, Answer, flat

#: Two lines high, so that all of it can be seen on a phone; Enter makes no second line.
HOOK_LOOKS = {
    "rows": 2,
    "class": "line-field",
    "data-one-line": "yes",
    "data-most-characters": HOOK_LENGTH,
    "data-always": "yes",
}


class Hook(WordsField):
    """The story in one line."""

    def validate(self, value: Any) -> None:
        """Says how long it is where it is too long, so that the author knows how much to cut."""
        super().validate(value)
        if len(value) > HOOK_LENGTH:
            raise forms.ValidationError(
                f"Please shorten this to {HOOK_LENGTH} characters; it has {len(value)}."
            )


class StoryForm(ConsentForm):
    """Everything that an author tells and allows. `photo` is the draft's picture, if it has one."""

    hook = Hook(
        one_line=True,
        label="Your story in one line",
        help_text=f"What should a busy person remember? At most {HOOK_LENGTH} characters.",
        widget=forms.Textarea(attrs=HOOK_LOOKS),
        error_messages={"required": "Please put your story into one line."},
    )
    photo_description = WordsField(
        one_line=True,
        required=False,
        max_length=200,
        label="What the photo shows",
        help_text="For readers who cannot see it, such as: “Two people at a microscope, laughing.”",
        error_messages={"required": "Please say in a few words what your photo shows."},
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        grid: GridContext,
        prompts: Sequence[Prompt],
        photo: Photo | None = None,
        **kwargs: Any,
    ) -> None:
        self.prompts = prompts
        self.photo = photo
        if photo is not None:
            described = {"photo_description": photo.description}
            kwargs["initial"] = described | dict(kwargs.get("initial") or {})
        super().__init__(data, grid=grid, **kwargs)
        self.fields["photo_description"].required = photo is not None
        for prompt in prompts:
            self.fields[field_name(prompt.pk)] = field_for(prompt)
        # As they stand on the page; names and permissions follow.
        self.order_fields(["hook", *(field_name(p.pk) for p in prompts), "photo_description"])

    @property
    def telling(self) -> list[BoundField]:
        """The fields of the hook and the prompts, in the campaign's order."""
        return [self["hook"], *(self[field_name(prompt.pk)] for prompt in self.prompts)]

    def answers(self) -> list[Answer]:
        """The answered prompts, as a revision keeps them."""
        answered = (
            answer_to(prompt, self.cleaned_data.get(field_name(prompt.pk)))
            for prompt in self.prompts
        )
        return [answer for answer in answered if answer is not None]

    def words_that_leave(self) -> str:
        """Everything that is typed here, valid or not; the picture's words leave where a name is shown."""
        names = ["hook", "photo_description", *(field_name(prompt.pk) for prompt in self.prompts)]
        values = (self.data.get(name) or "" for name in names)
        return "\n".join(flat(value) for value in values)


def prompts_for(story: Story, active: Sequence[Prompt]) -> list[Prompt]:
    """The prompts to ask: the campaign's, and retired ones that the story's text answers."""
    revision = story.current_revision
    answered = {answer["prompt"] for answer in revision.answers} if revision else set()
    return [prompt for prompt in active if prompt.retired_at is None or prompt.pk in answered]
