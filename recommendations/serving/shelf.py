"""What the shop itself says at this moment: which candidates may be shown, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from catalog.models import Product, ProductQuerySet, weighted_rating
from recommendations.conf import Conf
from recommendations.engine.types import UNKNOWN, Ranking
from recommendations.engine.variety import Matrix, Variety, look_alike, mixed
from recommendations.merchandising import Rules, Target
from recommendations.serving.results import Filters, Sort, Strategy

COLUMNS = (
    "pk", "category_id", "category__parent_id", "brand", "price", "created_at", "rating_count",
    "rating_total", "title",
)  # fmt: skip

# product id -> its columns
Rows = Mapping[int, tuple[Any, ...]]


@dataclass(frozen=True)
class Place:
    """A product that may be shown, with what sorting and rules look at."""

    product_id: int
    score: float
    target: Target
    title: str
    aisle: int | None
    department: int | None
    price: Decimal
    created_at: datetime
    weighted_rating: float


def eligible(filters: Filters) -> ProductQuerySet:
    """What the filters and the shop let through: never an invisible product."""
    products = Product.objects.recommendable() if filters.in_stock else Product.objects.public()
    if filters.category is not None:
        products = products.in_category(filters.category)
    if filters.min_price is not None:
        products = products.filter(price__gte=filters.min_price)
    if filters.max_price is not None:
        products = products.filter(price__lte=filters.max_price)
    return products


def rows_of(product_ids: Iterable[int], filters: Filters) -> Rows:
    """What places are made of, for those of the products that may be shown. One query."""
    rows = eligible(filters).filter(pk__in=set(product_ids)).order_by().values_list(*COLUMNS)
    return {row[0]: row for row in rows}


def places(
    scores: dict[int, float],
    filters: Filters,
    rules: Rules,
    settled: Iterable[int],
    rows: Rows | None = None,
    *,
    variety: Variety | None = None,
) -> list[Place]:
    """The candidates (id -> score, best first) that may be shown, mixed for variety, after the rules.

    One query, or none when the `rows` of these candidates and the rules' pins were read for several lists.
    """
    left_out = filters.exclude | set(settled)
    # Only a candidate is known to be predicted high enough; a pin does not get round that filter.
    pinned = [pk for pk in rules.pinned() if pk not in left_out] if filters.min_predicted is None else []
    lowest = min(scores.values(), default=0.0)
    wanted = {pk: score for pk, score in scores.items() if pk not in left_out}
    wanted |= {pk: lowest for pk in pinned if pk not in wanted}
    rows = rows_of(wanted, filters) if rows is None else rows
    shown = [_place(rows[pk], score) for pk, score in wanted.items() if pk in rows]
    mixing = variety is not None and not variety.changes_nothing
    if not rules.rules and not mixing:
        return shown
    order = rules.apply(
        [place.target for place in shown],
        np.array([place.score for place in shown], np.float32),
        (lambda ranking: _mixed(ranking, shown, set(pinned), variety)) if variety and mixing else None,
    )
    return [shown[index] for index in order]


def variety_for(strategy: Strategy, filters: Filters, settings: Conf) -> Variety | None:
    """How a list is mixed; None for one whose order says something else than how well a product suits.

    Inside one department there is no cap.
    """
    if strategy not in {Strategy.PERSONAL, Strategy.POPULAR}:
        return None
    most = settings.department_cap if filters.category is None else 0
    return Variety(settings.diversity, most or None, settings.varied_places)


def _mixed(ranking: Ranking, shown: list[Place], pinned: set[int], variety: Variety) -> Ranking:
    """The first places in a more varied order; what will be pinned takes no part."""
    is_pinned = np.array([shown[index].product_id in pinned for index in ranking.positions.tolist()], bool)
    free = Ranking(ranking.positions[~is_pinned], ranking.scores[~is_pinned])
    first = [shown[index] for index in free.positions[: variety.reach(len(free))].tolist()]
    departments = np.array(
        [UNKNOWN if each.department is None else each.department for each in first], np.int64
    )
    arranged = mixed(free, likeness_of(first), departments, variety)
    return Ranking(
        np.concatenate([arranged.positions, ranking.positions[is_pinned]]),
        np.concatenate([arranged.scores, ranking.scores[is_pinned]]),
    )


def likeness_of(products: list[Place]) -> Matrix:
    """(n, n) how alike products look, 0 to 1."""
    return look_alike(
        [each.title for each in products],
        [each.aisle for each in products],
        [each.department for each in products],
        [each.target.brand for each in products],
    )


def sort(shown: list[Place], by: Sort) -> list[Place]:
    """The list in another order; products that tie stay best match first."""
    if by == Sort.PRICE_UP:
        return sorted(shown, key=lambda place: place.price)
    if by == Sort.PRICE_DOWN:
        return sorted(shown, key=lambda place: place.price, reverse=True)
    if by == Sort.NEWEST:
        return sorted(shown, key=lambda place: place.created_at, reverse=True)
    if by == Sort.TOP_RATED:
        return sorted(shown, key=lambda place: place.weighted_rating, reverse=True)
    return shown


def _place(row: tuple[Any, ...], score: float) -> Place:
    pk, category, parent, brand, price, created_at, count, total, title = row
    return Place(
        product_id=pk,
        score=score,
        target=Target(pk, frozenset(each for each in (category, parent) if each is not None), brand),
        title=title,
        aisle=category,
        department=category if parent is None else parent,
        price=price,
        created_at=created_at,
        weighted_rating=weighted_rating(count, total),
    )
