"""The values the engine takes and gives: plain columns, no framework, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommendations.engine.compiled_lookup import places_of

Ids: TypeAlias = NDArray[Any]
Positions: TypeAlias = NDArray[np.int32]
Floats: TypeAlias = NDArray[np.float32]
Times: TypeAlias = NDArray[np.int64]
Arrays: TypeAlias = dict[str, NDArray[Any]]
Allowed: TypeAlias = NDArray[np.bool_] | Positions
"""What may be returned: a mask of all products, or the positions of those that may, sorted or not."""
Progress: TypeAlias = Callable[[float], None]
"""Called with the share done, 0 to 1, from inside long work; it may raise to interrupt the work."""

UNKNOWN = -1


def silent(_share: float) -> None:
    """The progress callback of a caller who does not watch."""


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The sorted, unique ids behind the positions 0..n-1 of an array axis (integers or strings)."""

    ids: Ids

    def __post_init__(self) -> None:
        if len(self.ids) > 1 and not bool(np.all(self.ids[1:] > self.ids[:-1])):
            raise ValueError("Vocabulary ids must be sorted and unique; use Vocabulary.of(ids).")

    @cached_property
    def _is_plain(self) -> bool:
        """Whether compiled functions take the ids as they are."""
        return self.ids.dtype == np.int64 and self.ids.flags.c_contiguous

    @classmethod
    def of(cls, ids: Ids | Sequence[Any]) -> Vocabulary:
        """The vocabulary of any ids, sorted and without repeats."""
        return cls(np.unique(np.asarray(ids)))

    def __len__(self) -> int:
        return len(self.ids)

    def positions(self, ids: Ids | Sequence[Any]) -> Positions:
        """The position of each id, `UNKNOWN` (-1) for ids that are not in the vocabulary."""
        wanted = np.asarray(ids)
        if self._is_plain and wanted.dtype == np.int64:
            found: Positions = places_of(self.ids, np.ascontiguousarray(wanted))
            return found
        if not len(self.ids) or not len(wanted):
            return np.full(len(wanted), UNKNOWN, dtype=np.int32)
        near = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        return np.where(self.ids[near] == wanted, near, UNKNOWN).astype(np.int32)


@dataclass(frozen=True, eq=False)
class History:
    """One shopper's feedback, a row per product, oldest first.

    products: (n,) product ids, unique. ratings: (n,) 1 to 5, NaN where not rated. weights: (n,) confidence,
    about 1 for a purchase or a five-star rating, negative for dislike. times: (n,) unix seconds.
    """

    products: Ids
    ratings: Floats
    weights: Floats
    times: Times
    _looked_up: tuple[Vocabulary, Positions] | None = field(default=None, init=False, repr=False)

    @classmethod
    def empty(cls) -> History:
        return cls(
            np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.float32), np.empty(0, np.int64)
        )

    def __len__(self) -> int:
        return len(self.products)

    def positions_in(self, products: Vocabulary) -> Positions:
        """(n,) `Vocabulary.positions` of its products, not to be written to.

        All parts of a model have one vocabulary and ask in turn: it is looked up once.
        """
        last = self._looked_up
        if last is None or last[0] is not products:
            last = products, products.positions(self.products)
            object.__setattr__(self, "_looked_up", last)
        return last[1]

    def known_to(self, products: Vocabulary) -> tuple[Positions, NDArray[np.bool_]]:
        """(positions of the products the vocabulary knows, mask of the rows they come from)."""
        positions = self.positions_in(products)
        mask = positions != UNKNOWN
        return positions[mask], mask


@dataclass(frozen=True, eq=False)
class ItemFeatures:
    """What the shop says of its products, one entry for each of `products`: empty or NaN if nothing.

    categories: the path from the department down. prices: (products,) in the shop's currency.
    """

    products: Vocabulary
    titles: Sequence[str]
    descriptions: Sequence[str]
    categories: Sequence[tuple[str, ...]]
    brands: Sequence[str]
    prices: Floats

    def __post_init__(self) -> None:
        columns = (self.titles, self.descriptions, self.categories, self.brands, self.prices)
        if any(len(column) != len(self.products) for column in columns):
            raise ValueError("Every column of the features needs one entry for each product.")


