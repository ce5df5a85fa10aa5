"""From a shopper to a list: history -> score -> rules -> products -> fallback."""

from __future__ import annotations

from datetime import datetime

from catalog.models import Category, Product
from feedback.models import Shopper
from recommendations.serving.results import Filters, Recommendations, Sort


def recommend_for(
    shopper: Shopper | None,
    *,
    now: datetime,
    filters: Filters = Filters(),
    sort: Sort = Sort.BEST,
    limit: int = 20,
    offset: int = 0,
) -> Recommendations:
    """The shopper's list; the fallback list for None, for an empty history and without consent."""
    raise NotImplementedError


def similar_to(product: Product, *, now: datetime, limit: int = 8) -> Recommendations:
    """Products like this one by the live model, else of the same category."""
    raise NotImplementedError


def bought_together(product: Product, *, now: datetime, limit: int = 4) -> Recommendations:
    """What was bought in the same orders, by lift; empty when nothing was."""
    raise NotImplementedError


def trending(*, now: datetime, limit: int = 20, category: Category | None = None) -> Recommendations:
    """What shoppers turned to lately."""
    raise NotImplementedError


def newest(*, now: datetime, limit: int = 20) -> Recommendations:
    """The newest products."""
    raise NotImplementedError
