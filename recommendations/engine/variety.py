"""A list that is not ten times the same: near-duplicates moved apart, and no department filling every place.

Only the order changes: nothing is added or left out, and the best product stays first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.compiled_mixing import mixed_order
from recommendations.engine.types import Ranking

Matrix = NDArray[np.float64]
Order = NDArray[np.int64]
# What a field is worth, and the labels (words, names ...) it has for each product.
Field = tuple[float, Sequence[Collection[Hashable]]]
BLOCK = 10
"""Places the cap counts together: about what a shopper sees at once."""
REACH = 4
"""Places are filled from the best 1 / REACH of a ranking, so that a short one is not turned upside down."""
ROOM = 64
"""Entries there is room for at first."""

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


class Labels(NamedTuple):
    """What a product is seen by. places: (k,) numbers of its distinct labels, rising. values: (k,) what each
    is worth, so that the dot product of two products is how alike they are."""

    places: Sequence[int]
    values: Sequence[float]


@dataclass(frozen=True, eq=False)
class Labelled:
    """n products by their labels. rows: (n,) the row of each in a table; row r of it is `starts[r]` to
    `starts[r + 1]` of places and values, as in `Labels`."""

    rows: Order
    starts: Order
    places: NDArray[np.int32]
    values: Matrix

    def __len__(self) -> int:
        return len(self.rows)


class LabelTable:
    """Labels of ever more products. One at a time may add; what was given out stays as it was."""

    def __init__(self) -> None:
        self._starts = np.zeros(ROOM, np.int64)
        self._places, self._values = np.empty(ROOM, np.int32), np.empty(ROOM)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, labels: Labels) -> int:
        """The row that it is kept in."""
        return int(self.extend([labels])[0])

    def extend(self, products: Sequence[Labels]) -> Order:
        """(products,) the rows that they are kept in."""
        first, count = self._count, len(products)
        ends = np.cumsum([0, *[len(labels.places) for labels in products]]) + self._starts[first]
        start, end = int(ends[0]), int(ends[-1])
        self._places, self._values = _with_room(self._places, end), _with_room(self._values, end)
        starts = _with_room(self._starts, first + count + 1)
        self._places[start:end] = [place for labels in products for place in labels.places]
        self._values[start:end] = [value for labels in products for value in labels.values]
        starts[first : first + count + 1] = ends
        self._starts, self._count = starts, first + count
        return np.arange(first, first + count)

    def of(self, rows: Order) -> Labelled:
        """The products kept in these rows."""
        # First the starts: what they point to is in any later state of the others.
        return Labelled(rows, self._starts, self._places, self._values)


def _with_room(column: NDArray[Any], length: int) -> NDArray[Any]:
    """The column, or a longer one that begins with it."""
    if length <= len(column):
        return column
    longer = np.zeros(max(length, 2 * len(column)), column.dtype)
    longer[: len(column)] = column
    return longer


_numbers: dict[str, dict[Hashable, int]] = {}
"""Field -> label -> its number in this process; a shop's words, aisles and brands are not without end."""
_next = count()


def labelled(rows: Iterable[Labels]) -> Labelled:
    """Products by the labels of each."""
    table = LabelTable()
    return table.of(table.extend(list(rows)))


def labelled_by(fields: Mapping[str, Field]) -> Labelled:
    """n products by fields of labels: they are as alike as the weighted mean of the cosines of their sets.

    Nothing is alike in a field in which it has no labels, and a product is like itself in all its fields.
    """
    length = max((len(sets) for _, sets in fields.values()), default=0)
    shares = _shares({name: weight for name, (weight, _) in fields.items()})
    return labelled(
        _labels([(name, sets[row]) for name, (_, sets) in fields.items() if row < len(sets)], shares)
        for row in range(length)
    )


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values()) or 1.0
    return {name: weight / total for name, weight in weights.items()}


def _labels(fields: Iterable[tuple[str, Collection[Hashable]]], shares: Mapping[str, float]) -> Labels:
    own: dict[int, float] = {}
    for name, labels in fields:
        if labels:
            known = _numbers.setdefault(name, {})
            # Two threads may take two numbers for one label: the first that is set is the one for both.
            places = {
                known[each] if each in known else known.setdefault(each, next(_next)) for each in labels
            }
            own |= dict.fromkeys(places, sqrt(shares[name] / len(places)))
    order = sorted(own)
    return Labels(order, [own[place] for place in order])


def likeness(products: Labelled) -> Matrix:
    """(n, n) how alike the products are, 0 to 1."""
    starts, ends = products.starts[products.rows], products.starts[products.rows + 1]
    cells = [np.arange(start, end) for start, end in zip(starts, ends, strict=True)]
    own = np.concatenate([np.empty(0, np.int64), *cells])
    columns, column = np.unique(products.places[own], return_inverse=True)
    table = np.zeros((len(products), len(columns)))
    table[np.repeat(np.arange(len(products)), ends - starts), column] = products.values[own]
    return table @ table.T


SHARES = _shares({"title": TITLE, "aisle": AISLE, "department": DEPARTMENT, "brand": BRAND})


def labels_of(title: str, aisle: Hashable | None, department: Hashable | None, brand: str) -> Labels:
    """What somebody who looks at a list sees of a product; None or "" for nothing."""
    fields = (
        ("title", WORD.findall(title.casefold())),
        ("aisle", () if aisle is None else (aisle,)),
        ("department", () if department is None else (department,)),
        ("brand", (brand.casefold(),) if brand else ()),
    )
    return _labels(fields, SHARES)


def labelled_products(
    titles: Sequence[str],
    aisles: Sequence[Hashable | None],
    departments: Sequence[Hashable | None],
    brands: Sequence[str],
) -> Labelled:
    """Products by the `labels_of` each."""
    return labelled(labels_of(*row) for row in zip(titles, aisles, departments, brands, strict=True))


def mixed(
    ranking: Ranking,
    products: Labelled,
    departments: Order,
    variety: Variety,
    *,
    first: int | None = None,
) -> Ranking:
    """The ranking with its first places, as many as there are `products`, in the order of `diversified`.

    departments: (places,) of the same products, UNKNOWN (-1) for none. The scores stay at their places: they
    say how high a place is worth, so that rules which move products up compare them with what is there.
    first: how many places are needed, None for all.
    """
    count = len(products)
    order = diversified(
        ranking.scores[:count], products, departments,
        balance=variety.balance, most=variety.most, first=first,
    )  # fmt: skip
    positions = np.concatenate([ranking.positions[:count][order], ranking.positions[count:]])
    return Ranking(positions, ranking.scores)


def diversified(
    scores: NDArray[np.floating[Any]],
    products: Labelled,
    departments: Order,
    *,
    balance: float,
    most: int | None,
    first: int | None = None,
) -> Order:
    """The order by maximal marginal relevance: next is what has the highest (1 - balance) relevance - balance
    similarity.

    scores: (n,), best first. relevance: the score scaled to 0..1. similarity: to the most similar product
    already placed. Of equals the earlier goes first. A department (below 0 for none) that has `most` of the
    current ten places is passed over as long as there is anything else to place.
    first: how many places are needed; what comes after them keeps the order it had.
    Carbonell, Goldstein, "The use of MMR, diversity-based reranking", SIGIR 1998.
    """
    needed = len(scores) if first is None else min(max(first, 0), len(scores))
    order: Order = mixed_order(
        np.ascontiguousarray(scores, np.float64), np.ascontiguousarray(departments, np.int64),
        np.ascontiguousarray(products.rows), products.starts, products.places, products.values,
        balance, most or 0, BLOCK, needed,
    )  # fmt: skip
    return order
