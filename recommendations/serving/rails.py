"""Several lists for one page: no product twice, and the database asked once for all of them."""

from __future__ import annotations

from datetime import datetime

from catalog.models import Product
from feedback.models import Shopper
from recommendations.conf import conf
from recommendations.merchandising import rules_in_force
from recommendations.serving import baskets, shelf, trends
from recommendations.serving.history import NOTHING, history_of
from recommendations.serving.index import live_model
from recommendations.serving.results import Item, Recommendations, Strategy
from recommendations.serving.service import (
    EVERYTHING,
    alike,
    items_of,
    lately,
    products_of,
    scores_for,
    shared_reason,
    similar_reason,
    together_reason,
)  # fmt: skip
from recommendations.serving.shelf import Place


def personal_trending_newest(
    shopper: Shopper | None, *, now: datetime, length: int
) -> tuple[Recommendations, Recommendations, Recommendations]:
    """What recommend_for, trending and newest say, each without what the ones before it show.

    Personal is empty while there is nothing to go on; trending is the top rated while nothing happened
    lately, and empty while nothing is rated. One query each for the rules, the candidates and the products,
    where three calls would make three of each.
    """
    settings, rules, model = conf(), rules_in_force(now=now), live_model() if shopper else None
    history = history_of(shopper.pk, settings, now=now) if shopper and shopper.consent else NOTHING
    personal: dict[int, float] = {}
    if model is not None and len(history):
        scores, strategy = scores_for(shopper, history, model, EVERYTHING, settings, now=now)
        personal = scores if strategy == Strategy.PERSONAL else {}
    hot_scores, hot_strategy = lately(settings, now=now)
    # The newest have a rail of their own.
    hot_scores = {} if hot_strategy == Strategy.NEWEST else hot_scores
    new_scores = trends.newest_scores(settings)

    rows = shelf.rows_of({*personal, *hot_scores, *new_scores, *rules.pinned()}, EVERYTHING)
    mine = shelf.places(personal, EVERYTHING, rules, history.settled, rows)[:length] if personal else []
    shown = {place.product_id for place in mine}
    hot = shelf.places(hot_scores, EVERYTHING, rules.without_pins(), shown, rows)[:length]
    shown |= {place.product_id for place in hot}
    new = shelf.places(new_scores, EVERYTHING, rules.without_pins(), shown, rows)[:length]

    products = products_of([*mine, *hot, *new])
    version = model.version if model else None

    def everybodys(places: list[Place], strategy: Strategy) -> Recommendations:
        why = shared_reason(strategy)
        items = tuple(Item(products[place.product_id], place.score, why) for place in places)
        return Recommendations(items, len(items), strategy, None, now)

    for_me = items_of(mine, history, model, Strategy.PERSONAL, products)
    return (
        Recommendations(for_me, len(for_me), Strategy.PERSONAL, version, now),
        everybodys(hot, hot_strategy),
        everybodys(new, Strategy.NEWEST),
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
