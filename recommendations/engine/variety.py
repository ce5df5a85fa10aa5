"""A list that is not ten times the same: near-duplicates moved apart, and no department filling every place.

Only the order changes: nothing is added or left out, and the best product stays first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
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


@dataclass(frozen=True, eq=False)
class Labels:
    """What a product is seen by. places: (k,) numbers of its distinct labels. values: (k,) what each is
    worth, so that the dot product of two products is how alike they are."""

    places: Order
    values: Matrix


_numbers: dict[tuple[str, Hashable], int] = {}
"""Label -> its number in this process; a shop's words, aisles and brands are not without end."""
_next = count()


def likeness(fields: Mapping[str, Field]) -> Matrix:
    """(n, n) how alike n products are, 0 to 1: the weighted mean of the cosines of their sets of labels.

    Nothing is alike in a field in which it has no labels, and a product is like itself in all its fields.
    """
    length = max((len(sets) for _, sets in fields.values()), default=0)
    weights = {name: weight for name, (weight, _) in fields.items()}
    rows = [
        _labels({name: sets[row] for name, (_, sets) in fields.items() if row < len(sets)}, weights)
        for row in range(length)
    ]
    return likeness_of_labels(rows)


def _labels(fields: Mapping[str, Collection[Hashable]], weights: Mapping[str, float]) -> Labels:
    total = sum(weights.values()) or 1.0
    places: list[int] = []
    values: list[float] = []
    for name, labels in fields.items():
        distinct = set(labels)
        values += [sqrt(weights[name] / total / len(distinct))] * len(distinct) if distinct else []
        places += [_numbers.setdefault((name, label), next(_next)) for label in distinct]
    return Labels(np.array(places, np.int64), np.array(values, np.float64))


def likeness_of_labels(rows: Sequence[Labels]) -> Matrix:
    """(n, n) `likeness` of products by their labels."""
    if not rows:
        return np.zeros((0, 0))
    sizes = [len(row.places) for row in rows]
    columns, own = np.unique(np.concatenate([row.places for row in rows]), return_inverse=True)
    table = np.zeros((len(rows), len(columns)))
    table[np.repeat(np.arange(len(rows)), sizes), own] = np.concatenate([row.values for row in rows])
    return table @ table.T


WEIGHTS = {"title": TITLE, "aisle": AISLE, "department": DEPARTMENT, "brand": BRAND}


def labels_of(title: str, aisle: Hashable | None, department: Hashable | None, brand: str) -> Labels:
    """What somebody who looks at a list sees of a product; None or "" for nothing."""
    fields: dict[str, Collection[Hashable]] = {
        "title": WORD.findall(title.casefold()),
        "aisle": () if aisle is None else (aisle,),
        "department": () if department is None else (department,),
        "brand": (brand.casefold(),) if brand else (),
    }
    return _labels(fields, WEIGHTS)


def look_alike(
    titles: Sequence[str],
    aisles: Sequence[Hashable | None],
    departments: Sequence[Hashable | None],
    brands: Sequence[str],
) -> Matrix:
    """(n, n) how alike products look, each by its `labels_of`."""
    rows = zip(titles, aisles, departments, brands, strict=True)
    return likeness_of_labels([labels_of(*row) for row in rows])


def mixed(
    ranking: Ranking,
    similarity: Matrix,
    departments: NDArray[np.int64],
    variety: Variety,
    *,
    first: int | None = None,
) -> Ranking:
    """The ranking with its first places, as many as `similarity` is of, in the order of `diversified`.

    departments: (places,) of the same products, UNKNOWN (-1) for none. The scores stay at their places: they
    say how high a place is worth, so that rules which move products up compare them with what is there.
    first: how many places are needed, None for all.
    """
    count = len(similarity)
    order = diversified(
        ranking.scores[:count].astype(np.float64), similarity, departments,
        balance=variety.balance, most=variety.most, first=first,
    )  # fmt: skip
    positions = np.concatenate([ranking.positions[:count][order], ranking.positions[count:]])
    return Ranking(positions, ranking.scores)


def diversified(
    scores: Matrix,
    similarity: Matrix,
    departments: NDArray[np.int64],
    *,
    balance: float,
    most: int | None,
    first: int | None = None,
) -> Order:
    """The order by maximal marginal relevance: next is what has the highest (1 - balance) relevance - balance
    similarity.

    scores: (n,), best first. relevance: the score scaled to 0..1. similarity: (n, n), 0 to 1; what counts is
    the most similar product already placed. Of equals the earlier goes first. A department that has `most` of
    the current ten places is passed over as long as there is anything else to place.
    first: how many places are needed; what comes after them keeps the order it had.
    Carbonell, Goldstein, "The use of MMR, diversity-based reranking", SIGIR 1998.
    """
    length = len(scores)
    needed = length if first is None else min(first, length)
    order: list[int] = []
    spread = (scores.max() - scores.min() if length else 0.0) or 1.0
    # What is placed goes to -inf, for good; what its department keeps out only until the next ten.
    gain = (1 - balance) * (scores - scores.min(initial=np.inf)) / spread
    costs, owners = balance * similarity, departments.tolist()
    cost = np.zeros(length)
    barred, taken, is_barring = np.zeros(length), dict[int, int](), False
    for place in range(needed):
        if place % BLOCK == 0:
            barred, taken, is_barring = np.zeros(length), {}, False
        value = gain - cost
        free = value + barred if is_barring else value
        best = int(free.argmax())
        if is_barring and free[best] == -np.inf:
            best = int(value.argmax())
        order.append(best)
        gain[best] = -np.inf
        np.maximum(cost, costs[best], out=cost)
        own = owners[best]
        taken[own] = taken.get(own, 0) + 1
        if taken[own] == most and own != UNKNOWN:
            barred[departments == own] = -np.inf
            is_barring = True
    rest = np.ones(length, bool)
    rest[order] = False
    return np.concatenate([np.array(order, np.int64), np.flatnonzero(rest)])
