"""Why a product is in a list: read off the very numbers that put it there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from catalog.cards import Card, Cards
from catalog.models import Product
from recommendations.conf import Conf
from recommendations.engine.causes import main_causes
from recommendations.engine.protocols import Explains, can
from recommendations.engine.types import UNKNOWN, Floats, Positions
from recommendations.serving import trends
from recommendations.serving.history import DISMISS, ShopperHistory
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
CLAUSES = {
    "purchase": "you bought",
    "wishlist": "is on your wishlist",
    "basket": "you put in your basket",
    "click": "you looked at",
    "view": "you looked at",
    "dismiss": "you were not interested in",
}
STARS = {1.0: "1 star"} | {float(stars): f"{stars} stars" for stars in range(2, 6)}
Reader = Callable[[set[int]], Mapping[int, Any]]
# How many causes are told, and from which share on one that speaks against the product is worth telling.
FOR, AGAINST, WORTH_TELLING = 3, 2, 0.02


def personal_reasons(
    product_ids: list[int],
    history: ShopperHistory,
    model: LiveModel,
    read: Reader | None = None,
    *,
    positions: Positions | None = None,
) -> dict[int, Reason]:
    """product id -> the row of the history that adds most to its score, and the rows after it.

    A product that nothing in the history speaks for is there for its base score: it is popular.
    read: brings the products that the reasons name; None for one query. positions: of the products in the
    model, where they were looked up already.
    """
    ranker: object = model.bundle.ranker.model
    if positions is None:
        positions = model.bundle.products.positions(np.array(product_ids, np.int64))
    if not can(ranker, Explains) or not len(history):
        return dict.fromkeys(product_ids, POPULAR)
    learned = positions != UNKNOWN
    learned_ids = product_ids
    if not learned.all():
        learned_ids = [pk for pk, is_known in zip(product_ids, learned.tolist(), strict=True) if is_known]
        positions = positions[learned]
    pushes = ranker.explain(history.history, positions).contributions
    told = _in_full(history, pushes, read or products_named())
    return dict.fromkeys(product_ids, PICKED) | dict(zip(learned_ids, told, strict=True))


class Brief(NamedTuple):
    """The reasons of so many products, column by column: the words, the card of the main cause and its share
    (None for no cause)."""

    words: list[str]
    causes: list[Card | None]
    shares: list[float | None]

    @classmethod
    def of(cls, words: str, count: int) -> Brief:
        """The same of all, and no cause."""
        return cls([words] * count, [None] * count, [None] * count)

    def put(self, place: int, words: str, cause: Card | None, share: float | None) -> None:
        """Another reason for one of them."""
        self.words[place], self.causes[place], self.shares[place] = words, cause, share


def personal_in_brief(positions: Positions, history: ShopperHistory, model: LiveModel, cards: Cards) -> Brief:
    """`personal_reasons` of the products at these positions of the model, for programs.

    Of each the row that adds most: one row is the cause of many products of a list.
    """
    ranker: object = model.bundle.ranker.model
    if not can(ranker, Explains) or not len(history):
        return Brief.of(POPULAR.text, len(positions))
    # For so few a list is quicker than a column.
    if UNKNOWN in positions.tolist():
        told, places = Brief.of(PICKED.text, len(positions)), np.flatnonzero(positions != UNKNOWN)
        some = personal_in_brief(positions[places], history, model, cards)
        for place, words, cause, share in zip(places.tolist(), *some, strict=True):
            told.put(place, words, cause, share)
        return told
    main = main_causes(ranker, history.history, positions)
    rows = main.rows.tolist()
    ids = {row: history.history.products.item(row) for row in set(rows) if row >= 0}
    read = cards.of(ids.values())
    # A product that was deleted since cannot be named.
    named = {row: read[pk] for row, pk in ids.items() if pk in read}
    why = {row: because(history, row, card.title) for row, card in named.items()}
    shares = [part if row in named else None for row, part in zip(rows, main.parts.tolist(), strict=True)]
    return Brief([why.get(row, POPULAR.text) for row in rows], [*map(named.get, rows)], shares)


def _in_full(history: ShopperHistory, pushes: Floats, read: Reader) -> list[Reason]:
    """Of each product the rows worth telling."""
    totals = np.maximum(pushes, 0).sum(axis=1, dtype=np.float64).tolist()
    told = [_told(row, total) for row, total in zip(pushes, totals, strict=True)]
    history_ids = history.history.products
    causes = {int(history_ids[row]) for rows in told for part in rows for row in part}
    products = read(causes) if causes else {}
    return [
        _reason(history, row, *rows, total, products)
        for row, rows, total in zip(pushes, told, totals, strict=True)
    ]


def products_named(known: Mapping[int, Product] | None = None) -> Reader:
    """Reads products for a page. known: those already read. One query for the others, if there are any."""

    def read(ids: set[int]) -> Mapping[int, Product]:
        found = {pk: known[pk] for pk in ids if pk in known} if known else {}
        missing = ids - found.keys()
        return found | (Product.objects.only("pk", "sku", "title").in_bulk(missing) if missing else {})

    return read


def everybodys(
    product: Product | Card, strategy: Strategy, settings: Conf, *, place: int | None = None
) -> Reason:
    """Why a product is in a list that is the same for everybody.

    place: its place among the products of its department, from 1, where the list knows it.
    """
    department = product.category.department.name if product.category else ""
    inside = f" in {department}" if department else ""
    if strategy == Strategy.TRENDING:
        weeks = round(trends.HALF_LIVES * settings.trending_half_life.days / 7)
        during = f"over the last {weeks} weeks" if weeks > 1 else "this week"
        return Reason(f"{f'Number {place}' if place and department else 'Popular'}{inside} {during}")
    if strategy == Strategy.NEWEST:
        when = f"{product.created_at.day} {product.created_at:%B %Y}"
        return Reason(f"New{inside or ' in the shop'} since {when}")
    return Reason(f"Popular{inside} with shoppers here")


def done_to_it(history: ShopperHistory, row: int) -> str:
    """What the shopper did in that row, after "which"."""
    deed = history.deed(row)
    return f"you rated {_stars(history, row)}" if deed == RATING else CLAUSES[deed]


def by_stars(product: Product) -> Reason:
    """Why a product is among the top rated."""
    people = f"{product.rating_count:,} shopper{'' if product.rating_count == 1 else 's'}"
    return Reason(f"Rated {product.rating_average or 0:.1f} of 5 by {people}")


def deed_in_words(history: ShopperHistory, row: int, title: str) -> str:
    """What the shopper did in that row of the history, as a sentence."""
    deed = "dismiss" if _was_dismissed(history, row) else history.deed(row)
    if deed == RATING:
        return f"You rated {title} {_stars(history, row)}"
    return DEEDS[deed].format(title=title)


def because(history: ShopperHistory, row: int, title: str) -> str:
    """A dislike speaks for what is unlike it: its weight is negative, yet it adds to the score."""
    deed = history.deed(row)
    is_disliked = deed == DISMISS or history.history.weights.item(row) < 0
    if deed == RATING:
        stars = _stars(history, row)
        if is_disliked:
            return f"Unlike {title}, which you rated {stars}"
        return f"Because you rated {title} {stars}"
    if is_disliked:
        return f"Unlike {title}, which you were not interested in"
    return SENTENCES[deed].format(title=title)


def _told(pushes: Floats, total: float) -> tuple[list[int], list[int]]:
    """The rows worth telling: those that add most to the score, and those that take most from it."""
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
    total: float,
    products: Mapping[int, Any],
) -> Reason:
    def cause(row: int) -> Cause:
        product = products[int(history.history.products[row])]
        return Cause(
            text=deed_in_words(history, row, product.title),
            product=product,
            share=abs(float(pushes[row])) / total if total else 1.0,
            is_rating=history.deed(row) == RATING,
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
    return history.deed(row) != RATING and bool(history.history.weights[row] < 0)


def _stars(history: ShopperHistory, row: int) -> str:
    return STARS[history.history.ratings.item(row)]
