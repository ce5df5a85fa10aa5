"""What completes a basket: bought together with what is in it, over the whole basket at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

import numpy as np
from django.core.cache import cache

from catalog.models import Product
from feedback.selectors import order_count, order_counts, orders_with
from recommendations.engine.association import SURE, affinity, log_likelihood_ratio
from recommendations.serving import shelf
from recommendations.serving.results import Filters, Item, Reason, Recommendations, Strategy
from recommendations.serving.snapshot import current

LEAST_SUPPORT = 2
# Online Retail, one product held back from each later order, counts of the orders before. Chosen on the
# orders from 70 to 85 % of the time; on those after, the hit rate in 8 places is .210, by shrunk lift .195.
EXPONENT, SHRINK = 0.4, 20.0
PARTNERS = 100
# The newest rows of orders that are looked at; a shop's latest hundreds of orders say enough.
ORDER_ROWS = 20_000
ORDER_COUNT_SECONDS = 600


def complete_basket(products: Sequence[Product], *, now: datetime, limit: int = 8) -> Recommendations:
    """Products that go with the basket's, best first; empty when nothing was bought together with them.

    score(j) = sum over i in the basket of n_ij / ((n_i + 20) n_j^0.4), the share of i's orders with j in
    them, less for what is in many orders anyway. Only pairs that surely belong together count, as for
    `baskets.partner_scores`; what goes with more of the basket comes first, and no product of the basket
    drowns the others by being ordered most. The reason names the product of the largest part. As many
    queries for a full basket as for one product.
    """
    basket = {product.pk: product for product in products}
    shares = _shares(list(basket))
    scores = {pk: sum(parts.values()) for pk, parts in shares.items()}
    best = dict(sorted(scores.items(), key=lambda pair: (-pair[1], pair[0])))
    snapshot = current()
    rules = snapshot.rules_at(now).without_pins()
    shown = shelf.places(best, Filters(), rules, set(basket), snapshot)[:limit] if best else []
    found = Product.objects.for_cards().in_bulk([place.product_id for place in shown])
    items = tuple(
        Item(found[place.product_id], place.score, _reason(shares[place.product_id], basket))
        for place in shown
    )
    return Recommendations(items, len(items), Strategy.BOUGHT_TOGETHER, None, now)


def _shares(basket: list[int]) -> dict[int, dict[int, float]]:
    """product id -> (basket's product id -> what it adds to the score)."""
    shared = _shared_orders(basket)
    if not shared:
        return {}
    orders = cache.get_or_set("order-count", order_count, ORDER_COUNT_SECONDS) or order_count()
    counts = order_counts([*basket, *{partner for _, partner in shared}])
    both = np.array(list(shared.values()), np.float64)
    own = np.array([counts.get(mine, 0) for mine, _ in shared], np.float64)
    other = np.array([counts.get(partner, 0) for _, partner in shared], np.float64)
    # The number of orders is remembered for a while and may lag behind the counts.
    ratios = log_likelihood_ratio(both, own, other, max(float(orders), float((own + other - both).max())))
    parts = affinity(both, other, exponent=EXPONENT) / (own + SHRINK)
    found: dict[int, dict[int, float]] = defaultdict(dict)
    for (mine, partner), part, ratio in zip(shared, parts.tolist(), ratios, strict=True):
        if ratio >= SURE:
            found[partner][mine] = part
    return found


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
