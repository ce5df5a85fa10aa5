"""Why a product is in a list: read off the very numbers that put it there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from catalog.models import Product
from recommendations.conf import Conf
from recommendations.engine.protocols import Explains
from recommendations.engine.types import UNKNOWN, Floats
from recommendations.serving.history import ShopperHistory
from recommendations.serving.index import LiveModel
from recommendations.serving.results import Cause, Reason, Strategy
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
DEEDS = {
    "purchase": "You bought {title}",
    "wishlist": "{title} is on your wishlist",
    "basket": "You put {title} in your basket",
    "click": "You looked at {title}",
    "view": "You looked at {title}",
    "dismiss": "You were not interested in {title}",
}
# How far back trending looks (trends.py), in half-lives.
TRENDING_HALF_LIVES = 4
# How many causes are told, and from which share on one that speaks against the product is worth telling.
FOR, AGAINST, WORTH_TELLING = 3, 2, 0.02


def personal_reasons(
    product_ids: list[int],
    history: ShopperHistory,
    model: LiveModel,
    known: Mapping[int, Product] | None = None,
) -> dict[int, Reason]:
    """product id -> the row of the history that adds most to its score, and the rows after it.

    A product that nothing in the history speaks for is there for its base score: it is popular.
    known: products already read. One query for the titles of the others, none when there are no others.
    """
    ranker: object = model.bundle.ranker.model
    positions = model.bundle.products.positions(np.array(product_ids, np.int64))
    if not isinstance(ranker, Explains) or not len(history):
        return dict.fromkeys(product_ids, POPULAR)
    reasons = dict.fromkeys(product_ids, PICKED)
    learned = positions != UNKNOWN
    contributions = ranker.explain(history.history, positions[learned]).contributions
    told = [_told(row) for row in contributions]
    causes = {int(history.history.products[row]) for rows in told for part in rows for row in part}
    products = _products(causes, known or {})
    learned_ids = [product_id for product_id, is_known in zip(product_ids, learned, strict=True) if is_known]
    for product_id, (ahead, behind), pushes in zip(learned_ids, told, contributions, strict=True):
        reasons[product_id] = _reason(history, pushes, ahead, behind, products)
    return reasons


def everybodys(product: Product, strategy: Strategy, settings: Conf, *, place: int | None = None) -> Reason:
    """Why a product is in a list that is the same for everybody.

    place: its place among the products of its department, from 1, where the list knows it.
    """
    department = product.category.department.name if product.category else ""
    inside = f" in {department}" if department else ""
    if strategy == Strategy.TRENDING:
        weeks = round(TRENDING_HALF_LIVES * settings.trending_half_life.days / 7)
        during = f"over the last {weeks} weeks" if weeks > 1 else "this week"
        return Reason(f"{f'Number {place}' if place and department else 'Popular'}{inside} {during}")
    if strategy == Strategy.NEWEST:
        when = f"{product.created_at.day} {product.created_at:%B %Y}"
        return Reason(f"New{inside or ' in the shop'} since {when}")
    return Reason(f"Popular{inside} with shoppers here")


def by_stars(product: Product) -> Reason:
    """Why a product is among the top rated."""
    people = f"{product.rating_count:,} shopper{'' if product.rating_count == 1 else 's'}"
    return Reason(f"Rated {product.rating_average or 0:.1f} of 5 by {people}")


def deed_in_words(history: ShopperHistory, row: int, title: str) -> str:
    """What the shopper did in that row of the history, as a sentence."""
    deed = "dismiss" if _was_dismissed(history, row) else history.deeds[row]
    if deed == RATING:
        return f"You rated {title} {_given(history, row)}"
    return DEEDS[deed].format(title=title)


def because(history: ShopperHistory, row: int, title: str) -> str:
    """A dislike speaks for what is unlike it: its weight is negative, yet it adds to the score."""
    deed = history.deeds[row]
    disliked = deed == "dismiss" or history.history.weights[row] < 0
    if deed == RATING:
        given = _given(history, row)
        if disliked:
            return f"Unlike {title}, which you rated {given}"
        return f"Because you rated {title} {given}"
    if disliked:
        return f"Unlike {title}, which you were not interested in"
    return SENTENCES[deed].format(title=title)


def _told(pushes: Floats) -> tuple[list[int], list[int]]:
    """The rows worth telling: those that add most to the score, and those that take most from it."""
    total = float(np.maximum(pushes, 0).sum())
    order = np.argsort(-pushes, kind="stable")
    ahead = [int(row) for row in order[:FOR] if pushes[row] > 0]
    least = WORTH_TELLING * total
    behind = [int(row) for row in order[::-1][:AGAINST] if pushes[row] < 0 and -pushes[row] >= least]
    return ahead, behind


def _reason(
    history: ShopperHistory,
    pushes: Floats,
    ahead: list[int],
    behind: list[int],
    products: Mapping[int, Product],
) -> Reason:
    total = float(np.maximum(pushes, 0).sum())

    def cause(row: int) -> Cause:
        product = products[int(history.history.products[row])]
        return Cause(
            text=deed_in_words(history, row, product.title),
            product=product,
            share=abs(float(pushes[row])) / total if total else 1.0,
            is_rating=history.deeds[row] == RATING,
        )

    # A product that was deleted since cannot be named.
    ahead = [row for row in ahead if int(history.history.products[row]) in products]
    behind = [row for row in behind if int(history.history.products[row]) in products]
    against = tuple(cause(row) for row in behind)
    if not ahead:
        return Reason(POPULAR.text, against=against)
    first = products[int(history.history.products[ahead[0]])]
    return Reason(
        because(history, ahead[0], first.title),
        first,
        float(pushes[ahead[0]]) / total,
        tuple(cause(row) for row in ahead),
        against,
    )


def _was_dismissed(history: ShopperHistory, row: int) -> bool:
    return history.deeds[row] != RATING and bool(history.history.weights[row] < 0)


def _given(history: ShopperHistory, row: int) -> str:
    stars = int(history.history.ratings[row])
    return f"{stars} star{'' if stars == 1 else 's'}"


def _products(ids: set[int], known: Mapping[int, Product]) -> dict[int, Product]:
    found = {pk: known[pk] for pk in ids if pk in known}
    missing = ids - found.keys()
    return found | (Product.objects.only("pk", "sku", "title").in_bulk(missing) if missing else {})
