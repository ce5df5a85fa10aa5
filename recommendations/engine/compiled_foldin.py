"""One shopper's vector from one history, compiled."""

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


@compiled("void(float64[:, ::1], float64[:, ::1], int64, float64[::1], float64[::1])", fastmath=SUMS)
def solve_sums(ones: Any, others: Any, size: Any, diagonal: Any, right: Any) -> None:
    """`right` becomes the solution x of (ones others' + diagonal) x = right, symmetric and positive definite.

    ones, others: of `size` rows, and three more whatever they are. By Cholesky's decomposition, a column at a
    time.
    """
    system = np.empty((size + 3, size))
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


@compiled(f"float64[::1]({PLACES}, {WEIGHTS}, {WEIGHTS}, {TABLE}, {TABLE}, {COLUMN}, float64)", fastmath=SUMS)
def folded_in(known: Any, weights: Any, base: Any, head: Any, rest: Any, held: Any, by_row: Any) -> Any:
    """(factors,) the vector p of `FoldInRanker`, on the grid.

    known: (n,) positions of the history's products, below 0 for unknown ones. weights: (n,). base, head,
    rest: `ItemFactors`. held: (factors,) the diagonal of alpha0 Q'Q + lambda I. Of n rows by an n x n system
    where that is the smaller one.
    """
    width, size, rows, total = head.shape[1], len(held), 0, 0.0
    features, confidence, aims = np.zeros((len(known) + 3, size)), np.empty(len(known)), np.empty(len(known))
    for place in range(len(known)):
        own = known[place]
        if own < 0 or weights[place] == 0:
            continue
        for factor in range(width):
            features[rows, factor] = head[own, factor]
        for factor in range(width, size):
            features[rows, factor] = rest[own, factor - width]
        confidence[rows] = abs(np.float64(weights[place]))
        aims[rows] = math.copysign(1.0, weights[place]) - base[own]
        total += confidence[rows]
        rows += 1
    diagonal, found = held + by_row * total, np.zeros(size)
    if rows < size:
        lifted = features / diagonal
        solve_sums(lifted, features, rows, 1 / confidence[:rows], aims[:rows])
        add_rows(lifted, aims[:rows], found)
    else:
        aims *= confidence
        add_rows(features, aims[:rows], found)
        turned = np.zeros((size + 3, rows))
        weighted = np.zeros((size + 3, rows))
        for row in range(rows):
            for factor in range(size):
                turned[factor, row] = features[row, factor]
                weighted[factor, row] = features[row, factor] * confidence[row]
        solve_sums(weighted, turned, size, diagonal, found)
    to_grid(found)
    return found
