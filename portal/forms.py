"""Forms about people: our words over allauth's checks."""

from __future__ import annotations

import unicodedata
from typing import Any

from allauth.account import forms as account
from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa.base import forms as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms

from portal.errors import Refused


def clean_name(text: str) -> str:
    """A name as typed, without control or direction characters and with single spaces."""
    plain = "".join(c if not unicodedata.category(c).startswith("C") else " " for c in text)
    return " ".join(unicodedata.normalize("NFC", plain).split())


def name_field() -> forms.CharField:
    """The field for a person's name; nobody has to give one."""
    return forms.CharField(
        label="Your name",
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class NameForm(forms.Form):
    """How a person's name is shown."""

    name = name_field()

    def clean_name(self) -> str:
        """See `clean_name`."""
        return clean_name(self.cleaned_data["name"])


class OurWords(forms.Form):
    """Labels in this house's words, and no placeholder that repeats them."""

    labels = {
        "email": "E-mail address",
        "login": "E-mail address",
        "oldpassword": "Your password now",
        "password1": "New password",
        "password2": "The same once more",
        "code": "Six-digit code",
    }

    help_texts = {
        "password1": "At least ten characters. Three unrelated words are easy to keep in mind and hard to guess.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.help_text = self.help_texts.get(name, field.help_text)
            field.label = self.labels.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
            if name == "code":
                field.widget.attrs |= {"inputmode": "numeric", "autofocus": True}


class PasswordForm(OurWords, account.LoginForm):
    """Sign-in by password, for those who have set one."""

    def _setup_password_field(self) -> None:
        """Keep the field that allauth drops where signing up asks for no password."""
        self.fields["password"].help_text = ""


class SignupForm(OurWords, account.SignupForm):
    """Sign-up by e-mail address, with a name if the person likes."""

    name = name_field()
    field_order = ("email", "name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = (
            "Optional. Coordinators who read your stories see it; how each story is signed is your "
            "choice later."
        )

    def clean_name(self) -> str:
        """See `clean_name`."""
        return clean_name(self.cleaned_data["name"])


class RequestCodeForm(OurWords, account.RequestLoginCodeForm):
    """The address that a sign-in code goes to."""


class LoginCodeForm(OurWords, account.ConfirmLoginCodeForm):
    """The code that signs in."""


class AddressCodeForm(OurWords, account.ConfirmEmailVerificationCodeForm):
    """The code that proves an address."""


class ResetCodeForm(OurWords, account.ConfirmPasswordResetCodeForm):
    """The code that leads to a new password."""


class ResetForm(OurWords, account.ResetPasswordForm):
    """The address whose password is to be set anew."""


class NewPasswordForm(OurWords, account.ResetPasswordKeyForm):
    """The new password after a reset."""


class ChangePasswordForm(OurWords, account.ChangePasswordForm):
    """A new password, by whoever knows the old one."""


class SetPasswordForm(OurWords, account.SetPasswordForm):
    """A first password."""


class AddAddressForm(OurWords, account.AddEmailForm):
    """One more address."""


class AgainForm(OurWords, account.ReauthenticateForm):
    """The password once more, before something that matters."""


class ActivateAppForm(OurWords, ActivateTOTPForm):
    """The first code of an authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The picture to scan stands above the field: the page must not jump past it.
        del self.fields["code"].widget.attrs["autofocus"]

    def clean_code(self) -> str:
        """Check the code, and let it count as proof of who is there.

        Else the page of recovery codes, which comes next, would ask for the app's next code at once.
        """
        code: str = super().clean_code()
        record_authentication(
            context.request, self.user, method="mfa", type="totp", reauthenticated=True
        )
        return code


#: What a person reads whose second step was encrypted under a key that the site no longer has.
CANNOT_BE_CHECKED = (
    "This code cannot be checked: the site lacks a key to what it keeps of your second step. It was not your "
    "doing. Try one of your recovery codes; if that does not help, write to the people who run this site."
)


class WithWhatCanBeRead(mfa.BaseAuthenticateForm):
    """Checks a code by the parts of a second step that can be read; says so where that is not enough."""

    def clean_code(self) -> str:
        """Check the code; a part that cannot be read neither lets in nor stops the others."""
        try:
            code: str = super().clean_code()
        except Refused:
            code = self.cleaned_data["code"]
            self.authenticator = self._whichever_fits(code)
        return code

    def _whichever_fits(self, code: str) -> Authenticator:
        parts = Authenticator.objects.filter(user=self.user)
        for part in parts.exclude(type=Authenticator.Type.WEBAUTHN):
            try:
                fits = part.wrap().validate_code(code)
            except Refused:
                continue
            if fits:
                return part
        raise forms.ValidationError(CANNOT_BE_CHECKED)


class SecondStepForm(OurWords, WithWhatCanBeRead, mfa.AuthenticateForm):
    """The app's code, or a recovery code, at sign-in."""

    labels = {"code": "Code"}


class SecondStepAgainForm(OurWords, WithWhatCanBeRead, mfa.ReauthenticateForm):
    """The app's code, or a recovery code, before something that matters."""

    labels = {"code": "Code"}


class AddPasskeyForm(OurWords, AddWebAuthnForm):
    """A passkey or a security key and its name."""

    labels = {"name": "Name", "passwordless": "Sign in with it alone"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[
            "passwordless"
        ].help_text = (
            "Without a code by e-mail. The device then asks for your fingerprint, face or PIN."
        )
