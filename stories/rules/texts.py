"""What a revision's text is, byte for byte, and its hash."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations
from typing import TypedDict

#: The most characters of the line that stands for a story.
HOOK_LENGTH = 140


class Answer(TypedDict):
    """One answered prompt as a revision keeps it. `value` is a string or, for several, a list of them."""

    prompt: int
    kind: str
    label: str
    value: str | list[str]


def canonical(hook: str, answers: Sequence[Answer], photo_sha256: str | None) -> bytes:
    """The bytes that a revision's hash is taken over: UTF-8 JSON with sorted keys and no spaces.

    Holds the text and the photo's own SHA-256, and nothing of who wrote it.
    """
    text = {
        "answers": [
            {"kind": answer["kind"], "label": answer["label"], "value": answer["value"]}
            for answer in answers
        ],
        "hook": hook,
        "photo": photo_sha256,
    }
    return json.dumps(text, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def revision_sha256(hook: str, answers: Sequence[Answer], photo_sha256: str | None) -> str:
    """The hash of a revision, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(hook, answers, photo_sha256)).hexdigest()


def searchable(hook: str, answers: Sequence[Answer]) -> str:
    """What the search box looks in: hook and text answers in lower case."""
    texts = [hook]
    for answer in answers:
        value = answer["value"]
        texts.extend([value] if isinstance(value, str) else value)
    return "\n".join(texts).casefold()


def flat(value: str | list[str]) -> str:
    """An answer as running text."""
    return value if isinstance(value, str) else "\n".join(value)


def all_words(hook: str, answers: Sequence[Answer], photo_description: str = "") -> str:
    """Everything that can be read of a text, its choices, links and picture included."""
    return "\n".join([hook, photo_description, *(flat(answer["value"]) for answer in answers)])


#: What phones and word processors type for other signs, letters that are no letter with an accent, and
#: signs that nobody sees.
ALIKE = str.maketrans(
    {
        **dict.fromkeys("‘’ʼ`´", "'"),
        **dict.fromkeys("‐‑–", "-"),
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff"),
        **dict(zip("ŁłØøĐđı", "LlOoDdi", strict=True)),
    }
)
#: How German and Scandinavian letters are typed without them.
SPELLED_OUT = str.maketrans(
    dict(
        zip(
            "äöüøåæÄÖÜØÅÆ",
            ["ae", "oe", "ue", "oe", "aa", "ae", "Ae", "Oe", "Ue", "Oe", "Aa", "Ae"],
            strict=True,
        )
    )
)
#: Where a word of several begins its next one: "MiaWins".
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
#: Parts of a name as it is written that are no name.
TITLES = ("Dr", "Jr", "Mr", "Ms", "Sr", "St")


def names_given_away(texts: str, full_name: str, emails: Iterable[str]) -> list[str]:
    """Which of an author's own marks stand in a text that is to travel without a name.

    Looks, whatever the capitals and accents, for every part of the name of three letters or more as a
    whole word ("Mia", "Mia's", "mia-sofia", "#MiaWins"), for two of them written as one ("@miachen7"),
    and for the addresses. A part of two letters ("Li") counts where it stands as it is spelled, because
    many are little words as well. A script without capitals has no spaces to go by either: there a part
    of two characters counts wherever it stands. Returns what was found, each once, as the author spelled it.
    """
    text = "\n".join({unaccented(texts), unaccented(spelled_out(texts))})
    words = f"{text}\n{CAMEL.sub(' ', text)}".casefold()
    parts = parts_of(full_name)
    sought = [*parts, *(first + second for first, second in joined(parts))]
    found = [part for part in sought if stands_in(text, words, part)]
    found += [email for email in emails if email and folded(email) in words]
    return list(dict.fromkeys(found))


def parts_of(name: str) -> list[str]:
    """The words of a name, those of a double name one by one."""
    return [part for part in re.split(r"[\s,;‐‑–-]+", name) if part]


def stands_in(text: str, words: str, part: str) -> bool:
    """Whether a part of a name stands in an unaccented text, as a word where its script has words.

    `words` is the text without capitals, and once more with the words apart that were written as one.
    """
    sought = unaccented(part).strip(".")
    if sought.upper() == sought.lower():
        return len(sought) >= 2 and not sought.isnumeric() and sought in text
    if len(sought) == 2:
        as_spelled = rf"(?<![^\W_]){re.escape(sought)}(?![^\W_])"
        return sought.istitle() and sought not in TITLES and bool(re.search(as_spelled, text))
    if len(sought) < 3:
        return False
    spellings = {sought.casefold(), unaccented(spelled_out(part)).strip(".").casefold()}
    return any(
        word in words and re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W\d_])", words)
        for word in spellings
    )


def joined(parts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Two parts of a name of three letters or more each, in either order, to be sought as one word."""
    long = dict.fromkeys(part for part in parts if len(part) >= 3 and part.lower() != part.upper())
    return permutations(long, 2)


def spelled_out(text: str) -> str:
    """A text as it is typed where the keyboard lacks its letters: "Juergen" for "Jürgen"."""
    return unicodedata.normalize("NFC", text).translate(SPELLED_OUT)


def folded(text: str) -> str:
    """A text for comparing: compatible forms, accents and capitals made equal."""
    return unaccented(text).casefold()


def unaccented(text: str) -> str:
    """The same with its capitals as they are."""
    parts = unicodedata.normalize("NFKD", text.translate(ALIKE))
    return "".join(c for c in parts if not unicodedata.combining(c))
