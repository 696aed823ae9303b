"""What a door answers when a verb refuses what stands in a form: the form again, nothing lost."""

from __future__ import annotations

from django import forms

from portal.errors import Refused, TooLate


def show_refusal(form: forms.BaseForm, refusal: Refused | TooLate) -> int:
    """Put the refusal's words beside the field that it is about; returns the HTTP status."""
    if isinstance(refusal, TooLate):
        form.add_error(None, str(refusal))
        return 409
    field = refusal.field if refusal.field in form.fields else None
    form.add_error(field, str(refusal))
    return 400
