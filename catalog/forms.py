"""What a listing can be narrowed to and sorted by."""

from __future__ import annotations

from typing import Any

from django import forms

from catalog.models import Category
from catalog.selectors import departments


class ListFilterForm(forms.Form):
    """Department, price range, stock and order. Read `cleaned_data.get`: a bad value is left out of it."""

    STOCK = [("", "Any stock"), ("1", "In stock only")]
    SORT = [("", "Newest first"), ("price", "Price, low to high"), ("-price", "Price, high to low"),
            ("rating", "Top rated")]  # fmt: skip

    department = forms.TypedChoiceField(
        required=False, empty_value=None,
        error_messages={"invalid_choice": "There is no such department; all of them are shown."},
    )  # fmt: skip
    min_price = forms.DecimalField(
        label="Price from", required=False, min_value=0, max_digits=10, decimal_places=2
    )
    max_price = forms.DecimalField(
        label="Price to", required=False, min_value=0, max_digits=10, decimal_places=2
    )
    in_stock = forms.ChoiceField(label="Stock", required=False)
    sort = forms.ChoiceField(label="Sort by", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._set_choices("in_stock", self.STOCK)
        self._set_choices("sort", self.SORT)
        self._offer_departments()
        self.order_fields(["department", "sort", "min_price", "max_price", "in_stock"])
        for name, field in self.fields.items():
            is_select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if is_select else "form-control"
            if self.is_bound and name in self.errors:
                field.widget.attrs["class"] += " is-invalid"
        for name in ("min_price", "max_price"):
            self.fields[name].widget.attrs.update(inputmode="decimal", step="0.01", autocomplete="off")

    def _set_choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        field.error_messages["invalid_choice"] = "This is not one of the choices; it is left out."

    def _offer_departments(self) -> None:
        """Aisles under their department; what was read for the choices is what a chosen slug becomes."""
        choices: list[Any] = [("", "All departments")]
        by_slug: dict[str, Category] = {}
        # The menu shows them too: the page need not read them again.
        self.departments = departments()
        for department in self.departments:
            own = (department.category.slug, department.category.name)
            aisles = [(aisle.slug, aisle.name) for aisle in department.aisles]
            choices.append((own[1], [(own[0], f"All of {own[1]}"), *aisles]) if aisles else own)
            by_slug |= {each.slug: each for each in (department.category, *department.aisles)}
        field = self.fields["department"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices, field.coerce = choices, by_slug.__getitem__
        if not self.departments:
            # A choice of one thing is none; an address that names a department is still told off.
            field.widget = field.hidden_widget()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        low, high = cleaned.get("min_price"), cleaned.get("max_price")
        if low is not None and high is not None and low > high:
            self.add_error("max_price", "This is below the lowest price; it is left out.")
        return cleaned

    def narrowed(self) -> list[str]:
        """The names of the filters in use (the order is not one)."""
        return [
            name for name in self.fields if name != "sort" and self.cleaned_data.get(name) not in (None, "")
        ]
