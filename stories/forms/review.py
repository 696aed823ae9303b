"""What a coordinator types: the queue's filters, notes, tags, an edit, a reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.db.models import Q, QuerySet

from campaigns.models import Campaign
from campaigns.rules.usa import choices
from portal.models import User
from portal.tallies import CountUpTo, Tally, tally
from stories.forms.prompts import LONG_TEXT_LENGTH, SHORT_TEXT_LENGTH
from stories.forms.story import HOOK_LOOKS, Hook
from stories.forms.words import Words, counted
from stories.models import Revision, Story, Tag
from stories.rules.texts import Answer
from stories.states import StoryState

#: The queue's views: what each one asks of a story's state.
VIEWS: dict[str, tuple[str, tuple[StoryState, ...]]] = {
    "todo": ("To do", (StoryState.SUBMITTED, StoryState.IN_REVIEW)),
    "author": (
        "With the author",
        (StoryState.CHANGES_REQUESTED, StoryState.AWAITING_SIGN_OFF),
    ),
    "approved": ("Approved", (StoryState.APPROVED,)),
    "closed": ("Declined or withdrawn", (StoryState.DECLINED, StoryState.WITHDRAWN)),
    "all": ("All", tuple(StoryState)),
}


class QueueFilter(forms.Form):
    """The queue's filters. A value that does not fit is left out, so that an old address still opens."""

    show = forms.ChoiceField(
        choices=[(key, label) for key, (label, _) in VIEWS.items()], required=False, label="Show"
    )
    q = forms.CharField(required=False, label="Words in the story", max_length=100)
    campaign = forms.ModelChoiceField(
        Campaign.objects.none(), required=False, to_field_name="slug", empty_label="All campaigns"
    )
    state = forms.ChoiceField(
        choices=[("", "All states"), *choices()], required=False, label="State"
    )
    district = forms.IntegerField(required=False, min_value=0, max_value=99, label="District")
    tag = forms.ModelChoiceField(
        Tag.objects.none(), required=False, to_field_name="name", empty_label="All tags"
    )
    mine = forms.BooleanField(required=False, label="Only those I have taken")

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data)
        self.user = user
        campaigns = Campaign.objects.filter(societies__coordinators__user=user).distinct()
        self.fields["campaign"].queryset = campaigns.order_by("name")  # type: ignore[attr-defined]
        self.fields["tag"].queryset = Tag.objects.filter(society__coordinators__user=user)  # type: ignore[attr-defined]
        self.helper = FormHelper()
        self.helper.form_tag = False

    def narrow(self, stories: QuerySet[Story]) -> QuerySet[Story]:
        """The stories that fit, of the view that is shown; which words they hold is asked apart."""
        return self.of_any_state(stories).filter(state__in=self.states)

    @property
    def states(self) -> tuple[StoryState, ...]:
        """The states of the view that is shown."""
        self.is_valid()
        return VIEWS[self.cleaned_data.get("show") or "todo"][1]

    @property
    def words(self) -> Words:
        """The words that are looked for."""
        self.is_valid()
        return Words(
            self.cleaned_data.get("q") or "",
            text="current_revision__searchable",
            revision="current_revision",
        )

    def apart(self) -> list[Q]:
        """One condition for each society and state: within each the queue's indexes are in order.

        With a tag, only for each society: a state in which nobody has the tag would be read to its end.
        """
        societies = self.user.coordinates.order_by("society").values_list("society", flat=True)
        if self.cleaned_data.get("tag"):
            return [Q(society=society) for society in societies]
        return [
            Q(society=society, state=state)
            for society in societies
            for state in self.states
            if state != StoryState.DRAFT
        ]

    def tallies(self, stories: QuerySet[Story], words: Words) -> dict[str, Tally]:
        """How many stories fit in each view, in one query; see Words.tallies where words are looked for."""
        fitting = self.of_any_state(stories)
        views = {key: fitting.filter(state__in=of) for key, (_, of) in VIEWS.items()}
        if words:
            return words.tallies(views, self.user)
        asked = {key: CountUpTo(view) for key, view in views.items()}
        return {key: tally(found) for key, found in counted(asked, self.user).items()}

    def of_any_state(self, stories: QuerySet[Story]) -> QuerySet[Story]:
        """The stories that fit all filters but the view and the words."""
        self.is_valid()
        asked = self.cleaned_data
        fits = Q()
        if asked.get("campaign"):
            fits &= Q(campaign=asked["campaign"])
        if asked.get("state"):
            fits &= Q(us_state=asked["state"])
        if asked.get("district") is not None:
            fits &= Q(district=asked["district"])
        if asked.get("tag"):
            fits &= Q(tags=asked["tag"])
        if asked.get("mine"):
            fits &= Q(claimed_by=self.user)
        return stories.filter(fits)


