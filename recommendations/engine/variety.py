"""A list that is not ten times the same: near-duplicates moved apart, and no department filling every place.

Only the order changes: nothing is added or left out, and the best product stays first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.types import UNKNOWN, Ranking

Matrix = NDArray[np.float64]
Order = NDArray[np.int64]
# What a field is worth, and the labels (words, names ...) it has for each product.
Field = tuple[float, Sequence[Collection[Hashable]]]
BLOCK = 10
"""Places the cap counts together: about what a shopper sees at once."""
REACH = 4
"""Places are filled from the best 1 / REACH of a ranking, so that a short one is not turned upside down."""

# Of how alike two products look; a judgement: the words say most, an aisle more than its department.
TITLE, AISLE, DEPARTMENT, BRAND = 0.4, 0.3, 0.1, 0.2
WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True)
class Variety:
    """balance: 0 (by score alone) to below 1, of `diversified`. most: products of one department in every ten
    places, None for no cap. places: how many of the first places are mixed.
    """

    balance: float
    most: int | None
    places: int

    def __post_init__(self) -> None:
        if not 0 <= self.balance < 1:
            raise ValueError("balance must be 0 or more and below 1.")
        if (self.most is not None and self.most < 1) or self.places < 0:
            raise ValueError("most must be 1 or more, places 0 or more.")

    @property
    def changes_nothing(self) -> bool:
        return self.places < 2 or (self.balance == 0 and self.most is None)

    def reach(self, length: int) -> int:
        """How many of the first places of a ranking of that length are mixed."""
        return min(self.places, length // REACH)


def likeness(fields: Mapping[str, Field]) -> Matrix:
    """(n, n) how alike n products are, 0 to 1: the weighted mean of the cosines of their sets of labels.

    Nothing is alike in a field in which it has no labels, and a product is like itself in all its fields.
    """
    total = sum(weight for weight, _ in fields.values()) or 1.0
    columns: dict[tuple[str, Hashable], int] = {}
    places: list[tuple[int, int]] = []
    values: list[float] = []
    for name, (weight, sets) in fields.items():
        for row, labels in enumerate(sets):
            distinct = set(labels)
            values += [sqrt(weight / total / len(distinct))] * len(distinct) if distinct else []
            places += [(row, columns.setdefault((name, label), len(columns))) for label in distinct]
    table = np.zeros((max((len(sets) for _, sets in fields.values()), default=0), len(columns)))
    if places:
        rows, own = zip(*places, strict=True)
        table[list(rows), list(own)] = values
    return table @ table.T


def look_alike(
    titles: Sequence[str],
    aisles: Sequence[Hashable | None],
    departments: Sequence[Hashable | None],
    brands: Sequence[str],
) -> Matrix:
    """(n, n) `likeness` of products to somebody who looks at a list of them; None or "" for nothing."""
    return likeness(
        {
            "title": (TITLE, [WORD.findall(title.casefold()) for title in titles]),
            "aisle": (AISLE, [() if aisle is None else (aisle,) for aisle in aisles]),
            "department": (DEPARTMENT, [() if each is None else (each,) for each in departments]),
            "brand": (BRAND, [(brand.casefold(),) if brand else () for brand in brands]),
        }
    )


def mixed(ranking: Ranking, similarity: Matrix, departments: NDArray[np.int64], variety: Variety) -> Ranking:
    """The ranking with its first places, as many as `similarity` is of, in the order of `diversified`.

    departments: (places,) of the same products, UNKNOWN (-1) for none. The scores stay at their places: they
    say how high a place is worth, so that rules which move products up compare them with what is there.
    """
    count = len(similarity)
    order = diversified(
        ranking.scores[:count].astype(np.float64), similarity, departments,
        balance=variety.balance, most=variety.most,
    )  # fmt: skip
    positions = np.concatenate([ranking.positions[:count][order], ranking.positions[count:]])
    return Ranking(positions, ranking.scores)


def diversified(
    scores: Matrix, similarity: Matrix, departments: NDArray[np.int64], *, balance: float, most: int | None
) -> Order:
    """The order by maximal marginal relevance: next is what has the highest (1 - balance) relevance - balance
    similarity.

    scores: (n,), best first. relevance: the score scaled to 0..1. similarity: (n, n), 0 to 1; what counts is
    the most similar product already placed. Of equals the earlier goes first. A department that has `most` of
    the current ten places is passed over as long as there is anything else to place.
    Carbonell, Goldstein, "The use of MMR, diversity-based reranking", SIGIR 1998.
    """
    count = len(scores)
    order = np.empty(count, np.int64)
    spread = (scores.max() - scores.min() if count else 0.0) or 1.0
    # What is placed goes to -inf, for good; what its department keeps out only until the next ten.
    gain = (1 - balance) * (scores - scores.min(initial=np.inf)) / spread
    costs = balance * similarity
    cost = np.zeros(count)
    barred, taken = np.zeros(count), dict[int, int]()
    for place in range(count):
        if place % BLOCK == 0:
            barred, taken = np.zeros(count), {}
        value = gain - cost
        free = value + barred
        best = int(np.argmax(free))
        if free[best] == -np.inf:
            best = int(np.argmax(value))
        order[place] = best
        gain[best] = -np.inf
        np.maximum(cost, costs[best], out=cost)
        own = int(departments[best])
        taken[own] = taken.get(own, 0) + 1
        if taken[own] == most and own != UNKNOWN:
            barred[departments == own] = -np.inf
    return order
