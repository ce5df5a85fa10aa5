"""How many products each further choice would leave: two queries, whatever is chosen."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from catalog.models import ProductQuerySet
from catalog.search.filters import ATTRIBUTE, STARS, Filters, narrowed, price_is, rated_at_least, stock_is

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
    categories: dict[int, int]
    brands: dict[str, int]
    attributes: dict[str, dict[str, int]]


def count(products: ProductQuerySet, filters: Filters) -> Counts:
    """All facets of the products (visible ones, narrowed to the words of a search)."""
    figures = _figures(narrowed(products, filters, but="numbers"), filters)
    groups = _groups(products, filters)
    return Counts(
        total=figures["total"],
        in_stock=figures["in_stock"],
        any_stock=figures["any_stock"],
        stars={stars: figures[f"stars_{stars}"] for stars in STARS},
        any_stars=figures["any_stars"],
        any_price=figures["any_price"],
        bands=_bands([figures[f"below_{place}"] for place in range(len(LADDER))], figures["any_price"]),
        categories=groups.categories,
        brands=_brands(groups.brands, filters.brands),
        attributes=_attributes(groups.attributes, filters, figures["total"]),
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


def _brands(having: dict[str, int], chosen: tuple[str, ...]) -> dict[str, int]:
    """The commonest brands and those chosen, even when nothing of theirs is left."""
    order = sorted((brand for brand in having if brand), key=lambda brand: (-having[brand], brand))
    return {brand: having.get(brand, 0) for brand in dict.fromkeys([*order[:MOST_BRANDS], *chosen])}


def _attributes(pairs: dict[str, dict[str, int]], filters: Filters, total: int) -> dict[str, dict[str, int]]:
    """The attributes chosen, and the commonest of those that tell the products apart."""
    chosen = [name for name, _ in filters.attributes]
    for name, values in filters.attributes:
        for value in values:
            pairs[name].setdefault(value, 0)
    others = sorted(
        (name for name in pairs if name not in chosen), key=lambda name: -sum(pairs[name].values())
    )
    telling = [name for name in others if _tells_apart(pairs[name], total)]
    return {name: _commonest(pairs[name], filters.values_of(name)) for name in chosen + telling[:MOST_NAMES]}


@dataclass(frozen=True)
class Groups:
    """value -> products, each without its own facet's filter."""

    categories: dict[int, int]
    brands: dict[str, int]
    attributes: dict[str, dict[str, int]]


def _groups(products: ProductQuerySet, filters: Filters) -> Groups:
    """What values decide, in one query of three parts: category, brand and attributes."""
    categories, of_categories = _grouped(narrowed(products, filters, but="department"), "category_id")
    brands, of_brands = _grouped(narrowed(products, filters, but="brand"), "brand")
    attributes, of_attributes = _attribute_part(products, filters)
    parts = [
        f"SELECT 'category', CAST(category_id AS text), having_it FROM ({categories}) AS categories",  # noqa: S608
        f"SELECT 'brand', brand, having_it FROM ({brands}) AS brands",  # noqa: S608
        attributes,
    ]
    found = Groups({}, {}, defaultdict(dict))
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), [*of_categories, *of_brands, *of_attributes])
        for key, value, having in cursor.fetchall():
            if key == "category":
                found.categories.update({int(value): having} if value is not None else {})
            elif key == "brand":
                found.brands[value] = having
            else:
                found.attributes[key.removeprefix(ATTRIBUTE)][value] = having
    return found


def _grouped(products: ProductQuerySet, column: str) -> tuple[str, tuple[Any, ...]]:
    """How many products there are of each value of a column, as SQL with its parameters."""
    counted = products.order_by().values(column).annotate(having_it=Count("pk"))
    sql, params = counted.query.sql_with_params()
    return sql, params


def _attribute_part(products: ProductQuerySet, filters: Filters) -> tuple[str, list[Any]]:
    """Attribute values, commonest first; a chosen attribute is counted without itself."""
    chosen = [name for name, _ in filters.attributes]
    marks = ", ".join(["%s"] * len(chosen))
    clauses, values = [], []
    for name in [*chosen, ""]:
        passing = narrowed(products, filters, but=ATTRIBUTE + name).order_by().values("pk")
        sql, params = passing.query.sql_with_params()
        which = "name = %s" if name else (f"name NOT IN ({marks})" if chosen else "1 = 1")
        clauses.append(f"({which} AND product_id IN ({sql}))")
        values += [*([name] if name else chosen), *params]
    counted = (
        f"SELECT '{ATTRIBUTE}' || name, value, count(*) AS having_it FROM catalog_search_attribute"  # noqa: S608
        f" WHERE {' OR '.join(clauses)} GROUP BY name, value"
        f" ORDER BY count(*) DESC, name, value LIMIT {MOST_PAIRS}"
    )
    return f"SELECT * FROM ({counted}) AS attributes", values  # noqa: S608


def _tells_apart(values: dict[str, int], total: int) -> bool:
    """Whether choosing among the values would narrow anything down, and many products have one."""
    shared = [products for products in values.values() if products > 1]
    return len(values) > 1 and len(shared) > 1 and sum(shared) * RARE >= total


def _commonest(values: dict[str, int], chosen: tuple[str, ...]) -> dict[str, int]:
    kept = list(values.items())[:MOST_VALUES]
    return dict(kept) | {value: values[value] for value in chosen}
