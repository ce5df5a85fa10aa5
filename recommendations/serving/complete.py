"""What completes a basket: bought together with what is in it, over the whole basket at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.core.cache import cache

from catalog.models import Product
from feedback.selectors import order_count, order_counts, orders_with
from recommendations.merchandising import rules_in_force
from recommendations.serving import shelf
from recommendations.serving.results import Filters, Item, Reason, Recommendations, Strategy

LEAST_SUPPORT = 2
PARTNERS = 100
# The newest rows of orders that are looked at; a shop's latest hundreds of orders say enough.
ORDER_ROWS = 20_000
ORDER_COUNT_SECONDS = 600


def complete_basket(products: Sequence[Product], *, now: datetime, limit: int = 8) -> Recommendations:
    """Products that go with the basket's, best first; empty when nothing was bought together with them.

    score(j) = sum over i in the basket of n_ij / (n_i n_j / n + 1), the shrunk lift of each pair that was in
    at least two orders and more often than by chance: what goes with more of the basket comes first. The
    reason names the product of the largest part. As many queries for a full basket as for one product.
    """
    basket = {product.pk: product for product in products}
    lifts = _lifts(list(basket))
    scores = {pk: sum(parts.values()) for pk, parts in lifts.items()}
    best = dict(sorted(scores.items(), key=lambda pair: (-pair[1], pair[0])))
    rules = rules_in_force(now=now).without_pins()
    shown = shelf.places(best, Filters(), rules, set(basket))[:limit] if best else []
    found = Product.objects.for_cards().in_bulk([place.product_id for place in shown])
    items = tuple(
        Item(found[place.product_id], place.score, _reason(lifts[place.product_id], basket))
        for place in shown
    )
    return Recommendations(items, len(items), Strategy.BOUGHT_TOGETHER, None, now)


def _lifts(basket: list[int]) -> dict[int, dict[int, float]]:
    """product id -> (basket's product id -> shrunk lift of the two)."""
    shared = _shared_orders(basket)
    if not shared:
        return {}
    orders = cache.get_or_set("order-count", order_count, ORDER_COUNT_SECONDS) or order_count()
    counts = order_counts([*basket, *{partner for _, partner in shared}])
    lifts: dict[int, dict[int, float]] = defaultdict(dict)
    for (own, partner), support in shared.items():
        by_chance = counts.get(own, 0) * counts.get(partner, 0) / orders
        if support > by_chance:
            lifts[partner][own] = support / (by_chance + 1)
    return lifts


def _shared_orders(basket: list[int]) -> dict[tuple[int, int], int]:
    """(basket's product, other product) -> orders of both, of the pairs seen most."""
    contents: dict[str, set[int]] = defaultdict(set)
    for order, product_id in orders_with(basket, most=ORDER_ROWS) if basket else ():
        contents[order].add(product_id)
    own = set(basket)
    pairs: Counter[tuple[int, int]] = Counter()
    for things in contents.values():
        pairs.update((mine, other) for mine in things & own for other in things - own)
    return {pair: count for pair, count in pairs.most_common(PARTNERS * len(own)) if count >= LEAST_SUPPORT}


def _reason(parts: dict[int, float], basket: dict[int, Product]) -> Reason:
    own = max(parts, key=lambda pk: (parts[pk], -pk))
    return Reason(f"Often ordered with {basket[own].title}", basket[own], parts[own] / sum(parts.values()))
