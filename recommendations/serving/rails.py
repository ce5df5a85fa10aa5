"""The two lists of a product's page: no product twice, and the database asked once for both."""

from __future__ import annotations

from datetime import datetime

from catalog.models import Product
from recommendations.conf import conf
from recommendations.merchandising import rules_in_force
from recommendations.serving import baskets, shelf
from recommendations.serving.index import live_model
from recommendations.serving.results import Item, Recommendations, Strategy
from recommendations.serving.service import (
    EVERYTHING,
    alike,
    products_of,
    similar_reason,
    together_reason,
)


def together_and_similar(
    product: Product, *, now: datetime, together: int, similar: int
) -> tuple[Recommendations, Recommendations]:
    """What bought_together and similar_to say; what is in the first is not repeated in the second."""
    model, rules = live_model(), rules_in_force(now=now).without_pins()
    partners = baskets.partner_scores(product)
    lifts = {pk: lift for pk, (lift, _) in partners.items()}
    likenesses, strategy = alike(product, model, conf())

    rows = shelf.rows_of({*lifts, *likenesses}, EVERYTHING)
    bought = shelf.places(lifts, EVERYTHING, rules, {product.pk}, rows)[:together]
    shown = {product.pk, *(place.product_id for place in bought)}
    like = shelf.places(likenesses, EVERYTHING, rules, shown, rows)[:similar]

    products = products_of([*bought, *like])
    reason = similar_reason(product, strategy)
    bought_items = tuple(
        Item(products[pk], place.score, together_reason(product, partners[pk][1]))
        for place in bought
        for pk in [place.product_id]
    )
    like_items = tuple(Item(products[place.product_id], place.score, reason) for place in like)
    return (
        Recommendations(bought_items, len(bought_items), Strategy.BOUGHT_TOGETHER, None, now),
        Recommendations(like_items, len(like_items), strategy, model.version if model else None, now),
    )
