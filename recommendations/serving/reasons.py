"""Why a product is in a list: read off the very numbers that put it there."""

from __future__ import annotations

import numpy as np

from catalog.models import Product
from recommendations.engine.protocols import Explains
from recommendations.engine.types import UNKNOWN
from recommendations.serving.history import ShopperHistory
from recommendations.serving.index import LiveModel
from recommendations.serving.results import Reason
from recommendations.signals import RATING

POPULAR = Reason("Popular with shoppers here")
PICKED = Reason("Picked by the shop")
SENTENCES = {
    "purchase": "Because you bought {title}",
    "wishlist": "Because {title} is on your wishlist",
    "basket": "Because you put {title} in your basket",
    "click": "Because you looked at {title}",
    "view": "Because you looked at {title}",
}


def personal_reasons(product_ids: list[int], history: ShopperHistory, model: LiveModel) -> dict[int, Reason]:
    """product id -> the row of the history that adds most to its score. One query, for the titles.

    A product that nothing in the history speaks for is there for its base score: it is popular.
    """
    ranker: object = model.bundle.ranker.model
    positions = model.bundle.products.positions(np.array(product_ids, np.int64))
    if not isinstance(ranker, Explains) or not len(history):
        return dict.fromkeys(product_ids, POPULAR)
    known = positions != UNKNOWN
    contributions = ranker.explain(history.history, positions[known]).contributions
    gains = np.maximum(contributions, 0)
    best = gains.argmax(axis=1)
    titles = _products({int(history.history.products[row]) for row in best})
    reasons = dict.fromkeys(product_ids, PICKED)
    known_ids = [product_id for product_id, is_known in zip(product_ids, known, strict=True) if is_known]
    for product_id, row, gain in zip(known_ids, best.tolist(), gains, strict=True):
        cause = titles.get(int(history.history.products[row]))
        if gain[row] <= 0 or cause is None:
            reasons[product_id] = POPULAR
        else:
            reasons[product_id] = Reason(_sentence(history, row, cause), cause, float(gain[row] / gain.sum()))
    return reasons


def _sentence(history: ShopperHistory, row: int, cause: Product) -> str:
    """A dislike speaks for what is unlike it: its weight is negative, yet it adds to the score."""
    deed, title = history.deeds[row], cause.title
    disliked = deed == "dismiss" or history.history.weights[row] < 0
    if deed == RATING:
        stars = int(history.history.ratings[row])
        given = f"{stars} star{'' if stars == 1 else 's'}"
        if disliked:
            return f"Unlike {title}, which you rated {given}"
        return f"Because you rated {title} {given}"
    if disliked:
        return f"Unlike {title}, which you were not interested in"
    return SENTENCES[deed].format(title=title)


def _products(ids: set[int]) -> dict[int, Product]:
    return Product.objects.only("pk", "sku", "title").in_bulk(ids)
