"""What serving answers with: plain values that pages, the API and tests read alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from catalog.models import Category, Product


class Strategy(StrEnum):
    """How a list came about."""

    PERSONAL = "personal"  # scored by the live model from the shopper's history
    POPULAR = "popular"  # nothing (known to the model) in the history: what the live model's shoppers like
    TRENDING = "trending"  # what happened lately
    NEWEST = "newest"  # nothing happened yet: the newest products
    SIMILAR = "similar"
    SAME_CATEGORY = "same_category"  # the model does not know the product
    BOUGHT_TOGETHER = "bought_together"


class Sort(StrEnum):
    BEST = "best"
    PRICE_UP = "price"
    PRICE_DOWN = "-price"
    NEWEST = "newest"
    TOP_RATED = "rating"


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to. Prices inclusive; `min_predicted` in stars, 1 to 5."""

    category: Category | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_stock: bool = True
    min_predicted: float | None = None
    exclude: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Reason:
    """Why a product is in the list. `product` is the history's product it rests on, if any.

    share: how much of the history's positive push towards the product comes from that one row, 0 to 1.
    """

    text: str
    product: Product | None = None
    share: float | None = None


@dataclass(frozen=True)
class Item:
    """One place of a list. score: higher is better, comparable within the list only."""

    product: Product
    score: float
    reason: Reason
    predicted_rating: float | None = None


@dataclass(frozen=True)
class Recommendations:
    """One page of a list, and what made it. total: how many products the whole list has."""

    items: tuple[Item, ...]
    total: int
    strategy: Strategy
    model_version: int | None
    generated_at: datetime
