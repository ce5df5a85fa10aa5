"""What was bought in the same orders."""

from __future__ import annotations

import numpy as np
from django.core.cache import cache

from catalog.models import Product
from feedback.selectors import co_purchases, order_count, order_counts
from recommendations.engine.association import SURE, affinity, log_likelihood_ratio

LEAST_SUPPORT = 2
# So many that the few which are in everybody's orders do not crowd out all others before they are sorted out.
PARTNERS = 200
# By the orders of a month held back, see benchmarks/item_lists.md.
EXPONENT = 0.2
ORDER_COUNT_SECONDS = 600


def partner_scores(product: Product) -> dict[int, tuple[float, int]]:
    """product id -> (score, orders of both), best first.

    Only pairs that belong together: of `LEAST_SUPPORT` orders or more, oftener together than chance has it,
    and so by a log-likelihood ratio that chance reaches in one pair of twenty. What is simply in most
    orders is thus no partner of anything. score = n_ij / n_j^0.2: of those, the ones shared by most orders,
    somewhat in favour of what is bought with little else.
    """
    shared = co_purchases(product.pk, most=PARTNERS, least=LEAST_SUPPORT)
    if not shared:
        return {}
    orders = cache.get_or_set("order-count", order_count, ORDER_COUNT_SECONDS) or order_count()
    counts = order_counts([product.pk, *shared])
    ids = list(shared)
    both = np.array([shared[each] for each in ids], np.float64)
    other = np.array([counts[each] for each in ids], np.float64)
    own = np.full(len(ids), float(counts[product.pk]))
    # The number of orders is remembered for a while and may lag behind the counts.
    ratios = log_likelihood_ratio(both, own, other, max(float(orders), own[0] + float((other - both).max())))
    scores = affinity(both, other, exponent=EXPONENT)
    certain = {
        pk: (score, support)
        for pk, score, support, ratio in zip(ids, scores.tolist(), shared.values(), ratios, strict=True)
        if ratio >= SURE
    }
    return dict(sorted(certain.items(), key=lambda pair: (-pair[1][0], pair[0])))
