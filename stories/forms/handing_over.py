"""What a partner's officer types: an acknowledgement, the answer to a recall."""

from __future__ import annotations

from typing import Any

from django import forms

from stories.states import RecallState
from stories.verbs.handing_over import RecallAnswer


class ReceiptForm(forms.Form):
    """Who confirms that a batch arrived."""

    name = forms.CharField(
        max_length=150,
        label="Your name",
        help_text="It stands on the receipt that the campaign’s lead and the authors see.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class AnswerForm(forms.Form):
    """One of the three answers to a recall, with the words that it needs."""

    answer = forms.ChoiceField(
        label="What has become of it?",
        choices=[
            (RecallState.DELETED, "Deleted: we have no copy any more and will not use it"),
            (RecallState.PUBLISHED, "Already published: it is out, and this is where"),
            (RecallState.CANNOT, "Cannot be recalled, for this reason"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the three answers."},
    )
    where = forms.CharField(
        required=False,
        max_length=1000,
        label="Where was it published?",
        help_text="An address on the web, or the publication with its date and page. The author reads it.",
    )
    why = forms.CharField(
        required=False,
        max_length=1000,
        label="Why can it not be recalled?",
        help_text="For example: it was read into the record of a hearing. The author reads it.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        """The answer's own words are there."""
        cleaned = super().clean() or {}
        if cleaned.get("answer") == RecallState.PUBLISHED and not cleaned.get("where"):
            self.add_error("where", "Say where it was published, so that the author can find it.")
        if cleaned.get("answer") == RecallState.CANNOT and not cleaned.get("why"):
            self.add_error("why", "Say why, so that the author understands it.")
        return cleaned

    def answer_given(self) -> RecallAnswer:
        """The answer of a valid form; words that belong to another answer are left out."""
        state = RecallState(self.cleaned_data["answer"])
        words = {RecallState.PUBLISHED: "where", RecallState.CANNOT: "why"}.get(state)
        return RecallAnswer(state, self.cleaned_data[words] if words else "")
