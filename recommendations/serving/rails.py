"""The lists of a product's page: no product twice, and what is the same for everybody kept for a minute."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.core.cache import cache

from catalog.models import Product
from recommendations.conf import conf
from recommendations.serving import baskets, shelf
from recommendations.serving.alike import alike, similar_reason, together_reason
from recommendations.serving.home_rows import KEEP_SECONDS, MINUTE, rules_key
from recommendations.serving.results import Item, Reason, Recommendations, Strategy
from recommendations.serving.service import EVERYTHING
from recommendations.serving.snapshot import current

# (product id, score, orders of both) and (product id, score)
Bought = list[tuple[int, float, int]]
Like = list[tuple[int, float]]


def product_rails(
    product: Product, *, now: datetime, together: int, similar: int, seen: Iterable[int] = (), recent: int = 0
) -> tuple[Recommendations, Recommendations, tuple[Item, ...]]:
    """What bought_together and similar_to say, and what the visitor opened before.

    seen: ids of what they opened, newest first; `recent` of them are shown. What is in one list is not
    repeated in the next.
    """
    snapshot = current()
    model, rules = snapshot.model, snapshot.rules_at(now).without_pins()
    version = model.version if model else None
    key = f"product-rows:{version}:{rules_key(rules)}:{product.pk}:{int(now.timestamp()) // MINUTE}"
    kept = cache.get(key)
    if kept is None:
        partners = baskets.partner_scores(product)
        lifts = {pk: lift for pk, (lift, _) in partners.items()}
        likenesses, strategy = alike(product, snapshot, conf())
        places = shelf.places(lifts, EVERYTHING, rules, {product.pk}, snapshot)[:together]
        bought: Bought = [(each.product_id, each.score, partners[each.product_id][1]) for each in places]
        shown = {product.pk, *(pk for pk, _, _ in bought)}
        alikes = shelf.places(likenesses, EVERYTHING, rules, shown, snapshot)[:similar]
        like: Like = [(each.product_id, each.score) for each in alikes]
        kept = [bought, like, strategy]
        cache.set(key, kept, KEEP_SECONDS)
    bought, like, strategy = kept[0], kept[1], Strategy(kept[2])
    shown = {product.pk, *(pk for pk, _, _ in bought), *(pk for pk, _ in like)}
    opened = [pk for pk in dict.fromkeys(seen) if pk not in shown][: 2 * recent]
    products = Product.objects.recommendable().for_cards().in_bulk(shown.union(opened) - {product.pk})
    reason = similar_reason(product, strategy)
    bought_items = tuple(
        Item(products[pk], score, together_reason(product, orders))
        for pk, score, orders in bought
        if pk in products
    )
    like_items = tuple(Item(products[pk], score, reason) for pk, score in like if pk in products)
    again = [Item(products[pk], 0.0, Reason("")) for pk in opened if pk in products]
    return (
        Recommendations(bought_items, len(bought_items), Strategy.BOUGHT_TOGETHER, None, now),
        Recommendations(like_items, len(like_items), strategy, version, now),
        tuple(again[:recent]),
    )
