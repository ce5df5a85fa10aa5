"""What the rating stars and the "not interested" button send."""

from __future__ import annotations

from typing import Any

from django import forms

from catalog.models import Product
from feedback.models import MAX_RATING

GONE = "This product is not in the shop any more."
TROUBLE = "That request was incomplete. Reload the page and try again."
STARS = "A rating is a whole number from 1 to 5."


class FeedbackForm(forms.Form):
    """Which product, and for whom (empty: the visitor). The product is in `cleaned_data["product"]`."""

    sku = forms.CharField(max_length=64, error_messages={"required": TROUBLE, "max_length": GONE})
    shopper = forms.CharField(max_length=100, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "sku" in cleaned:
            product = Product.objects.filter(sku=cleaned["sku"]).first()
            if product is None or not (product.is_active or self.takes_back(cleaned)):
                self.add_error("sku", GONE)
            cleaned["product"] = product
        return cleaned

    def takes_back(self, cleaned: dict[str, Any]) -> bool:
        """Whether this takes feedback back, which goes for products out of the shop too."""
        return False

    def first_error(self) -> str:
        return next(str(errors[0]) for errors in self.errors.values())


class SwitchForm(FeedbackForm):
    """Something said of a product ("not interested", a wish), or with `undo` taken back."""

    undo = forms.BooleanField(required=False)

    def takes_back(self, cleaned: dict[str, Any]) -> bool:
        return bool(cleaned.get("undo"))


class ConsentForm(forms.Form):
    """Personal lists, on or off."""

    personalised = forms.TypedChoiceField(
        choices=[("on", "on"), ("off", "off")], coerce=lambda word: word == "on"
    )


class ForgetForm(forms.Form):
    """Delete my data: an account says so with its password, a visitor with a word."""

    WORD = "forget me"
    scope = forms.ChoiceField(
        choices=[("data", "Keep the account, empty"), ("account", "The account too")], initial="data",
        widget=forms.RadioSelect, label="What shall go?",
    )  # fmt: skip
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}), strip=False,
        label="Your password",
    )  # fmt: skip
    word = forms.CharField(
        max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off"}), label=f"Type “{WORD}”"
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        has_password = user.is_authenticated and user.has_usable_password()
        del self.fields["word" if has_password else "password"]
        if not user.is_authenticated or user.is_staff:
            # Staff have a history in the shop's administration: another administrator removes them.
            del self.fields["scope"]
        for name in ("password", "word"):
            if name in self.fields:
                trouble = " is-invalid" if self.is_bound and name in self.errors else ""
                self.fields[name].widget.attrs["class"] = f"form-control{trouble}"

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError("This is not your password. Nothing was deleted.")
        return password

    def clean_word(self) -> str:
        word: str = self.cleaned_data["word"]
        if word.strip().lower() != self.WORD:
            raise forms.ValidationError(f"Type “{self.WORD}”. Nothing was deleted.")
        return word


class RateForm(FeedbackForm):
    """Stars for a product; zero takes the rating back."""

    value = forms.IntegerField(
        min_value=0, max_value=MAX_RATING,
        error_messages={
            "required": "Choose 1 to 5 stars first, then save.",
            "invalid": STARS, "min_value": STARS, "max_value": STARS,
        },
    )  # fmt: skip

    def takes_back(self, cleaned: dict[str, Any]) -> bool:
        return cleaned.get("value") == 0