@dataclass(frozen=True, eq=False)
class Interactions:
    """Training data as columns: one row per shopper and product, sorted by shopper, then time.

    `shopper` and `product` are positions in the vocabularies; the other columns are as in `History`.
    features: of products, in a vocabulary of their own; None where nothing is known of any.
    """

    shoppers: Vocabulary
    products: Vocabulary
    shopper: Positions
    product: Positions
    ratings: Floats
    weights: Floats
    times: Times
    features: ItemFeatures | None = None

    @classmethod
    def from_columns(
        cls,
        shoppers: Ids,
        products: Ids,
        *,
        ratings: Floats,
        weights: Floats,
        times: Times,
        catalogue: Ids | None = None,
        features: ItemFeatures | None = None,
    ) -> Interactions:
        """Columns by id -> interactions; of repeated shopper-product pairs the latest row is kept.

        `catalogue` adds products nobody has touched yet to the vocabulary.
        """
        shopper_vocabulary = Vocabulary.of(shoppers)
        product_vocabulary = Vocabulary.of(
            products if catalogue is None else np.concatenate([products, catalogue])
        )
        shopper = shopper_vocabulary.positions(shoppers)
        product = product_vocabulary.positions(products)
        order = np.lexsort((times, product, shopper))
        last = np.ones(len(order), dtype=bool)
        last[:-1] = (np.diff(shopper[order]) != 0) | (np.diff(product[order]) != 0)
        kept = order[last]
        kept = kept[np.lexsort((product[kept], times[kept], shopper[kept]))]
        return cls(
            shopper_vocabulary,
            product_vocabulary,
            shopper[kept],
            product[kept],
            np.asarray(ratings, np.float32)[kept],
            np.asarray(weights, np.float32)[kept],
            np.asarray(times, np.int64)[kept],
            features,
        )

    def __len__(self) -> int:
        return len(self.shopper)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """(shoppers + 1,) row offsets: shopper s owns rows starts[s] to starts[s + 1]."""
        return np.searchsorted(self.shopper, np.arange(len(self.shoppers) + 1))

    def rows(self, mask: NDArray[np.bool_]) -> Interactions:
        """The interactions of the chosen rows, with both vocabularies kept."""
        return Interactions(
            self.shoppers,
            self.products,
            self.shopper[mask],
            self.product[mask],
            self.ratings[mask],
            self.weights[mask],
            self.times[mask],
            self.features,
        )

    def history(self, shopper: int) -> History:
        """The history of the shopper at a position."""
        own = slice(self.starts[shopper], self.starts[shopper + 1])
        return History(
            self.products.ids[self.product[own]], self.ratings[own], self.weights[own], self.times[own]
        )

    def histories(self) -> Iterator[History]:
        """Every shopper's history, in the order of the vocabulary."""
        return (self.history(shopper) for shopper in range(len(self.shoppers)))

    def matrix(self, values: Floats | None = None) -> sparse.csr_matrix[np.float32]:
        """(shoppers, products) sparse matrix of `values` (default: the weights)."""
        data = self.weights if values is None else values
        return sparse.csr_matrix(
            (data, self.product, self.starts), shape=(len(self.shoppers), len(self.products))
        )


class Explanation(NamedTuple):
    """Why each product scored what it did: `base[k] + contributions[k].sum()` is the score of product k.

    base: (k,) what does not come from the shopper's history. contributions: (k, n) share of each history row.
    """

    base: Floats
    contributions: Floats


class Causes(NamedTuple):
    """The main cause of each product's score, the history's row that adds most to it.

    rows: (k,) -1 where none adds. parts: (k,) its part, 0 to 1, of what all rows that add, add; 0 for none.
    """

    rows: NDArray[np.int64]
    parts: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ranking:
    """The best products first: positions in the vocabulary, and their scores."""

    positions: Positions
    scores: Floats

    def __len__(self) -> int:
        return len(self.positions)


@dataclass(frozen=True, eq=False)
class Roughly:
    """A row of scores that is nearly right. scores: (products,), the caller's own. margin: each is at most so
    far from what `score` says. exact: what `score` says, to the last bit, for (k,) positions."""

    scores: Floats
    margin: float
    exact: Callable[[NDArray[np.integer]], Floats]


class Prior(NamedTuple):
    """What a row of scores leans on while there is little history: they become
    scores + share x (standard deviation of the scores over all products) x values.

    values: (products,). share: in standard deviations of the scores for one unit of `values`.
    """

    values: Floats
    share: float

    def added(self, scores: Floats) -> Floats:
        """(products,) a leaning row of (products,) scores."""
        return (scores + np.float32(self.share * float(scores.std())) * self.values).astype(np.float32)


@dataclass(frozen=True, eq=False)
class RatingColumns:
    """Explicit ratings in their own order: (n,) shopper ids, (n,) product ids, (n,) ratings 1 to 5."""

    shoppers: Ids
    products: Ids
    ratings: Floats

    def __len__(self) -> int:
        return len(self.ratings)

    def rows(self, chosen: NDArray[np.int64]) -> RatingColumns:
        """The ratings at the chosen row numbers, in the order chosen."""
        return RatingColumns(self.shoppers[chosen], self.products[chosen], self.ratings[chosen])
