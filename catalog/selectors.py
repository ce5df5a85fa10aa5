"""Reading the catalogue for its pages."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q

from catalog.models import Category, Product, ProductQuerySet

# A longer search is cut: each word costs a scan of four columns.
MAX_SEARCH_WORDS = 8


@dataclass(frozen=True)
class Department:
    """A department and its aisles, for menus and filters."""

    category: Category
    aisles: tuple[Category, ...]


def departments() -> list[Department]:
    """Every department with its aisles in the shop's order, in one query."""
    categories = list(Category.objects.all())
    tops = {category.pk: category for category in categories if category.parent_id is None}
    aisles: dict[int, list[Category]] = {}
    for category in categories:
        if category.parent_id is not None:
            category.parent = tops[category.parent_id]
            aisles.setdefault(category.parent_id, []).append(category)
    return [Department(category, tuple(aisles.get(category.pk, ()))) for category in tops.values()]


def products_on_sale(
    *,
    words: str = "",
    category: Category | None = None,
    min_price: Decimal | None = None,
    max_price: Decimal | None = None,
    in_stock: bool = False,
    sort: str = "",
) -> ProductQuerySet:
    """The products of a listing: visible ones, narrowed and sorted, ready for cards."""
    products = Product.objects.public().for_cards()
    if in_stock:
        products = products.in_stock()
    if category is not None:
        products = products.in_category(category)
    if min_price is not None:
        products = products.filter(price__gte=min_price)
    if max_price is not None:
        products = products.filter(price__lte=max_price)
    return _sorted(_matching(products, words), sort)


def _matching(products: ProductQuerySet, words: str) -> ProductQuerySet:
    """Products that have every word somewhere in their title, brand, SKU or description."""
    for word in words.split()[:MAX_SEARCH_WORDS]:
        products = products.filter(
            Q(title__icontains=word)
            | Q(brand__icontains=word)
            | Q(sku__icontains=word)
            | Q(description__icontains=word)
        )
    return products


def _sorted(products: ProductQuerySet, sort: str) -> ProductQuerySet:
    if sort == "rating":
        return products.by_rating()
    if sort in ("price", "-price"):
        return products.order_by(sort, "pk")
    return products.order_by("-created_at", "-pk")


def attribute_rows(attributes: Any) -> list[tuple[str, str]]:
    """A product's attributes as (name, value) for a table, whatever JSON an import has put there."""
    if not isinstance(attributes, dict):
        return []
    return [(_words(name), _spoken(value)) for name, value in attributes.items() if value not in (None, "")]


def _words(name: object) -> str:
    text = str(name).replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def _spoken(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(_spoken(part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_spoken(part)}" for name, part in value.items())
    return str(value)
