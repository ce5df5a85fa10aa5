"""Which products to ask a new shopper about: known to many, judged differently, from all over the shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommendations.engine.types import UNKNOWN, Interactions, Positions

Values = NDArray[np.float64]
STARS = 5
# Kept beyond the 20 that are shown: some are sold out or hidden by the time they are asked about.
QUESTIONS = 60


@dataclass(frozen=True)
class OnboardingConfig:
    """disagreement: power of it in the product with popularity. spread: what one more product of a
    department counts for each one chosen, above 0 to 1. prior: ratings of the shop's own mix that every
    product is taken to have besides its own.
    """

    disagreement: float = 1.0
    spread: float = 0.93
    prior: float = 10.0

    def __post_init__(self) -> None:
        if self.disagreement < 0 or self.prior < 0 or not 0 < self.spread <= 1:
            raise ValueError("disagreement and prior must be 0 or more, and spread above 0 and up to 1.")


DEFAULTS = OnboardingConfig()


def first_questions(
    interactions: Interactions, *, count: int = QUESTIONS, config: OnboardingConfig = DEFAULTS
) -> list[Any]:
    """Ids of the products to ask about, most worth asking first; fewer where fewer were ever touched."""
    liked = None if np.isfinite(interactions.ratings).any() else _baskets(interactions)
    chosen = choose(
        popularity(interactions),
        disagreement(interactions, prior=config.prior),
        departments(interactions),
        count=count,
        config=config,
        baskets=liked,
    )
    ids: list[Any] = interactions.products.ids[chosen].tolist()
    return ids


def choose(
    popularity: Values,
    disagreement: Values,
    departments: NDArray[np.int64],
    *,
    count: int,
    config: OnboardingConfig = DEFAULTS,
    baskets: sparse.csr_matrix[np.float32] | None = None,
) -> Positions:
    """Greedily the product of highest popularity x disagreement^a x spread^(chosen of its department).

    All (products,): popularity 0 or more, disagreement 0 to 1, departments any numbers. baskets: (products,
    shoppers) rows of length 1 or 0; with them a product also counts less, the more its buyers are those of
    one already chosen: x (1 - its largest cosine). A product of popularity 0 is never chosen; of equal ones
    the first. Rashid et al., "Getting to know you: learning new user preferences in recommender systems",
    IUI 2002 (popularity x entropy).
    """
    worth = popularity * disagreement**config.disagreement
    worth = np.where(popularity > 0, worth, -np.inf)
    fresh = np.ones(len(worth))
    share = np.ones(len(worth))
    chosen: list[int] = []
    for _ in range(min(count, int(np.isfinite(worth).sum()))):
        best = int(np.argmax(worth * share * fresh))
        chosen.append(best)
        worth[best] = -np.inf
        share[departments == departments[best]] *= config.spread
        if baskets is not None:
            alike = np.asarray((baskets @ baskets[best].T).todense(), np.float64).ravel()
            # Never quite 0: what is bought by the very same shoppers is still better than nothing.
            fresh = np.minimum(fresh, np.maximum(1 - alike, 1e-6))
    return np.array(chosen, np.int32)


def popularity(interactions: Interactions) -> Values:
    """(products,) summed size of the weights: a dislike shows a product to be known as well as a like."""
    size = np.abs(interactions.weights.astype(np.float64))
    summed = np.bincount(interactions.product, size, minlength=len(interactions.products))
    return np.asarray(summed, np.float64)


def disagreement(interactions: Interactions, *, prior: float) -> Values:
    """(products,) entropy of each product's ratings as a share of the largest there can be; 1 without any.

    prior: as of `OnboardingConfig`; it keeps a product with three ratings from looking disputed.
    """
    rated = np.isfinite(interactions.ratings)
    if not rated.any():
        return np.ones(len(interactions.products))
    stars = np.clip(np.rint(interactions.ratings[rated]), 1, STARS).astype(np.int64) - 1
    cells = interactions.product[rated].astype(np.int64) * STARS + stars
    counts = np.bincount(cells, minlength=len(interactions.products) * STARS).reshape(-1, STARS)
    mix = counts.sum(axis=0) / counts.sum()
    smoothed = counts + max(prior, 1e-9) * mix
    shares = smoothed / smoothed.sum(axis=1, keepdims=True)
    logs = np.log(np.where(shares > 0, shares, 1.0))
    return np.asarray(-(shares * logs).sum(axis=1) / np.log(STARS), np.float64)


def departments(interactions: Interactions) -> NDArray[np.int64]:
    """(products,) a number for each department; products without one share a number."""
    names = np.full(len(interactions.products), "", dtype=object)
    if (features := interactions.features) is not None:
        places = features.products.positions(interactions.products.ids)
        for number, place in enumerate(places.tolist()):
            if place != UNKNOWN and features.categories[place]:
                names[number] = features.categories[place][0]
    numbers: NDArray[np.int64] = np.unique(names.astype(np.str_), return_inverse=True)[1].astype(np.int64)
    return numbers


def _baskets(interactions: Interactions) -> sparse.csr_matrix[np.float32]:
    """(products, shoppers) who likes what, each row of length 1."""
    table = sparse.csr_matrix(interactions.matrix(np.maximum(interactions.weights, 0)).T)
    lengths = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    unit = 1 / np.where(lengths > 0, lengths, 1)
    table.data = (table.data * np.repeat(unit, np.diff(table.indptr))).astype(np.float32)
    return table
