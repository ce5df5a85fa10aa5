"""Signing up and signing in, in the site's own look."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, UserCreationForm

from shopreco.models import User


def _dress(form: forms.Form | forms.ModelForm[Any]) -> None:
    for name, field in form.fields.items():
        field.widget.attrs["class"] = "form-control" + (
            " is-invalid" if form.is_bound and name in form.errors else ""
        )


class SignInForm(AuthenticationForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self)


class SignUpForm(UserCreationForm):  # type: ignore[type-arg]  # generic in the stubs only
    class Meta:
        model = User
        fields = ("username",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self)
