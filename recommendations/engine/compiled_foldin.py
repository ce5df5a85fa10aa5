"""One shopper's vector from one history, and what it was made of, compiled."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from recommendations.engine.compiling import compiled, read_only

PLACES, WEIGHTS, COLUMN = map(read_only, ("int32", "float32", "float64"))
TABLE = read_only("float32", 2)
GRID_BITS = 22
# Sums may be made in any order, several products at once; no more of floating point's rules is given up.
SUMS = {"reassoc", "contract"}


@compiled("UniTuple(float64, 4)(float64[:, ::1], int64, float64[:, ::1], int64, int64)", fastmath=SUMS)
def dots_of(ones: Any, first: Any, others: Any, other: Any, size: Any) -> Any:
    """Products of the first columns of four rows with those of another, which is read once."""
    one, two, three, four = 0.0, 0.0, 0.0, 0.0
    for column in range(size):
        number = others[other, column]
        one += ones[first, column] * number
        two += ones[first + 1, column] * number
        three += ones[first + 2, column] * number
        four += ones[first + 3, column] * number
    return one, two, three, four


@compiled("void(float64[:, ::1], float64[:, ::1], int64, float64[::1], float64[:, ::1])", fastmath=SUMS)
def decompose_sums(ones: Any, others: Any, size: Any, diagonal: Any, system: Any) -> None:
    """`system` becomes the Cholesky factor of ones others' + diagonal, symmetric and positive definite.

    ones, others, system: of `size` rows, and three more whatever they are. A column at a time; of the lower
    half.
    """
    for column in range(size):
        for row in range(column, size, 4):
            sums = dots_of(ones, row, others, column, ones.shape[1])
            less = dots_of(system, row, system, column, column)
            system[row, column] = sums[0] - less[0]
            system[row + 1, column] = sums[1] - less[1]
            system[row + 2, column] = sums[2] - less[2]
            system[row + 3, column] = sums[3] - less[3]
        root = math.sqrt(system[column, column] + diagonal[column])
        system[column, column] = root
        for row in range(column + 1, size):
            system[row, column] /= root


@compiled("void(float64[:, ::1], float64[::1])", fastmath=SUMS)
def solve_one(system: Any, right: Any) -> None:
    """`right` becomes the solution of a system, given its Cholesky factor."""
    size = len(right)
    for row in range(size):
        for column in range(row):
            right[row] -= system[row, column] * right[column]
        right[row] /= system[row, row]
    for row in range(size - 1, -1, -1):
        right[row] /= system[row, row]
        for column in range(row):
            right[column] -= system[row, column] * right[row]


@compiled("void(float64[::1])")
def to_grid(row: Any) -> None:
    """`foldin.on_grid` of one row, in place."""
    largest = 0.0
    for factor in range(len(row)):
        largest = max(largest, abs(row[factor]))
    part, exponent = math.frexp(largest)
    step = math.ldexp(1.0, exponent - (part == 0.5) - GRID_BITS)
    for factor in range(len(row)):
        row[factor] = np.rint(row[factor] / step) * step


@compiled("void(float64[:, ::1], float64[::1], float64[::1])", fastmath=SUMS)
def add_rows(rows: Any, weights: Any, found: Any) -> None:
    """Adds as many rows as there are weights, times these."""
    for row in range(len(weights)):
        for column in range(len(found)):
            found[column] += weights[row] * rows[row, column]


@compiled("Tuple((float64[::1], float64[:, ::1], float64[::1], float64[:, ::1]))(float64[::1], int64, int64)")
def parts_of(folded: Any, rows: Any, size: Any) -> Any:
    """What `folded_in` found of so many rows that tell, in its order; the matrices with three rows more."""
    fewer, begin, ends = min(rows, size), size + (rows + 3) * size, size + (rows + 3) * size + rows
    return (
        folded[:size],
        folded[size:begin].reshape((rows + 3, size)),
        folded[begin:ends],
        folded[ends : ends + (fewer + 3) * fewer].reshape((fewer + 3, fewer)),
    )


@compiled(f"float64[::1]({PLACES}, {WEIGHTS}, {WEIGHTS}, {TABLE}, {TABLE}, {COLUMN}, float64)", fastmath=SUMS)
def folded_in(known: Any, weights: Any, base: Any, head: Any, rest: Any, held: Any, by_row: Any) -> Any:
    """The vector p of `FoldInRanker`, on the grid, and after it what made it, for `shares_of`.

    That is, one after another: (factors,) p, (rows, factors) the vectors of the history's products, (rows,)
    t - b, and the Cholesky factor of the system that was solved: of (rows, rows) where that is the smaller
    one, else of A. rows: those that tell, of a known product and weighing something.

    known: (n,) positions of the history's products, below 0 for unknown ones. weights: (n,). base, head,
    rest: `ItemFactors`. held: (factors,) the diagonal of alpha0 Q'Q + lambda I.
    """
    told = np.flatnonzero((known >= 0) & (weights != 0))
    width, size, rows = head.shape[1], len(held), len(told)
    fewer = min(rows, size)
    folded = np.empty(size + (rows + 3) * size + rows + (fewer + 3) * fewer)
    found, features, residuals, system = parts_of(folded, rows, size)
    found[:], features[rows:], system[fewer:] = 0, 0, 0
    confidence = np.empty(rows)
    for row in range(rows):
        own, weight = known[told[row]], weights[told[row]]
        for factor in range(width):
            features[row, factor] = head[own, factor]
        for factor in range(width, size):
            features[row, factor] = rest[own, factor - width]
        confidence[row] = abs(np.float64(weight))
        residuals[row] = math.copysign(1.0, weight) - base[own]
    diagonal, right = held + by_row * confidence.sum(), residuals.copy()
    if rows < size:
        lifted = features / diagonal
        decompose_sums(lifted, features, rows, 1 / confidence, system)
        solve_one(system, right)
        add_rows(lifted, right, found)
    else:
        add_rows(features, right * confidence, found)
        turned, weighted = np.zeros((size + 3, rows)), np.zeros((size + 3, rows))
        for row in range(rows):
            for factor in range(size):
                turned[factor, row] = features[row, factor]
                weighted[factor, row] = features[row, factor] * confidence[row]
        decompose_sums(weighted, turned, size, diagonal, system)
        solve_one(system, found)
    to_grid(found)
    return folded
