"""The shop's rules on a ranking: pure functions, each a new ranking. A product keeps its score unless
boosted.

`categories` is (products,) with the category of every position of the vocabulary, UNKNOWN (-1) for none;
masks are (products,) of bool likewise. After `bury` and `pin` the order, not the score, is what counts.
Mixing a list is in variety.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.types import UNKNOWN, Positions, Ranking

Categories = NDArray[np.int64] | NDArray[np.int32]
Mask = NDArray[np.bool_]
Order = NDArray[np.int64]


def in_categories(categories: Categories, chosen: Categories) -> Mask:
    """(products,) mask of the products in any of the chosen categories."""
    mask: Mask = np.isin(categories, chosen) & (categories != UNKNOWN)
    return mask


def take(ranking: Ranking, k: int) -> Ranking:
    """The first k."""
    return Ranking(ranking.positions[: max(k, 0)], ranking.scores[: max(k, 0)])


def drop(ranking: Ranking, mask: Mask) -> Ranking:
    """Without the products of the mask."""
    return _chosen(ranking, np.flatnonzero(~mask[ranking.positions]))


def boost(ranking: Ranking, mask: Mask, *, strength: float) -> Ranking:
    """Raises the scores of the products of the mask and sorts anew; equal scores keep their order.

    strength: in units of the ranking's own spread, best score - worst score, since scores have no common unit
    and may be negative: 1 puts every product of the mask level with the best or above, -1 the opposite.
    """
    if not len(ranking):
        return ranking
    spread = ranking.scores.max() - ranking.scores.min()
    added = np.where(mask[ranking.positions], np.float32(strength) * spread, np.float32(0))
    scores = (ranking.scores + added).astype(np.float32)
    return _chosen(Ranking(ranking.positions, scores), np.argsort(-scores, kind="stable"))


def bury(ranking: Ranking, mask: Mask) -> Ranking:
    """The products of the mask after all others, both in their order."""
    return _chosen(ranking, np.argsort(mask[ranking.positions], kind="stable"))


def pin(ranking: Ranking, pinned: Positions, *, place: int = 0) -> Ranking:
    """The pinned products, in the order given, from `place` (0 is the top) on; each product is still shown
    once.

    A product that was not in the ranking is added, with the score of the product it goes before (or after, at
    the end; 0 in an empty ranking).
    """
    scores = dict(zip(ranking.positions.tolist(), ranking.scores.tolist(), strict=True))
    wanted = list(dict.fromkeys(pinned.tolist()))
    others = [position for position in ranking.positions.tolist() if position not in set(wanted)]
    place = min(max(place, 0), len(others))
    neighbour = scores[others[min(place, len(others) - 1)]] if others else 0.0
    order = [*others[:place], *wanted, *others[place:]]
    return Ranking(
        np.array(order, np.int32),
        np.array([scores.get(position, neighbour) for position in order], np.float32),
    )


def _chosen(ranking: Ranking, order: Order) -> Ranking:
    return Ranking(ranking.positions[order], ranking.scores[order])
