"""A factor model's side of the products, laid out to be searched, shared by memory map and summed exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.coarse import Coarse, greatest_of_tiles
from recommendations.engine.compiled_search import spread_of
from recommendations.engine.foldin import Matrix, exact_scores, on_grid, without_self
from recommendations.engine.topk import Places
from recommendations.engine.types import Arrays, Floats, Positions

HEAD, PRUNED_FROM = 32, 16_384
"""Columns that are read first, in a catalogue of so many products or more."""
ROWS_AT_A_TIME = 65_536
LARGE, LEADING, FIRST = 200_000, 8, 128
"""In a catalogue of LARGE products or more, one in LEADING is laid out apart, for `approximate`; one in FIRST
is looked at first."""


@dataclass(frozen=True, eq=False)
class Leading:
    """The products that lists of a very large catalogue come from, those most likely first.

    A product leads by (|q| / root mean square of |q|)^2 + (max(0, b - median b) / standard deviation of b)^2:
    what has a long vector or a high base outdoes what has not, in whatever direction a shopper's vector
    points. Yan, Li, Dai, Chen, Cheng, "Norm-ranging LSH for maximum inner product search", NeurIPS 2018.

    places: (leading,) positions, the first first. ranks: (products,) where each product comes among all.
    vectors, base, lengths: (leading, ...) of these. ends: (steps,) how many are looked at by then. beyond:
    (steps, 2) the greatest base and length of all products after that.
    """

    places: Positions
    ranks: Positions
    vectors: Floats
    base: Floats
    lengths: Floats
    ends: NDArray[np.int64]
    beyond: Floats

    @classmethod
    def of(cls, base: Floats, head: Floats, rest: Floats, lengths: Floats) -> Self:
        """Of the arrays of an `ItemFactors`."""
        count = len(base)
        usual, width = float(np.sqrt(np.mean(lengths.astype(np.float64) ** 2))), float(base.std())
        lead = (lengths / usual) ** 2 if usual else np.zeros(count, np.float32)
        if width:
            lead = lead + (np.maximum(base - np.median(base), 0) / width) ** 2
        order = np.argsort(-lead, kind="stable").astype(np.int32)
        ranks = np.empty(count, np.int32)
        ranks[order] = np.arange(count, dtype=np.int32)
        ends = [count // FIRST]
        while ends[-1] * 2 <= count // LEADING:
            ends.append(ends[-1] * 2)
        beyond = [[base[order[end:]].max(initial=0), lengths[order[end:]].max(initial=0)] for end in ends]
        places = order[: ends[-1]]
        vectors = np.concatenate([head[places], rest[places]], axis=1)
        steps = np.array(ends), np.array(beyond, np.float32)
        return cls(places, ranks, vectors, base[places], lengths[places], *steps)


@dataclass(frozen=True, eq=False)
class ItemFactors:
    """score_i = b_i + q_i . p, for any p.

    The vectors are turned into the eigenvectors of Q'Q, so that the first columns tell most of a score, and
    lie `on_grid`, so that a score is the same to the last bit in whatever company it is computed. All that
    serving needs is an array, made once when the model is.

    base: (products,) b. head, rest: (products, factors) q between them; all in the head in small catalogues.
    coarse: of head and rest. leading: in very large catalogues.
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
    coarse: Coarse
    leading: Leading | None = None

    @classmethod
    def of(cls, base: Floats, factors: Floats) -> Self:
        """From a model's own factors, in any basis; costs a few passes over them."""
        base = np.ascontiguousarray(base, np.float32)
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
        gram = np.maximum(values[::-1], 0)
        leading = Leading.of(base, head, rest, lengths) if count >= LARGE else None
        coarse = Coarse.of(head, rest, gram)
        return cls(base, head, rest, gram, lengths, rest_lengths, sums, coarse, leading)

    @classmethod
    def restored(cls, arrays: Arrays) -> Self:
        """Of `arrays`; what an older version did not keep is computed."""
        if "factors" in arrays:
            return cls.of(np.asarray(arrays["base"]), np.asarray(arrays["factors"]))
        own: dict[str, Any] = {name: np.asarray(arrays[name]) for name in ARRAYS}
        if "leading.places" in arrays:
            own["leading"] = Leading(*(np.asarray(arrays[f"leading.{name}"]) for name in LEADING_ARRAYS))
        if "coarse.codes" in arrays:
            own["coarse"] = Coarse(*(np.asarray(arrays[f"coarse.{name}"]) for name in COARSE_ARRAYS))
        else:
            own["coarse"] = Coarse.of(own["head"], own["rest"], own["gram"])
        return cls(**own)

    def arrays(self) -> Arrays:
        arrays = {name: getattr(self, name) for name in ARRAYS}
        arrays |= {f"coarse.{name}": getattr(self.coarse, name) for name in COARSE_ARRAYS}
        if self.leading is not None:
            arrays |= {f"leading.{name}": getattr(self.leading, name) for name in LEADING_ARRAYS}
        return arrays

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
        return float(spread_of(self.gram, self.sums, len(self), shopper))

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
        """(the greatest length of a row, the greatest absolute base that is a number)."""
        greatest = np.abs(self.base).max(initial=0, where=np.isfinite(self.base))
        return float(self.lengths.max(initial=0)), float(greatest)

    @cached_property
    def tops(self) -> tuple[Floats, Floats]:
        """(tiles,) the greatest length of a row and the greatest base in each tile."""
        return greatest_of_tiles(self.lengths), greatest_of_tiles(self.base)


LEADING_ARRAYS = tuple(field.name for field in fields(Leading))
COARSE_ARRAYS = tuple(field.name for field in fields(Coarse))
ARRAYS = tuple(field.name for field in fields(ItemFactors) if field.name not in ("coarse", "leading"))


def parts_of(count: int) -> Iterator[slice]:
    """All of so many rows, a part at a time."""
    return (slice(start, start + ROWS_AT_A_TIME) for start in range(0, count, ROWS_AT_A_TIME))
