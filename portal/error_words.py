"""What a form says where a field is not in order, in this house's words instead of Django's own."""

from __future__ import annotations

from django import forms

#: Who typed nothing, too much or nonsense reads these, unless the field has words of its own.
WORDS: dict[type[forms.Field], dict[str, str]] = {
    forms.Field: {"required": "Please fill this in."},
    forms.CharField: {
        "max_length": "Please shorten this to %(limit_value)d characters; it has %(show_value)d.",
    },
    forms.ChoiceField: {
        "required": "Please choose one.",
        "invalid_choice": "Please choose one of those offered here.",
    },
    forms.MultipleChoiceField: {
        "required": "Please choose at least one.",
        "invalid_choice": "Please choose among those offered here.",
    },
    forms.ModelChoiceField: {
        "required": "Please choose one.",
        "invalid_choice": "Please choose one of those offered here.",
    },
    forms.EmailField: {"invalid": "Please give an e-mail address, such as name@example.org."},
    forms.IntegerField: {
        "invalid": "Please give a whole number.",
        "min_value": "Please give a number of at least %(limit_value)s.",
        "max_value": "Please give a number of at most %(limit_value)s.",
    },
    forms.FileField: {"required": "Please choose a file."},
}


def set_error_words() -> None:
    """Put our words into the fields' classes; fields are made later, and take them from there."""
    for kind, words in WORDS.items():
        # A class without words of its own would hand them to the class that it comes from.
        own = dict(kind.__dict__.get("default_error_messages", {}))
        kind.default_error_messages = own | words
