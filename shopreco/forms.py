"""Signing up, signing in and passwords, in the site's own look."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import (
    AuthenticationForm,
    PasswordChangeForm,
    PasswordResetForm,
    SetPasswordForm,
    UserCreationForm,
)
from django.core.exceptions import ValidationError
from django.utils import timezone

from catalog.limits import wait_words
from shopreco.models import User
from shopreco.sign_in import sign_in_wait


def _dress(form: forms.Form | forms.ModelForm[Any]) -> None:
    for name, field in form.fields.items():
        field.widget.attrs["class"] = "form-control" + (
            " is-invalid" if form.is_bound and name in form.errors else ""
        )


class SignInForm(AuthenticationForm):
    """wait: how many seconds until the next try, 0 unless there were too many."""

    wait = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self)

    def get_invalid_login_error(self) -> ValidationError:
        name = str(self.cleaned_data.get("username", ""))
        self.wait = sign_in_wait(self.request, name, now=timezone.now()) if self.request else 0
        if self.wait:
            return ValidationError(f"Too many tries. Please wait {wait_words(self.wait)}, then try again.")
        return super().get_invalid_login_error()


class SignUpForm(UserCreationForm):  # type: ignore[type-arg]  # generic in the stubs only
    class Meta:
        model = User
        fields = ("username", "email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail (optional)"
        self.fields["email"].help_text = "Only to send you a link should you forget your password."
        self.fields["email"].widget.attrs["autocomplete"] = "email"
        _dress(self)


class PasswordForm(PasswordChangeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self)


class ResetForm(PasswordResetForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self)


class NewPasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # generic in the stubs only
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self)
