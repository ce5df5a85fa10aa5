"""Factor models of made-up shops of any size, for `benchmarks.many_products`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.synthetic import Shop, pairs
from recommendations.engine.algorithms.als import Als, AlsConfig
from recommendations.engine.algorithms.latent import FoldInRanker
from recommendations.engine.types import Arrays, Floats, History, Interactions, Vocabulary, silent

SEED, FACTORS, ASKED, ROUNDS = 0, 100, 1_000, 2
ROWS, SHOPPERS = 8, 4
"""Rows of feedback a product, and products a shopper."""
CONFIG = AlsConfig(factors=FACTORS, epochs=4, unobserved=0.03, regularization=0.001)
CONFIG_OF_MANY = AlsConfig(factors=FACTORS, epochs=4, unobserved=0.01, regularization=0.0003)
"""Sparse data need less of both, or every vector shrinks to 0."""
MANY = 300_000


@dataclass(frozen=True, eq=False)
class Fitted:
    """model: by `config`, of alternating least squares. histories: of ASKED of the shoppers it was fitted on.
    popularity: (products,) how many have each. shoppers, rows: of the shop."""

    config: AlsConfig
    model: FoldInRanker
    histories: list[History]
    popularity: Floats
    shoppers: int
    rows: int


def fitted(products: int, *, keep: Path | None) -> Fitted:
    """A shop of that size and its model; from a file in the folder `keep` where an earlier run left it."""
    kept = None if keep is None else keep / f"{products}.npz"
    if kept is None or not kept.exists():
        found = _fit(products)
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.savez(kept, allow_pickle=False, **found)
    else:
        with np.load(kept) as file:
            found = dict(file)
    ids, config = Vocabulary(np.arange(1, products + 1)), config_of(products)
    model = Als().restore(config, ids, {"base": np.zeros(products, np.float32), "factors": found["factors"]})
    owned = [found["owned"][start:end] for start, end in pairwise(found["starts"].tolist())]
    return Fitted(
        config, model, [history(own) for own in owned], found["popularity"], *found["shop"].tolist()
    )


def config_of(products: int) -> AlsConfig:
    """The settings for a shop of that size."""
    return CONFIG_OF_MANY if products >= MANY else CONFIG


def interactions(products: int) -> Interactions:
    """The feedback of a made-up shop (benchmarks/synthetic.py): everything was bought once, in any order."""
    shop = Shop(products // SHOPPERS, products, products * ROWS)
    shopper, product = pairs(shop, seed=SEED, rounds=ROUNDS)
    ones: Callable[[float], Floats] = lambda value: np.full(len(shopper), value, np.float32)  # noqa: E731
    times = np.random.default_rng(SEED).integers(0, 10_000_000, len(shopper))
    return Interactions.from_columns(
        shopper, product, ratings=ones(np.nan), weights=ones(1.0), times=times,
        catalogue=np.arange(1, products + 1),
    )  # fmt: skip


def history(products: NDArray[np.int64]) -> History:
    """Of products bought one after the other."""
    size = len(products)
    blank = np.full(size, np.nan, np.float32)
    return History(products, blank, np.ones(size, np.float32), np.arange(size, dtype=np.int64))


def _fit(products: int) -> Arrays:
    world = interactions(products)
    model = Als().fit(world, config_of(products), seed=SEED, progress=silent)
    counts = np.diff(world.starts)
    asked = np.random.default_rng(SEED).choice(np.flatnonzero(counts), min(ASKED, len(counts)), replace=False)
    owned = [world.product[world.starts[one] : world.starts[one + 1]].astype(np.int64) + 1 for one in asked]
    return {
        "factors": model.factors,
        "owned": np.concatenate(owned),
        "starts": np.cumsum([0, *map(len, owned)]),
        "shop": np.array([len(world.shoppers), len(world)]),
        "popularity": np.bincount(world.product, minlength=products).astype(np.float32),
    }
