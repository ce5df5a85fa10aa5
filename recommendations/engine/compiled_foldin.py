"""One shopper's vector from one history, and what it was made of, compiled."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from recommendations.engine.compiled_vectors import ask_ahead
from recommendations.engine.compiling import compiled, read_only

PLACES, WEIGHTS, COLUMN = map(read_only, ("int32", "float32", "float64"))
TABLE = read_only("float32", 2)
GRID_BITS = 22
SOON = 4
"""Rows between asking for one and needing it."""
# Sums may be made in any order, several products at once; no more of floating point's rules is given up.
SUMS = {"reassoc", "contract"}


@compiled("int64(int64)")
def in_fours(count: Any) -> Any:
    """The next multiple of four: rows are made up to it by rows of zeros, and looked at in blocks."""
    return (count + 3) // 4 * 4


@compiled("void(float64[:, ::1], int64, float64[:, ::1], int64, int64, float64[:, ::1])", fastmath=SUMS)
def dots_of(rows: Any, row: Any, others: Any, other: Any, size: Any, found: Any) -> None:
    """`found`, (4, 4), becomes the products of the first columns of four rows with those of four others.

    Sixteen sums of one pass: each number is read once for four of them.
    """
    a0, a1, a2, a3, b0, b1, b2, b3 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    c0, c1, c2, c3, d0, d1, d2, d3 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for column in range(size):
        a, b, c, d = rows[row, column], rows[row + 1, column], rows[row + 2, column], rows[row + 3, column]
        number = others[other, column]
        a0, b0, c0, d0 = a0 + a * number, b0 + b * number, c0 + c * number, d0 + d * number
        number = others[other + 1, column]
        a1, b1, c1, d1 = a1 + a * number, b1 + b * number, c1 + c * number, d1 + d * number
        number = others[other + 2, column]
        a2, b2, c2, d2 = a2 + a * number, b2 + b * number, c2 + c * number, d2 + d * number
        number = others[other + 3, column]
        a3, b3, c3, d3 = a3 + a * number, b3 + b * number, c3 + c * number, d3 + d * number
    found[0, 0], found[0, 1], found[0, 2], found[0, 3] = a0, a1, a2, a3
    found[1, 0], found[1, 1], found[1, 2], found[1, 3] = b0, b1, b2, b3
    found[2, 0], found[2, 1], found[2, 2], found[2, 3] = c0, c1, c2, c3
    found[3, 0], found[3, 1], found[3, 2], found[3, 3] = d0, d1, d2, d3


@compiled("void(float64[:, ::1], float64[:, ::1], float64[::1], float64[:, ::1])", fastmath=SUMS)
def decompose_sums(ones: Any, others: Any, diagonal: Any, system: Any) -> None:
    """`system` becomes the Cholesky factor of ones others' + diagonal, symmetric and positive definite, in
    its lower half.

    All have the same number of rows, a multiple of four. Four columns at a time.
    """
    size, sums, less = len(system), np.empty((4, 4)), np.empty((4, 4))
    for column in range(0, size, 4):
        for row in range(column, size, 4):
            dots_of(ones, row, others, column, ones.shape[1], sums)
            dots_of(system, row, system, column, column, less)
            for one in range(4):
                for other in range(4):
                    system[row + one, column + other] = sums[one, other] - less[one, other]
        for own in range(column, column + 4):
            square = system[own, own] + diagonal[own]
            for inner in range(column, own):
                square -= system[own, inner] * system[own, inner]
            root = math.sqrt(square)
            system[own, own], over = root, 1 / root
            for row in range(own + 1, size):
                total = system[row, own]
                for inner in range(column, own):
                    total -= system[row, inner] * system[own, inner]
                system[row, own] = total * over


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
    """What `folded_in` found of so many rows that tell, in its order; the matrices' rows in fours."""
    fewer, begin = in_fours(min(rows, size)), size + in_fours(rows) * size
    return (
        folded[:size],
        folded[size:begin].reshape((in_fours(rows), size)),
        folded[begin : begin + rows],
        folded[begin + rows : begin + rows + fewer * fewer].reshape((fewer, fewer)),
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
    fewer = in_fours(min(rows, size))
    folded = np.empty(size + in_fours(rows) * size + rows + fewer * fewer)
    found, features, residuals, system = parts_of(folded, rows, size)
    found[:], features[rows:] = 0, 0
    confidence = np.empty(rows)
    for row in range(rows):
        # They lie far apart in memory: one is asked for while others are copied.
        if row + SOON < rows:
            soon = np.int64(known[told[row + SOON]])
            ask_ahead(head, soon * width, width)
            ask_ahead(rest, soon * rest.shape[1], rest.shape[1])
        own, weight = known[told[row]], weights[told[row]]
        for factor in range(width):
            features[row, factor] = head[own, factor]
        for factor in range(width, size):
            features[row, factor] = rest[own, factor - width]
        confidence[row] = abs(np.float64(weight))
        residuals[row] = math.copysign(1.0, weight) - base[own]
    diagonal, right, own_diagonal = held + by_row * confidence.sum(), residuals.copy(), np.ones(fewer)
    if rows < size:
        lifted = features / diagonal
        own_diagonal[:rows] = 1 / confidence
        decompose_sums(lifted, features, own_diagonal, system)
        solve_one(system, right)
        add_rows(lifted, right, found)
    else:
        add_rows(features, right * confidence, found)
        own_diagonal[:size] = diagonal
        turned, weighted = np.zeros((fewer, rows)), np.zeros((fewer, rows))
        for row in range(rows):
            for factor in range(size):
                turned[factor, row] = features[row, factor]
                weighted[factor, row] = features[row, factor] * confidence[row]
        decompose_sums(weighted, turned, own_diagonal, system)
        solve_one(system, found)
    to_grid(found)
    return folded
