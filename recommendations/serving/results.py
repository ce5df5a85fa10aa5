"""What serving answers with: plain values that pages, the API and tests read alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from catalog.cards import Card
from catalog.models import Category, Product


class Strategy(StrEnum):
    """How a list came about."""

    PERSONAL = "personal"  # scored by the live model from the shopper's history
    POPULAR = "popular"  # nothing (known to the model) in the history: what the live model's shoppers like
    TRENDING = "trending"  # what happened lately
    NEWEST = "newest"  # nothing happened yet: the newest products
    SIMILAR = "similar"
    DESCRIBED_ALIKE = "described_alike"  # the model has not learned the product: by what the shop says of it
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

    @cached_property
    def narrows(self) -> bool:
        """Whether there is more to it than stars to expect and products to leave out."""
        return self != Filters(exclude=self.exclude, min_predicted=self.min_predicted)


class Cause(NamedTuple):
    """One thing a shopper did that speaks for or against a product.

    text: what they did. share: its part of everything that speaks for the product; for a cause against it,
    how large the pull is beside that (it may exceed 1). is_rating: it can be taken back.
    """

    text: str
    product: Product
    share: float
    is_rating: bool = False


class Reason(NamedTuple):
    """Why a product is in the list. `product` is the history's product it rests on, if any.

    share: how much of the history's positive push towards the product comes from that one row, 0 to 1.
    causes, against: the rows that push most and pull most, the strongest first.
    """

    text: str
    product: Product | None = None
    share: float | None = None
    causes: tuple[Cause, ...] = ()
    against: tuple[Cause, ...] = ()

    @property
    def rest(self) -> float:
        """What the causes that are not told add up to, 0 to 1."""
        return max(0.0, 1.0 - sum(cause.share for cause in self.causes)) if self.causes else 0.0


class Item(NamedTuple):
    """One place of a list. score: higher is better, comparable within the list only.

    product: in lists for programs its card, which reads like it; so of reasons and causes.
    """

    product: Product
    score: float
    reason: Reason
    predicted_rating: float | None = None
    # Put here to find out whether it is liked, further up than what is known of it would bring it.
    explored: bool = False


@dataclass(frozen=True)
class Recommendations:
    """One page of a list, and what made it. total: how many products the whole list has."""

    items: tuple[Item, ...]
    total: int
    strategy: Strategy
    model_version: int | None
    generated_at: datetime


class Listed(NamedTuple):
    """One page of a list for programs, column by column, an entry a place.

    words: of the reasons. causes, shares: what each of them rests on and how much, as in `Reason`; None for
    nothing. stars: predicted, where somebody can.
    """

    cards: list[Card]
    scores: list[float]
    words: list[str]
    causes: list[Card | None]
    shares: list[float | None]
    stars: list[float | None]
    explored: list[bool]
    total: int
    strategy: Strategy
    model_version: int | None
    generated_at: datetime


DIGITS = ".7g"
"""How scores and stars are told: with as many digits as single precision has, which they are computed in."""
