"""What shoppers turned to lately, without any model."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.core.cache import cache

from catalog.models import Category, Product, ProductQuerySet, weighted_rating
from feedback.selectors import recent_events, recent_ratings
from recommendations.conf import Conf

MINUTE = 60
HALF_LIVES = 4
"""How far back trending looks."""


def trend_scores(settings: Conf, *, now: datetime) -> dict[int, float]:
    """product id -> its signals' weights, each halved for every half-life passed, best first.

    Cached for a minute: everyone sees the same list, and a single rating hardly moves it.
    """
    key = f"trend-scores:{int(now.timestamp()) // settings.trending_cache_seconds}"
    found = cache.get(key)
    if found is None:
        found = _count(settings, now=now)
        cache.set(key, found, settings.trending_cache_seconds + MINUTE)
    return dict(found)


def _count(settings: Conf, *, now: datetime) -> list[tuple[int, float]]:
    scores: Counter[int] = Counter()
    half_life = settings.trending_half_life.total_seconds()
    since = now - HALF_LIVES * settings.trending_half_life
    rows = [
        (product, settings.event_weights[kind], when)
        for product, kind, when in recent_events(since=since, until=now, most=settings.trending_rows)
    ]
    rows += [
        (product, settings.rating_weights[value], when)
        for product, value, when in recent_ratings(since=since, until=now, most=settings.trending_rows)
    ]
    for product, weight, when in rows:
        scores[product] += weight * 0.5 ** ((now - when).total_seconds() / half_life)
    liked = [(product, score) for product, score in scores.most_common(settings.candidates) if score > 0]
    return sorted(liked, key=lambda pair: (-pair[1], pair[0]))


def newest_scores(settings: Conf, *, category: Category | None = None) -> dict[int, float]:
    """product id -> higher for newer."""
    newest = _of(category).order_by("-created_at", "-pk").values_list("pk", flat=True)
    return {pk: float(-place) for place, pk in enumerate(newest[: settings.candidates])}


def top_rated_scores(settings: Conf, *, category: Category | None = None) -> dict[int, float]:
    """product id -> weighted average, for shops and departments nobody visited lately."""
    rated = _of(category).filter(rating_count__gt=0).by_rating()
    return rating_scores(rated, most=settings.candidates)


def _of(category: Category | None) -> ProductQuerySet:
    """What may be recommended, of a category or of all."""
    products = Product.objects.recommendable()
    return products if category is None else products.in_category(category)


def rating_scores(products: ProductQuerySet, *, most: int) -> dict[int, float]:
    """product id -> weighted average, in the order of the query."""
    rows = products.values_list("pk", "rating_count", "rating_total")[:most]
    return {pk: weighted_rating(count, total) for pk, count, total in rows}
