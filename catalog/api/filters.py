"""How GET products can be narrowed and sorted: the parameters of the shop's own listing."""

from __future__ import annotations

from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django_filters.fields import ModelChoiceField

from catalog.api.queries import is_slug
from catalog.models import Category, Product, ProductQuerySet
from catalog.search.asking import Asked
from catalog.search.filters import STARS, Filters
from catalog.search.listing import RankedProducts, listed, select

ORDERINGS = {
    "relevance": "best match first (the default with search)",
    "newest": "newest first (the default without search)",
    "price": "cheapest first",
    "-price": "dearest first",
    "rating": "top rated first",
}


def _one_of(choices: list[str]) -> dict[str, str]:
    return {"invalid_choice": f"%(value)s is not one of the choices; use {' or '.join(choices)}."}


class CategoryChoice(ModelChoiceField):  # type: ignore[misc]
    """A category by its slug."""

    def to_python(self, value: Any) -> Any:
        if value not in self.empty_values and not is_slug(value):
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return super().to_python(value)


class CategoryFilter(django_filters.ModelChoiceFilter):  # type: ignore[misc]
    field_class = CategoryChoice


class ProductFilter(django_filters.FilterSet):  # type: ignore[misc]
    search = django_filters.CharFilter(
        max_length=200,
        help_text="Words that all have to be in the product; the last may be a beginning. "
        "When nothing has them, words of the shop's own near the mistyped ones are looked for.",
    )
    category = CategoryFilter(
        queryset=Category.objects.all(),
        to_field_name="slug",
        help_text="Only this department (with its aisles) or aisle, by its slug.",
        error_messages={"invalid_choice": "There is no category with this slug; take one from a product."},
    )
    brand = django_filters.CharFilter(max_length=120, help_text="Only this brand.")
    min_price = django_filters.NumberFilter(min_value=0, help_text="Lowest price, inclusive.")
    max_price = django_filters.NumberFilter(min_value=0, help_text="Highest price, inclusive.")
    min_rating = django_filters.ChoiceFilter(
        choices=[(str(stars), f"{stars} and up") for stars in STARS],
        help_text="Least average stars.",
        error_messages=_one_of([str(stars) for stars in STARS]),
    )
    in_stock = django_filters.ChoiceFilter(
        choices=[("true", "only what is in stock"), ("false", "everything (the default)")],
        help_text="true for only what is in stock.",
        error_messages=_one_of(["true", "false"]),
    )
    ordering = django_filters.ChoiceFilter(
        choices=list(ORDERINGS.items()), help_text="The order.", error_messages=_one_of(list(ORDERINGS))
    )

    class Meta:
        model = Product
        fields: list[str] = []

    def filter_queryset(self, queryset: ProductQuerySet) -> ProductQuerySet | RankedProducts:
        """The listing's own search, filters and orders."""
        asked: dict[str, Any] = self.form.cleaned_data
        filters = Filters(
            category=asked["category"],
            brands=_spelt(asked["brand"]),
            min_price=asked["min_price"],
            max_price=asked["max_price"],
            rating=int(asked["min_rating"] or 0) or None,
            in_stock=asked["in_stock"] == "true",
        )
        selection = select(asked["search"])
        if asked["search"] and selection.found is None:
            return queryset.none()
        return listed(selection, Asked(asked["search"], filters, asked["ordering"]))


def _spelt(brand: str) -> tuple[str, ...]:
    """The brand as products spell it: capitals make no difference."""
    if not brand:
        return ()
    there = Product.objects.public().filter(brand__iexact=brand).order_by().values_list("brand", flat=True)
    return tuple(there.distinct()) or (brand,)
