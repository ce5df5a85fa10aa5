"""What was bought in the same orders."""

from __future__ import annotations

from django.core.cache import cache

from catalog.models import Product
from feedback.selectors import co_purchases, order_count, order_counts

LEAST_SUPPORT = 2
PARTNERS = 60
ORDER_COUNT_SECONDS = 600


def partner_scores(product: Product) -> dict[int, tuple[float, int]]:
    """product id -> (shrunk lift, orders of both), best first.

    lift = n_ij / (n_i n_j / n + 1): how much more often the two were in one order than if they had nothing to
    do with each other; the added 1 keeps pairs that were seen once or twice from the top. Pairs below a
    support of 2 orders are left out.
    """
    shared = co_purchases(product.pk, most=PARTNERS, least=LEAST_SUPPORT)
    if not shared:
        return {}
    orders = cache.get_or_set("order-count", order_count, ORDER_COUNT_SECONDS) or order_count()
    counts = order_counts([product.pk, *shared])
    own = counts[product.pk]
    lifts = {
        partner: (support / (own * counts[partner] / orders + 1), support)
        for partner, support in shared.items()
    }
    better_than_chance = {
        partner: (lift, support)
        for partner, (lift, support) in lifts.items()
        if support * orders > own * counts[partner]
    }
    return dict(sorted(better_than_chance.items(), key=lambda pair: (-pair[1][0], pair[0])))
