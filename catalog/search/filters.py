"""What a listing is narrowed to, as one value: what reading an address gives and writing one takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from operator import and_

from django.db.models import F, Q
from django.db.models.expressions import RawSQL

from catalog.models import Category, ProductQuerySet

STARS = (4, 3, 2)
# Before an attribute's name, where it stands beside the shop's own facets.
ATTRIBUTE = "attr."


@dataclass(frozen=True)
class Filters:
    """Several values of one facet mean any of them, several facets mean all of them. Prices are inclusive.

    rating: least average stars. attributes: (name, values) pairs, by name.
    """

    category: Category | None = None
    brands: tuple[str, ...] = ()
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    rating: int | None = None
    in_stock: bool = False
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __bool__(self) -> bool:
        return self != Filters()

    def values_of(self, name: str) -> tuple[str, ...]:
        return dict(self.attributes).get(name, ())

    def with_attribute(self, name: str, values: Iterable[str]) -> Filters:
        """The filters with these values of an attribute instead of its present ones."""
        others = {**dict(self.attributes), name: tuple(values)}
        return replace(self, attributes=tuple(sorted((key, kept) for key, kept in others.items() if kept)))


def price_is(filters: Filters) -> Q:
    low = Q(price__gte=filters.min_price) if filters.min_price is not None else Q()
    return low & Q(price__lte=filters.max_price) if filters.max_price is not None else low


def rated_at_least(stars: int | None) -> Q:
    """An average of that many stars; whole numbers only, so that no rounding decides."""
    return Q(rating_count__gt=0, rating_total__gte=F("rating_count") * stars) if stars else Q()


def stock_is(filters: Filters) -> Q:
    return Q(stock__gt=0) if filters.in_stock else Q()


def with_one_of(name: str, values: Iterable[str]) -> Q:
    """Products with one of the values of an attribute, from the index."""
    wanted = list(values)
    marks = ", ".join(["%s"] * len(wanted))
    sql = f"SELECT product_id FROM catalog_search_attribute WHERE name = %s AND value IN ({marks})"  # noqa: S608
    return Q(pk__in=RawSQL(sql, [name, *wanted]))  # noqa: S611 - the marks are all that is put in


def narrowed(products: ProductQuerySet, filters: Filters, *, but: str = "") -> ProductQuerySet:
    """The products that pass all filters but that of one facet, whose own counts must not depend on it.

    but: department, brand, numbers (price, rating and stock) or attr.NAME.
    """
    if filters.category is not None and but != "department":
        products = products.in_category(filters.category)
    if filters.brands and but != "brand":
        products = products.filter(brand__in=filters.brands)
    if but != "numbers":
        products = products.filter(numbers(filters))
    kept = [with_one_of(name, values) for name, values in filters.attributes if but != ATTRIBUTE + name]
    return products.filter(reduce(and_, kept)) if kept else products


def numbers(filters: Filters) -> Q:
    return price_is(filters) & rated_at_least(filters.rating) & stock_is(filters)
