"""Small worlds to fit on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from recommendations.engine.types import History, Interactions, ItemFeatures, Vocabulary

Row = tuple[object, object, float, float, int]
"""shopper, product, rating (NaN for none), weight, time."""

NONE = float("nan")


def interactions(rows: Sequence[Row], *, catalogue: list[object] | None = None) -> Interactions:
    shoppers, products, ratings, weights, times = (list(column) for column in zip(*rows, strict=True))
    return Interactions.from_columns(
        np.asarray(shoppers),
        np.asarray(products),
        ratings=np.asarray(ratings, np.float32),
        weights=np.asarray(weights, np.float32),
        times=np.asarray(times, np.int64),
        catalogue=None if catalogue is None else np.asarray(catalogue),
    )


def purchases(baskets: dict[object, list[object]], *, catalogue: list[object] | None = None) -> Interactions:
    """Everything each shopper bought, with weight 1 and no rating."""
    rows: list[Row] = [
        (shopper, product, NONE, 1.0, time)
        for shopper, products in baskets.items()
        for time, product in enumerate(products)
    ]
    return interactions(rows, catalogue=catalogue)


def history(products: list[object], weights: list[float] | None = None) -> History:
    count = len(products)
    given = [1.0] * count if weights is None else weights
    return rated_history(products, [NONE] * count, given)


def rated_history(
    products: list[object], ratings: list[float], weights: list[float] | None = None
) -> History:
    given = [rating / 2.5 - 1 for rating in ratings] if weights is None else weights
    return History(
        np.asarray(products) if products else np.empty(0, np.int64),
        np.asarray(ratings, np.float32),
        np.asarray(given, np.float32),
        np.arange(len(products), dtype=np.int64),
    )


def checkerboard(size: int = 8, *, catalogue: list[object] | None = None) -> Interactions:
    """Shoppers 0..2n-1 and products 100..100+2n-1: the even shoppers like the even products, the odd the odd.

    Each shopper lacks one product of their own kind: the one of their own number. The titles tell the kind;
    those of the rest of the catalogue are their own.
    """
    board = purchases(
        {
            shopper: [100 + product for product in range(shopper % 2, 2 * size, 2) if product != shopper]
            for shopper in range(2 * size)
        },
        catalogue=catalogue,
    )
    kinds = {100 + product: ("even", "odd")[product % 2] for product in range(2 * size)}
    return replace(
        board,
        features=described({product: kinds.get(product, "new") for product in board.products.ids.tolist()}),
    )


def described(
    titles: dict[Any, str], *, descriptions: dict[Any, str] | None = None,
    categories: dict[Any, tuple[str, ...]] | None = None, brands: dict[Any, str] | None = None,
    prices: dict[Any, float] | None = None,
) -> ItemFeatures:  # fmt: skip
    """What a shop says of its products, by their ids; of the products without a title nothing."""
    products = Vocabulary.of(list(titles))
    ids = products.ids.tolist()
    return ItemFeatures(
        products,
        titles=[titles[each] for each in ids],
        descriptions=[(descriptions or {}).get(each, "") for each in ids],
        categories=[(categories or {}).get(each, ()) for each in ids],
        brands=[(brands or {}).get(each, "") for each in ids],
        prices=np.array([(prices or {}).get(each, NONE) for each in ids], np.float32),
    )


def tastes(*, shoppers: int = 60, products: int = 40, seed: int = 0) -> Interactions:
    """Ratings 1 to 5 by two hidden tastes; each shopper rates about half of the products."""
    random = np.random.default_rng(seed)
    liking = random.normal(size=(shoppers, 2)) @ random.normal(size=(2, products))
    stars = np.clip(np.rint(3 + liking + random.normal(scale=0.3, size=liking.shape)), 1, 5)
    shopper, product = np.nonzero(random.random(liking.shape) < 0.5)
    ratings = stars[shopper, product].astype(np.float32)
    return Interactions.from_columns(
        shopper,
        product,
        ratings=ratings,
        weights=ratings / np.float32(2.5) - 1,
        times=random.integers(0, 10_000, len(ratings)),
    )
