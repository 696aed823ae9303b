"""What an author typed, valid or not: as it comes from a page, as a draft keeps it, and as a form takes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from campaigns.models import Prompt, PromptKind
from stories.forms.prompts import field_name
from stories.models import Draft
from stories.rules.words import unix_newlines

#: The form's fields besides hook, answers and grid, as `Draft.naming` keeps them.
NAMING = ("full_name", "first_name", "photo_description", "window")
#: The same, where several values come under one name.
NAMING_LISTS = ("not_me",)
#: What a line of the consent grid holds besides its uses.
LINE = ("name_shown", "until")


@dataclass(frozen=True)
class Typed:
    """The raw words of one page.

    `answers` maps prompt ids to what was typed; `consents` maps the grid's lines ("p7" or "later") to
    their raw values, and lacks the lines that the page did not show.
    """

    hook: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    naming: Mapping[str, Any] = field(default_factory=dict)
    consents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    version: int = 0
    consent_version: str = ""

    def as_data(self) -> dict[str, Any]:
        """The values under the names of the form's fields."""
        data: dict[str, Any] = {"hook": self.hook, **self.naming}
        data |= {field_name(int(prompt)): value for prompt, value in self.answers.items()}
        for key, line in self.consents.items():
            data |= {f"line-{key}-{part}": value for part, value in line.items()}
        if self.consent_version:
            data["consent_version"] = self.consent_version
        return data


def typed_in(post: QueryDict, prompts: Iterable[Prompt]) -> Typed:
    """What a page sent, with line feeds for line breaks and nothing else changed."""
    version = post.get("version", "")
    return Typed(
        hook=words(post, "hook"),
        answers={
            str(prompt.pk): post.getlist(field_name(prompt.pk))
            if prompt.kind == PromptKind.SEVERAL
            else words(post, field_name(prompt.pk))
            for prompt in prompts
        },
        naming={name: words(post, name) for name in NAMING}
        | {name: post.getlist(name) for name in NAMING_LISTS},
        consents=lines_in(post),
        version=int(version) if version.isdecimal() and len(version) < 10 else 0,
        consent_version=post.get("consent_version", ""),
    )


def lines_in(post: QueryDict) -> dict[str, dict[str, Any]]:
    """The lines of the consent grid that the page showed; it names them in `lines`."""
    return {
        key: {"uses": post.getlist(f"line-{key}-uses")}
        | {part: post.get(f"line-{key}-{part}", "") for part in LINE}
        for key in post.getlist("lines")[:200]
    }


def words(post: QueryDict, name: str) -> str:
    """One text of the page."""
    return unix_newlines(post.get(name, ""))


def typed_of(draft: Draft) -> Typed:
    """What a draft keeps."""
    naming = dict(draft.naming)
    return Typed(
        hook=draft.hook,
        answers=draft.answers,
        naming={name: naming[name] for name in (*NAMING, *NAMING_LISTS) if name in naming},
        consents=draft.consents,
        version=draft.version,
    )


def without_nul(value: Any) -> Any:
    """The same without U+0000, which no database text can hold and no keyboard types."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [without_nul(part) for part in value]
    if isinstance(value, Mapping):
        return {without_nul(key): without_nul(part) for key, part in value.items()}
    return value
