"""What lists are like, whether or not they hit: known or new, mixed or alike. One value a shopper.

A shopper who is shown nothing has no such value: NaN.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommendations.engine.evaluation.metrics import Values
from recommendations.engine.types import UNKNOWN, Interactions, Positions, Ranking, Vocabulary

DIVERSITY_SHOPPERS = 2_000


class Lists:
    """Measures rankings by the training data they came from.

    Popularity counts the shoppers who have the product. A product's popularity percentile is the share of the
    catalogue it is at least as popular as, ties at their middle: 0 to 1.
    """

    def __init__(self, train: Interactions, products: Vocabulary) -> None:
        """products: the vocabulary of the rankings, which may hold more than `train` or less."""
        own = products.positions(train.products.ids)[train.product]
        kept = own != UNKNOWN
        self._shoppers = max(1, int(np.count_nonzero(np.diff(train.starts))))
        counts = np.bincount(own[kept], minlength=len(products)).astype(np.float64)
        # A product nobody has yet is taken to be as surprising as one that a single shopper has.
        self._information = -np.log2(np.maximum(counts, 1) / self._shoppers)
        self._percentile = _percentiles(counts)
        unit = 1 / np.sqrt(np.maximum(counts, 1))
        self._unit = sparse.csr_matrix(
            (unit[own[kept]], (own[kept], train.shopper[kept])), shape=(len(products), len(train.shoppers))
        )

    def novelty(self, rankings: Sequence[Ranking], k: int) -> Values:
        """Mean self-information -log2(share of shoppers who have it), in bits, of the k shown.

        Zhou et al., "Solving the apparent diversity-accuracy dilemma of recommender systems", PNAS 107, 2010.
        """
        return _means(self._information, [ranking.positions[:k] for ranking in rankings])

    def popularity(self, rankings: Sequence[Ranking], k: int) -> Values:
        """Mean popularity percentile of the k shown."""
        return _means(self._percentile, [ranking.positions[:k] for ranking in rankings])

    def popularity_bias(self, rankings: Sequence[Ranking], histories: Sequence[Positions], k: int) -> Values:
        """Mean popularity percentile of the k shown less that of the shopper's own history, -1 to 1."""
        known = [own[own != UNKNOWN] for own in histories]
        return self.popularity(rankings, k) - _means(self._percentile, known)

    def diversity(self, rankings: Sequence[Ranking], k: int) -> Values:
        """Mean of 1 - cosine over the pairs of the k shown, a product being the set of shoppers who have it.

        Of evenly spaced DIVERSITY_SHOPPERS shoppers, NaN for the others. Ziegler et al., "Improving
        recommendation lists through topic diversification", WWW 2005.
        """
        values = np.full(len(rankings), np.nan)
        step = max(1, -(-len(rankings) // DIVERSITY_SHOPPERS))
        for number in range(0, len(rankings), step):
            shown = rankings[number].positions[:k]
            if len(shown) > 1:
                vectors = self._unit[shown]
                gram = vectors @ vectors.T
                alike = gram.sum() - gram.diagonal().sum()
                values[number] = 1 - alike / (len(shown) * (len(shown) - 1))
        return values


def _percentiles(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """(products,) share of products with a lower count plus half of those with the same."""
    ordered = np.sort(counts)
    below = np.searchsorted(ordered, counts, side="left")
    upto = np.searchsorted(ordered, counts, side="right")
    return np.asarray((below + upto) / 2 / max(1, len(counts)), np.float64)


def _means(values: NDArray[np.float64], lists: Sequence[Positions]) -> Values:
    return np.array([values[each].mean() if len(each) else np.nan for each in lists], np.float64)
