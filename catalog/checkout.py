"""What the basket's and the checkout's forms send."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms

from catalog.models import Product
from catalog.order_models import MAX_QUANTITY, Order
from catalog.orders import Buyer

TROUBLE = "That request was incomplete. Reload the page and try again."
GONE = "This product is not in the shop any more."
QUANTITY = f"Choose a quantity from 1 to {MAX_QUANTITY}."


class BasketForm(forms.Form):
    """A product and how many of it. The product is in `cleaned_data["product"]`."""

    sku = forms.CharField(max_length=64, error_messages={"required": TROUBLE, "max_length": GONE})
    quantity = forms.IntegerField(
        min_value=1, max_value=MAX_QUANTITY, required=False,
        error_messages={"invalid": QUANTITY, "min_value": QUANTITY, "max_value": QUANTITY},
    )  # fmt: skip

    def clean_quantity(self) -> int:
        quantity: int | None = self.cleaned_data["quantity"]
        return 1 if quantity is None else quantity

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "sku" in cleaned:
            product = Product.objects.filter(sku=cleaned["sku"]).first()
            if product is None or not (product.is_active or cleaned.get("quantity") == 0):
                self.add_error("sku", GONE)
            cleaned["product"] = product
        return cleaned

    def first_error(self) -> str:
        return next(str(errors[0]) for errors in self.errors.values())


class ChangeForm(BasketForm):
    """The new quantity of a product in the basket; 0 takes it out, whatever became of it."""

    quantity = forms.IntegerField(
        min_value=0, max_value=MAX_QUANTITY,
        error_messages={
            "required": QUANTITY, "invalid": QUANTITY, "min_value": QUANTITY, "max_value": QUANTITY
        },
    )  # fmt: skip


# HTML's names for what a browser can fill in by itself.
AUTOCOMPLETE = {
    "name": "name",
    "email": "email",
    "street": "street-address",
    "postcode": "postal-code",
    "city": "address-level2",
    "country": "country-name",
}


class CheckoutForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """Who orders and where to; with the sum that was shown, and a key so that twice sent is once ordered."""

    key = forms.UUIDField(widget=forms.HiddenInput, error_messages={"required": TROUBLE, "invalid": TROUBLE})
    seen_total = forms.DecimalField(
        widget=forms.HiddenInput, error_messages={"required": TROUBLE, "invalid": TROUBLE}
    )

    class Meta:
        model = Order
        fields = ("name", "email", "street", "postcode", "city", "country")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"key": uuid4(), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        # Before the errors are asked for: that makes the fields what they are.
        self.fields["email"].label = "E-mail"
        for name in AUTOCOMPLETE:
            self.fields[name].required = True
        for name, word in AUTOCOMPLETE.items():
            field = self.fields[name]
            is_invalid = self.is_bound and name in self.errors
            field.widget.attrs |= {
                "class": "form-control is-invalid" if is_invalid else "form-control", "autocomplete": word
            }  # fmt: skip

    def _post_clean(self) -> None:
        """Nothing to build: the order is made by `place_order`, whose constraints hold there."""

    def buyer(self) -> Buyer:
        return Buyer(**{name: self.cleaned_data[name].strip() for name in AUTOCOMPLETE})
