"""A factor model's side of the products, laid out to be searched, shared by memory map and summed exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from recommendations.engine.foldin import Matrix, exact_scores, on_grid, without_self
from recommendations.engine.topk import Places
from recommendations.engine.types import Arrays, Floats, Positions

HEAD, PRUNED_FROM = 32, 16_384
"""Columns that are read first, in a catalogue of so many products or more."""
ROWS_AT_A_TIME = 65_536


@dataclass(frozen=True, eq=False)
class ItemFactors:
    """score_i = b_i + q_i . p, for any p.

    The vectors are turned into the eigenvectors of Q'Q, so that the first columns tell most of a score, and
    lie `on_grid`, so that a score is the same to the last bit in whatever company it is computed. All that
    serving needs is an array, made once when the model is.

    base: (products,) b. head, rest: (products, factors) q between them; all in the head in small catalogues.
    gram: (factors,) the diagonal of Q'Q, largest first. lengths, rest_lengths: (products,) of q and of its
    rest. sums: (2, 1 + factors) over the products, of [b, q] and of b x [b, q].
    """

    base: Floats
    head: Floats
    rest: Floats
    gram: Matrix
    lengths: Floats
    rest_lengths: Floats
    sums: Matrix

    @classmethod
    def of(cls, base: Floats, factors: Floats) -> Self:
        """From a model's own factors, in any basis; costs a few passes over them."""
        count, size = factors.shape
        values, turn = np.linalg.eigh(factors.T.astype(np.float64) @ factors)
        width = HEAD if count >= PRUNED_FROM else size
        head = np.empty((count, min(width, size)), np.float32)
        rest = np.empty((count, size - head.shape[1]), np.float32)
        lengths, rest_lengths = np.empty(count, np.float32), np.empty(count, np.float32)
        sums = np.zeros((2, 1 + size))
        for part in parts_of(count):
            rows, own = on_grid(factors[part] @ turn[:, ::-1]), base[part].astype(np.float64)
            head[part], rest[part] = rows[:, :width], rows[:, width:]
            lengths[part] = np.linalg.norm(rows, axis=1)
            rest_lengths[part] = np.linalg.norm(rows[:, width:], axis=1)
            sums += [[own.sum(), *rows.sum(axis=0)], [own @ own, *(own @ rows)]]
        return cls(base, head, rest, np.maximum(values[::-1], 0), lengths, rest_lengths, sums)

    @classmethod
    def restored(cls, arrays: Arrays) -> Self:
        """Of `arrays`; what an older version did not keep is computed."""
        if "factors" in arrays:
            return cls.of(np.asarray(arrays["base"]), np.asarray(arrays["factors"]))
        return cls(**{name: np.asarray(arrays[name]) for name in cls.__dataclass_fields__})

    def arrays(self) -> Arrays:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def __len__(self) -> int:
        return len(self.base)

    @property
    def size(self) -> int:
        """Factors of a product."""
        return len(self.gram)

    def rows(self, positions: Places) -> Floats:
        """(k, factors) vectors q of some products."""
        found: Floats = np.concatenate([self.head[positions], self.rest[positions]], axis=1)
        return found

    def scores(self, shoppers: Matrix) -> Floats:
        """(shoppers, products) for (shoppers, factors) vectors p that are `on_grid`."""
        scores = exact_scores(shoppers, self.head, self.rest)
        scores += self.base
        return scores

    def scores_at(self, shopper: Matrix, positions: Places) -> Floats:
        """(k,) what `scores` has for these products."""
        scores = exact_scores(shopper[None], self.head[positions], self.rest[positions])
        return np.asarray(scores[0] + self.base[positions], np.float32)

    def spread(self, shopper: Matrix) -> float:
        """The standard deviation of a row of `scores`, from `gram` and `sums`."""
        count = max(1, len(self))
        mean = (self.sums[0, 0] + self.sums[0, 1:] @ shopper) / count
        square = self.sums[1, 0] + 2 * self.sums[1, 1:] @ shopper + self.gram @ shopper**2
        return float(np.sqrt(max(0.0, square / count - mean**2)))

    def cosines(self, positions: Positions) -> Floats:
        """(positions, products) cosine of product vectors, 0 for a zero vector; a product's own is -inf."""
        lengths = np.where(self.lengths > 0, self.lengths, np.float32(1))
        alike = self.head[positions] @ self.head.T
        if self.rest.shape[1]:
            alike += self.rest[positions] @ self.rest.T
        alike /= lengths
        alike /= lengths[positions, None]
        return without_self(alike, positions)

    @cached_property
    def most(self) -> tuple[float, float]:
        """(the greatest length of a row, the greatest absolute base)."""
        return float(self.lengths.max(initial=0)), float(np.abs(self.base).max(initial=0))


def parts_of(count: int) -> Iterator[slice]:
    """All of so many rows, a part at a time."""
    return (slice(start, start + ROWS_AT_A_TIME) for start in range(0, count, ROWS_AT_A_TIME))
