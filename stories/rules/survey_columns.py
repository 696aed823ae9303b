"""What each column of a survey becomes, and what one row of it tells."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from campaigns.models import Prompt, PromptKind
from campaigns.rules.roster_columns import header_key
from campaigns.rules.text_files import Record
from stories.rules.survey_files import Column, Survey
from stories.rules.words import quoted, unix_newlines

_EMAIL = {
    "email",
    "emailaddress",
    "recipientemail",
    "youremail",
    "youremailaddress",
    "username",
    "mail",
}
_ZIP = {"zip", "zipcode", "postalcode", "yourzip", "yourzipcode", "homezip", "zippostalcode"}
_HOOK = {
    "hook",
    "headline",
    "title",
    "yourstoryinoneline",
    "storyinoneline",
    "inoneline",
    "tagline",
}
_STORY = re.compile(r"(^|your|tellus.*|share.*)(story|text|comment|experience)s?$")
_DATES = ("%m/%d/%Y", "%m/%d/%y", "%Y/%m/%d", "%B %d, %Y", "%b %d, %Y")


@dataclass(frozen=True)
class Targets:
    """What is read from where: columns by what they become. Prompts are keyed by their id."""

    email: Column | None = None
    hook: Column | None = None
    zip: Column | None = None
    prompts: Mapping[int, Sequence[Column]] = field(default_factory=dict)
    unused: Sequence[Column] = ()


@dataclass(frozen=True)
class SurveyRow:
    """One person's answers. `row` is the original, header by header, without whereabouts."""

    line: int
    email: str
    hook: str
    answers: Mapping[str, Any]
    row: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """What the row is known by when the same file comes again."""
        text = json.dumps(self.row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class RejectedRow:
    """A row that nothing is taken from, and why; the reason repeats nothing of the row."""

    line: int
    reason: str


def find_targets(survey: Survey, prompts: Sequence[Prompt], chosen: Mapping[str, str]) -> Targets:
    """What each column becomes: as `chosen` (column -> target) says, else by its name.

    A target is "hook", "email", "zip", "prompt:ID", "prompt:LABEL" or "ignore". Raises ValueError in
    words for a column or target that is not there.
    """
    told: dict[int, str] = {}
    for name, target in chosen.items():
        columns = [column for column in survey.columns if column.is_called(name)]
        if not columns:
            known = quoted(column.header[:40] for column in survey.columns[:30])
            raise ValueError(f"There is no column “{name[:60]}”. The file has: {known}.")
        told |= {column.place: named_target(target, prompts) for column in columns}
    for column in survey.columns:
        if column.place not in told:
            told[column.place] = guessed_target(column, prompts)
    guess_story(survey, prompts, told)
    return gathered(survey, told)


def named_target(target: str, prompts: Sequence[Prompt]) -> str:
    """A target as a person wrote it, with prompts by id."""
    kind, colon, name = target.strip().partition(":")
    if not colon and kind in {"hook", "email", "zip", "ignore"}:
        return kind
    if kind == "prompt":
        for prompt in prompts:
            if name.strip() == str(prompt.pk) or header_key(name) == header_key(prompt.label):
                return f"prompt:{prompt.pk}"
        labels = ", ".join(f"{prompt.pk} “{prompt.label}”" for prompt in prompts)
        raise ValueError(f"The campaign has no prompt “{name[:60]}”. It has: {labels}.")
    raise ValueError(
        f"“{target[:60]}” is no target; use hook, email, zip, prompt:ID, prompt:LABEL or ignore."
    )


def guessed_target(column: Column, prompts: Sequence[Prompt]) -> str:
    """What a column most likely becomes, by its name and its question; "ignore" where that is unclear."""
    if column.is_whereabouts:
        return "ignore"
    keys = {header_key(column.header), header_key(column.question), header_key(column.choice)} - {
        ""
    }
    for target, names in (("email", _EMAIL), ("hook", _HOOK), ("zip", _ZIP)):
        if keys & names:
            return target
    for prompt in prompts:
        if header_key(prompt.label) in keys:
            return f"prompt:{prompt.pk}"
    return "ignore"


def guess_story(survey: Survey, prompts: Sequence[Prompt], told: dict[int, str]) -> None:
    """The one column that is called story, text or comment answers the first long prompt, if none does."""
    long = next((p for p in prompts if p.kind == PromptKind.LONG_TEXT), None)
    if long is None or f"prompt:{long.pk}" in told.values():
        return
    likely = [
        column.place
        for column in survey.columns
        if told[column.place] == "ignore" and _STORY.search(header_key(column.question))
    ]
    if len(likely) == 1:
        told[likely[0]] = f"prompt:{long.pk}"


def gathered(survey: Survey, told: Mapping[int, str]) -> Targets:
    """The columns by what they become; of two e-mail columns the first counts."""
    first: dict[str, Column] = {}
    prompts: dict[int, list[Column]] = {}
    unused = []
    for column in survey.columns:
        target = told[column.place]
        if target.startswith("prompt:"):
            prompts.setdefault(int(target[7:]), []).append(column)
        elif target == "ignore" or target in first:
            unused.append(column)
        else:
            first[target] = column
    return Targets(first.get("email"), first.get("hook"), first.get("zip"), prompts, unused)


def read_row(
    record: Record, survey: Survey, targets: Targets, prompts: Mapping[int, Prompt]
) -> SurveyRow | RejectedRow:
    """One row, or why nothing is taken from it. Without an e-mail column the address is empty."""
    cells = record.cells
    if any(cell.strip() for cell in cells[len(survey.columns) :]):
        return RejectedRow(record.line, "has more cells than the header")

    def cell(column: Column) -> str:
        return unix_newlines(cells[column.place]) if column.place < len(cells) else ""

    row = {column.header: cell(column) for column in survey.columns if not column.is_whereabouts}
    if header_key(row.get("Status", "")) == "surveypreview":
        return RejectedRow(record.line, "is a preview by the survey's maker, not an answer")
    email = cell(targets.email).strip().lower() if targets.email else ""
    if targets.email and (reason := no_address(email)):
        return RejectedRow(record.line, reason)
    answers = {
        str(pk): value
        for pk, columns in targets.prompts.items()
        if (value := answer_in(prompts[pk], [(column, cell(column)) for column in columns]))
    }
    hook = cell(targets.hook) if targets.hook else ""
    if not hook.strip() and not answers:
        return RejectedRow(record.line, "tells nothing: the story's columns are empty")
    return SurveyRow(record.line, email, hook, answers, row)


def no_address(email: str) -> str:
    """Why this is no e-mail address; empty where it is one."""
    if not email:
        return "has no e-mail address, so its author cannot be found"
    try:
        validate_email(email)
    except ValidationError:
        return "has something in the e-mail column that is no e-mail address"
    return "has an e-mail address longer than 254 characters" if len(email) > 254 else ""


def answer_in(prompt: Prompt, cells: Sequence[tuple[Column, str]]) -> str | list[str]:
    """An answer as a draft keeps it: what does not fit the prompt stays as it was written."""
    filled = [(column, text) for column, text in cells if text.strip()]
    if not filled:
        return ""
    if prompt.kind == PromptKind.SEVERAL:
        return ticked(prompt.choices, filled)
    text = filled[0][1] if len(filled) == 1 else "\n\n".join(text for _, text in filled)
    if prompt.kind == PromptKind.ONE_CHOICE:
        return known_choice(prompt.choices, text) or text.strip()
    if prompt.kind == PromptKind.DATE:
        return iso_date(text.strip())
    return text.strip() if prompt.kind == PromptKind.LINK else text


def ticked(choices: Sequence[str], cells: Sequence[tuple[Column, str]]) -> list[str]:
    """The choices that were made: boxes of their own, or several in one cell."""
    found: list[str] = []
    for column, text in cells:
        whole = known_choice(choices, text)
        if whole:
            found.append(whole)
        elif column.choice and (box := known_choice(choices, column.choice)):
            found.append(box)
        else:
            parts = (
                known_choice(choices, part) or part.strip() for part in re.split(r"[;,\n]", text)
            )
            found += [part for part in parts if part]
    return list(dict.fromkeys(found))


def known_choice(choices: Sequence[str], text: str) -> str:
    """The prompt's choice that a text means, whatever its capitals and marks; empty where none."""
    key = header_key(text)
    return next((choice for choice in choices if header_key(choice) == key), "")


def iso_date(text: str) -> str:
    """A date that an American form writes, as 2026-09-30; anything else as it was."""
    for pattern in _DATES:
        try:
            return dt.datetime.strptime(text, pattern).replace(tzinfo=dt.UTC).date().isoformat()
        except ValueError:
            continue
    return text
