"""How many products each further choice would leave: four queries, whatever is chosen."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from catalog.models import ProductQuerySet
from catalog.search.filters import STARS, Filters, narrowed, price_is, rated_at_least, stock_is

# Edges of price bands, in the shop's currency.
LADDER = [Decimal(edge) for edge in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)]
BANDS = 5
MOST_BRANDS, MOST_NAMES, MOST_VALUES = 40, 4, 12
# An attribute that fewer of the products have than one in this many is no way to choose among them.
RARE = 8
# Rows of (name, value, count) read; the commonest come first.
MOST_PAIRS = 600


@dataclass(frozen=True)
class Band:
    """Prices from `low` up to, but without, `high`; None is an open end."""

    low: Decimal | None
    high: Decimal | None
    count: int

    @property
    def last(self) -> Decimal | None:
        """The highest price in the band."""
        return None if self.high is None else self.high - Decimal("0.01")


@dataclass(frozen=True)
class Counts:
    """Each count is of the products that pass the other facets' filters and this choice.

    categories: id -> products directly in it. stars: least average -> products. attributes: name -> value
    -> products.
    """

    total: int
    in_stock: int
    any_stock: int
    stars: dict[int, int]
    any_stars: int
    any_price: int
    bands: list[Band]
    categories: dict[int | None, int]
    brands: dict[str, int]
    attributes: dict[str, dict[str, int]]


def count(products: ProductQuerySet, filters: Filters) -> Counts:
    """All facets of the products (visible ones, narrowed to the words of a search)."""
    figures = _figures(narrowed(products, filters, but="numbers"), filters)
    return Counts(
        total=figures["total"],
        in_stock=figures["in_stock"],
        any_stock=figures["any_stock"],
        stars={stars: figures[f"stars_{stars}"] for stars in STARS},
        any_stars=figures["any_stars"],
        any_price=figures["any_price"],
        bands=_bands([figures[f"below_{place}"] for place in range(len(LADDER))], figures["any_price"]),
        categories=_by(narrowed(products, filters, but="department"), "category_id"),
        brands=_brands(narrowed(products, filters, but="brand").exclude(brand=""), filters.brands),
        attributes=_attributes(products, filters, figures["total"]),
    )


def _figures(products: ProductQuerySet, filters: Filters) -> dict[str, int]:
    """What numbers decide, in one pass over the products."""
    price, stars, stock = price_is(filters), rated_at_least(filters.rating), stock_is(filters)
    wanted = {
        "total": price & stars & stock,
        "in_stock": price & stars & Q(stock__gt=0),
        "any_stock": price & stars,
        "any_stars": price & stock,
        "any_price": stars & stock,
        **{f"stars_{least}": price & stock & rated_at_least(least) for least in STARS},
        **{f"below_{place}": stars & stock & Q(price__lt=edge) for place, edge in enumerate(LADDER)},
    }
    counted = {name: Count("pk", filter=which) if which else Count("pk") for name, which in wanted.items()}
    return products.order_by().aggregate(**counted)


def _bands(below: list[int], total: int) -> list[Band]:
    """About five bands of like size; none when one band would hold everything."""
    bands, low, counted = [], None, 0
    for edge, there in zip(LADDER, below, strict=True):
        if there - counted >= max(1, total / BANDS) and there < total:
            bands.append(Band(low, edge, there - counted))
            low, counted = edge, there
    if total > counted:
        bands.append(Band(low, None, total - counted))
    return bands if len(bands) > 1 else []


def _by(products: ProductQuerySet, column: str) -> dict[Any, int]:
    return dict(products.order_by().values_list(column).annotate(Count("pk")))


def _brands(products: ProductQuerySet, chosen: tuple[str, ...]) -> dict[str, int]:
    """The commonest brands and those chosen, even when nothing of theirs is left."""
    counted = products.order_by().values_list("brand").annotate(having=Count("pk"))
    counted = counted.order_by("-having", "brand")
    if not chosen:
        return dict(counted[:MOST_BRANDS])
    every = dict(counted)
    kept = dict(list(every.items())[:MOST_BRANDS])
    return kept | {brand: every.get(brand, 0) for brand in chosen}


def _attributes(products: ProductQuerySet, filters: Filters, total: int) -> dict[str, dict[str, int]]:
    chosen = [name for name, _ in filters.attributes]
    pairs: dict[str, dict[str, int]] = defaultdict(dict)
    for name, value, products_with in _pairs(products, filters, chosen):
        pairs[name][value] = products_with
    for name, values in filters.attributes:
        for value in values:
            pairs[name].setdefault(value, 0)
    others = sorted(
        (name for name in pairs if name not in chosen), key=lambda name: -sum(pairs[name].values())
    )
    telling = [name for name in others if _tells_apart(pairs[name], total)]
    return {name: _commonest(pairs[name], filters.values_of(name)) for name in chosen + telling[:MOST_NAMES]}


def _pairs(products: ProductQuerySet, filters: Filters, chosen: list[str]) -> list[tuple[str, str, int]]:
    """(name, value, products), commonest first; a chosen attribute is counted without itself. One query."""
    clauses, values = [], []
    marks = ", ".join(["%s"] * len(chosen))
    for name in [*chosen, ""]:
        inner = narrowed(products, filters, but=f"attr.{name}").order_by().values("pk")
        sql, params = inner.query.sql_with_params()
        which = "name = %s" if name else (f"name NOT IN ({marks})" if chosen else "1 = 1")
        clauses.append(f"({which} AND product_id IN ({sql}))")
        values += [*([name] if name else chosen), *params]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT name, value, count(*) FROM catalog_search_attribute WHERE {' OR '.join(clauses)}"  # noqa: S608
            f" GROUP BY name, value ORDER BY count(*) DESC, name, value LIMIT {MOST_PAIRS}",
            values,
        )
        return list(cursor.fetchall())


def _tells_apart(values: dict[str, int], total: int) -> bool:
    """Whether choosing among the values would narrow anything down, and many products have one."""
    shared = [products for products in values.values() if products > 1]
    return len(values) > 1 and len(shared) > 1 and sum(shared) * RARE >= total


def _commonest(values: dict[str, int], chosen: tuple[str, ...]) -> dict[str, int]:
    kept = list(values.items())[:MOST_VALUES]
    return dict(kept) | {value: values[value] for value in chosen}
