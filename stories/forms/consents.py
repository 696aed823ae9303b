"""The consent grid: one line a partner, what each may do with a story, under which name, until when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Max
from django.forms import BoundField

from stories.forms.grid import (
    MOST_MONTHS,
    WORDING_CHANGED,
    GridContext,
    Line,
    Problem,
    anchor,
    given_away_words,
    joined_words,
    line_fields,
)
from stories.models import NameShown
from stories.rules.consent import (
    Permission,
    marks_given_away,
    months_later,
    name_to_show,
    names_of,
    permission_of,
    words_of,
)
from stories.rules.words import control_characters
from stories.verbs.consenting import choices_about


class ConsentForm(forms.Form):
    """How the author may be named, and the grid. Nothing is ticked and no name shown unless chosen.

    The form is bound to `data` as `Typed.as_data` gives it. A line that `data` lacks stays as the live
    consent has it. `agreed` is the version of the wording that stood on the author's page; None where
    the form is only looked at.
    """

    full_name = forms.CharField(
        required=False,
        max_length=150,
        label="Your full name, as it should appear",
        help_text="With title and degrees, if you like.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    first_name = forms.CharField(
        required=False,
        max_length=60,
        label="Your first name",
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    not_me = forms.MultipleChoiceField(
        required=False,
        label="These words are not about me",
        widget=forms.CheckboxSelectMultiple,
        help_text="Tick a word only if it means something or somebody else.",
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        grid: GridContext,
        agreed: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.grid = grid
        self.agreed = agreed
        self.keys = grid.keys
        initial = grid.values() | dict(kwargs.pop("initial", None) or {})
        self.lacking: set[str] = set()
        if data is not None:
            self.lacking = {key for key in self.keys if f"line-{key}-uses" not in data}
            # A line that was not on the page, and an empty first page, read as they stand.
            data = initial | dict(data)
        super().__init__(data, initial=initial, **kwargs)
        for key in self.keys:
            self.fields |= line_fields(key, grid.today)
        self.offer_not_me(list((data or initial).get("not_me", [])))

    @property
    def lines(self) -> list[Line]:
        """The grid's lines, in the order of the page: the leading partner first, later ones last."""
        leading = {p.partner_id: p for p in self.grid.partnerships}
        return [
            Line(
                key=key,
                label="Partners that join later"
                if partner is None
                else str(leading[partner].partner),
                partner=partner,
                leads=partner is not None and leading[partner].leads,
                uses=self[f"line-{key}-uses"],
                name_shown=self[f"line-{key}-name_shown"],
                until=self[f"line-{key}-until"],
            )
            for key, partner in self.keys.items()
        ]

    # --- What is refused ---

    def clean(self) -> dict[str, Any]:
        """Each line that allows something has a name to show and a day; nameless ones give none away."""
        cleaned = super().clean() or {}
        for name in ("full_name", "first_name"):
            if control_characters(cleaned.get(name, "")):
                self.add_error(name, "Please use letters, spaces and punctuation only.")
        if self.agreed is not None:
            if self.agreed != str(self.grid.text.version):
                self.add_error(None, forms.ValidationError(WORDING_CHANGED, code="wording"))
            self.check_newcomers()
        for key in self.chosen():
            self.check_line(key)
        self.check_names()
        return self.cleaned_data

    def check_newcomers(self) -> None:
        """Partners that joined since the author last chose, and stood on no page of theirs, come first."""
        story = self.grid.story
        fresh = [
            tie
            for tie in self.grid.partnerships
            if f"p{tie.partner_id}" in self.lacking
            and tie.joined_at > story.created_at
            and self.grid.consent_for(tie.partner_id) is None
        ]
        if not fresh:
            return
        chose = choices_about([story.pk]).aggregate(last=Max("at"))["last"]
        if names := [str(tie.partner) for tie in fresh if chose is None or tie.joined_at > chose]:
            self.add_error(None, forms.ValidationError(joined_words(names), code="joined"))

    def chosen(self) -> list[str]:
        """The lines that allow something."""
        return [key for key in self.keys if self.cleaned_data.get(f"line-{key}-uses")]

    def shown(self, key: str) -> NameShown:
        """The name that a line shows; none where nothing was chosen."""
        return NameShown(self.cleaned_data.get(f"line-{key}-name_shown") or NameShown.NONE)

    def check_line(self, key: str) -> None:
        """Its last day lies between today and five years from now, and its name is known."""
        field = f"line-{key}-until"
        until, today = self.cleaned_data.get(field), self.grid.today
        if until is None and field not in self.errors:
            self.add_error(field, "Please say until when.")
        elif until is not None and until < today:
            self.add_error(field, "This day has passed. Choose today or a later one.")
        elif until is not None and until > months_later(today, MOST_MONTHS):
            self.add_error(field, "Please choose a day within the next five years.")
        needed = {NameShown.FULL: "full_name", NameShown.FIRST: "first_name"}.get(self.shown(key))
        if needed and not self.cleaned_data.get(needed) and needed not in self.errors:
            self.add_error(needed, "You chose to show this name below, so please write it here.")

    def check_names(self) -> None:
        """No line without a name, or with the first name only, may carry a text that tells more."""
        shown = {self.shown(key) for key in self.chosen()}
        marks: list[str] = []
        if shown - {NameShown.FULL}:
            marks = marks_given_away(
                self.words_that_leave(),
                shown,
                names=self.names(),
                first_name=self.cleaned_data.get("first_name", ""),
                addresses=self.grid.addresses,
            )
        self.offer_not_me(marks)
        said = set(self.cleaned_data.get("not_me", []))
        open_ = [mark for mark in marks if "@" in mark or mark not in said]
        if open_:
            words = given_away_words(open_, nameless=NameShown.NONE in shown)
            self.add_error(None, forms.ValidationError(words, code="given-away"))

    def names(self) -> list[str]:
        """Every name of the author's that is known here."""
        known = names_of(self.grid.story.member)
        known += [self.cleaned_data.get("full_name", ""), self.cleaned_data.get("first_name", "")]
        return list(dict.fromkeys(name for name in known if name.strip()))

    def words_that_leave(self) -> str:
        """The texts that may go out under this grid: the approved one, the current one, and the last that
        the author stands by, which becomes the current one again where they refuse an edit of it.
        """
        story = self.grid.story
        accepted = story.revisions.filter(acceptance__isnull=False).order_by("-number").first()
        return "\n".join(
            words_of(revision)
            for revision in (story.approved_revision, story.current_revision, accepted)
            if revision is not None
        )

    def offer_not_me(self, marks: list[str]) -> None:
        """Let the author say of these words that they are not about them."""
        choices = [(mark, f"“{mark}”") for mark in marks if "@" not in mark]
        self.fields["not_me"].choices = choices  # type: ignore[attr-defined]

    def problems(self) -> list[Problem]:
        """Every refusal, for the summary on top of the page: of the page itself, then of field after field."""
        found = []
        order = {name: place for place, name in enumerate(self.fields)}
        refused = self.errors.as_data().items()
        for name, errors in sorted(refused, key=lambda pair: order.get(pair[0], -1)):
            for error in errors:
                words = " ".join(error.messages)
                if name in self.fields:
                    bound = self[name]
                    found.append(Problem(anchor(bound), self.place_of(name, bound), words))
                else:
                    found.append(Problem(str(error.code), "", words))
        return found

    def place_of(self, name: str, bound: BoundField) -> str:
        """A field's label, with its partner's name for those of the grid."""
        line = next((line for line in self.lines if name.startswith(f"line-{line.key}-")), None)
        return f"{line.label}: {bound.label}" if line else str(bound.label)

    @property
    def naming(self) -> list[BoundField]:
        """The fields of the names."""
        return [self["full_name"], self["first_name"]]

    # --- What was chosen ---

    def permissions(self) -> list[Permission]:
        """One permission for each line that allows something; of a valid form."""
        return [self.permission(key) for key in self.chosen()]

    def permission(self, key: str) -> Permission:
        """What one line allows; one that the page did not show stays, letter by letter, as it was."""
        partner = self.keys[key]
        if key in self.lacking and (consent := self.grid.consent_for(partner)):
            return permission_of(consent)
        uses, shown = self.cleaned_data[f"line-{key}-uses"], self.shown(key)
        return Permission(
            partner=partner,
            lawmakers="lawmakers" in uses,
            publication="publication" in uses,
            press="press" in uses,
            name_shown=shown,
            name=name_to_show(
                shown,
                self.cleaned_data["full_name"],
                self.cleaned_data["first_name"],
                self.grid.story.us_state,
            ),
            until=self.cleaned_data[f"line-{key}-until"],
        )