class NoteForm(forms.Form):
    """An internal note."""

    note = forms.CharField(
        max_length=5000,
        label="Add a note",
        help_text="Only coordinators of your society read notes.",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Write something first."},
    )


class TagsForm(forms.Form):
    """The story's tags, separated by commas."""

    tags = forms.CharField(
        required=False,
        max_length=400,
        label="Tags",
        help_text="Separated by commas. New words become tags of your society.",
    )

    def clean_tags(self) -> list[str]:
        """The words, each at most 40 characters, without repeats, in the order typed."""
        names = [name.strip() for name in self.cleaned_data["tags"].split(",")]
        names = list(dict.fromkeys(name.casefold() for name in names if name))
        if long := next((name for name in names if len(name) > 40), None):
            raise forms.ValidationError(f"“{long[:50]}” is longer than 40 characters.")
        return names


class ReasonForm(forms.Form):
    """What the author will read about a decision."""

    reason = forms.CharField(
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "The author needs to know why. Write a sentence or two."},
    )

    def __init__(self, *args: Any, label: str, help_text: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = label
        self.fields["reason"].help_text = help_text


class EditForm(forms.Form):
    """An edit of a revision: its hook and its written answers. Choices, dates and links stay the author's."""

    hook = Hook(one_line=True, label="In one line", widget=forms.Textarea(attrs=HOOK_LOOKS))
    remark = forms.CharField(
        max_length=2000,
        required=False,
        label="A word to the author",
        help_text="Say what you changed and why. The author sees every changed word, and decides.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, revision: Revision, **kwargs: Any) -> None:
        self.revision = revision
        initial: dict[str, object] = {"hook": revision.hook}
        initial |= {self.name_of(answer): answer["value"] for answer in self.texts}
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        for answer in self.texts:
            long = answer["kind"] == "long_text"
            self.fields[self.name_of(answer)] = forms.CharField(
                label=answer["label"],
                max_length=LONG_TEXT_LENGTH if long else SHORT_TEXT_LENGTH,
                strip=False,
                widget=forms.Textarea(attrs={"rows": 14, "class": "story-field"})
                if long
                else forms.TextInput(),
            )
        self.order_fields([*(name for name in self.fields if name != "remark"), "remark"])

    @property
    def texts(self) -> list[Answer]:
        """The answers that can be edited."""
        kinds = ("short_text", "long_text")
        return [answer for answer in self.revision.answers if answer["kind"] in kinds]

    @staticmethod
    def name_of(answer: Answer) -> str:
        """The field's name for an answer."""
        return f"answer-{answer['prompt']}"

    def clean(self) -> dict[str, Any]:
        """Line breaks as the author's own form stores them."""
        cleaned = super().clean() or {}
        return {
            name: value.replace("\r\n", "\n").replace("\r", "\n") for name, value in cleaned.items()
        }

    def answers(self) -> Sequence[Answer]:
        """All answers of the revision, with the edited ones in their places."""
        return [
            Answer(
                prompt=answer["prompt"],
                kind=answer["kind"],
                label=answer["label"],
                value=self.cleaned_data.get(self.name_of(answer), answer["value"]),
            )
            for answer in self.revision.answers
        ]
