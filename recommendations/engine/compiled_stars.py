"""A shopper's vectors in every draw of a Bayesian factor model, and the stars they give."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommendations.engine.compiled_vectors import ask_ahead
from recommendations.engine.compiling import compiled, read_only

PLACES, STARS, DRAWS = read_only("int32"), read_only("float32"), read_only("float32", 3)
SOON = 4
"""Rows between asking for one and needing it."""
# Sums may be made in any order: several products at once, and no more of floating point's rules given up.
SUMS = {"reassoc", "contract"}


@compiled("void(float64[:, :, ::1])", fastmath=SUMS)
def decompose_each(systems: Any) -> None:
    """The systems, (size, size, draws), symmetric and positive definite, become their Cholesky factors, with
    one over each on the diagonal.

    Their lower halves are looked at. The draws lie side by side so that the processor works on several at
    once.
    """
    size, draws = systems.shape[0], systems.shape[2]
    for row in range(size):
        for column in range(row + 1):
            for inner in range(column):
                for draw in range(draws):
                    systems[row, column, draw] -= systems[row, inner, draw] * systems[column, inner, draw]
            for draw in range(draws):
                if row == column:
                    systems[row, row, draw] = 1 / np.sqrt(systems[row, row, draw])
                else:
                    systems[row, column, draw] *= systems[column, column, draw]


@compiled("void(float64[:, :, ::1], float64[:, ::1])", fastmath=SUMS)
def solve_each(factors: Any, right: Any) -> None:
    """`right`, (size, draws), becomes the solution of each draw's system, as `decompose_each` left them."""
    size, draws = right.shape
    for row in range(size):
        for inner in range(row):
            for draw in range(draws):
                right[row, draw] -= factors[row, inner, draw] * right[inner, draw]
        for draw in range(draws):
            right[row, draw] *= factors[row, row, draw]
    for row in range(size - 1, -1, -1):
        for draw in range(draws):
            right[row, draw] *= factors[row, row, draw]
        for inner in range(row):
            for draw in range(draws):
                right[inner, draw] -= factors[row, inner, draw] * right[row, draw]


@compiled("void(float32[:, ::1], float32[::1], float32[:, ::1])", fastmath=SUMS)
def add_products(rows: Any, times: Any, sums: Any) -> None:
    """Adds to `sums`, (size + 2, draws x size), products of four rows, (4, draws x size and size zeros):

    in line a < size of each cell with the one a cells further, which is every product of two numbers of one
    draw (and some of two draws, which nobody looks at); then of each cell with 1, and with its row's `times`.
    """
    size, cells = len(sums) - 2, sums.shape[1]
    for apart in range(size):
        for cell in range(cells):
            sums[apart, cell] += (
                rows[0, cell] * rows[0, cell + apart] + rows[1, cell] * rows[1, cell + apart]
                + rows[2, cell] * rows[2, cell + apart] + rows[3, cell] * rows[3, cell + apart]
            )  # fmt: skip
    for cell in range(cells):
        one, two, three, four = rows[0, cell], rows[1, cell], rows[2, cell], rows[3, cell]
        sums[size, cell] += one + two + three + four
        sums[size + 1, cell] += times[0] * one + times[1] * two + times[2] * three + times[3] * four


@compiled(
    f"float64[:, ::1]({PLACES}, {STARS}, float64, {DRAWS}, {DRAWS}, {read_only('float64', 3)})", fastmath=SUMS
)
def vectors_of_each(known: Any, stars: Any, mean: float, vectors: Any, pulls: Any, precisions: Any) -> Any:
    """(factors + 1, draws) the vector and bias p of each draw, as `BayesRatingsModel` says.

    known: (n,) positions of a history's products, below 0 for those the model does not know. stars: (n,), NaN
    where not rated. The residuals r - mu - b are never made: q r and q b are summed apart, so that all sums
    are of rows as they lie in memory. They are summed in the single precision that the rows are in, which
    leaves stars right to five digits.
    """
    draws, size = vectors.shape[1], vectors.shape[2]
    told, cells, last = np.flatnonzero((known >= 0) & np.isfinite(stars)), draws * size, size - 1
    count, given, total = len(told), np.zeros((len(told) + 3) // 4 * 4, np.float32), 0.0
    for number in range(count):
        given[number] = np.float32(np.float64(stars[told[number]]) - mean)
        total += given[number]
    flat, flat_pulls = vectors.reshape((len(vectors), cells)), pulls.reshape((len(pulls), cells))
    sums, rows = np.zeros((size + 2, cells), np.float32), np.zeros((4, cells + size), np.float32)
    pulled = np.zeros(cells, np.float32)
    for first in range(0, count, 4):
        for number in range(first, min(first + 4, count)):
            # They lie far apart in memory: one is asked for while others are summed.
            if number + SOON < count:
                soon = np.int64(known[told[number + SOON]])
                ask_ahead(flat, soon * cells, cells)
                ask_ahead(flat_pulls, soon * cells, cells)
            own = known[told[number]]
            row, pull = flat[own], flat_pulls[own]
            for cell in range(cells):
                rows[number - first, cell] = row[cell]
                pulled[cell] += pull[cell]
        rows[count - first :] = 0
        add_products(rows, given[first : first + 4], sums)
    systems, right, root = np.empty((size, size, draws)), np.empty((size, draws)), np.sqrt(max(1, count))
    for draw in range(draws):
        start = draw * size
        for row in range(last):
            for column in range(row + 1):
                systems[row, column, draw] = (
                    precisions[draw, row, column] + sums[row - column, start + column]
                )
            systems[last, row, draw] = precisions[draw, last, row] + sums[size, start + row]
            right[row, draw] = sums[size + 1, start + row] - sums[last - row, start + row]
        systems[last, last, draw] = precisions[draw, last, last] + count
        right[last, draw] = total - sums[size, start + last]
        for row in range(size):
            right[row, draw] += pulled[start + row] / root
    decompose_each(systems)
    solve_each(systems, right)
    return right


@compiled(
    f"float32[::1]({PLACES}, {STARS}, {PLACES}, float64, {DRAWS}, {DRAWS}, {read_only('float64', 3)}, "
    "float64, float64)", fastmath=SUMS,
)  # fmt: skip
def stars_of(
    known: Any, stars: Any, wanted: Any, mean: float, vectors: Any, pulls: Any, precisions: Any,
    lowest: float, highest: float,
) -> Any:  # fmt: skip
    """(k,) stars for the wanted positions: the mean over the draws of mu + b + [q, 1].p, clipped.

    p: `vectors_of_each` of the history.
    """
    own = vectors_of_each(known, stars, mean, vectors, pulls, precisions)
    size, draws = own.shape
    flat, found = vectors.reshape((len(vectors), draws * size)), np.empty(len(wanted), np.float32)
    base, weights = mean, np.full(draws * size, 1 / draws)
    for draw in range(draws):
        base += own[size - 1, draw] / draws
        # As the products' vectors lie in memory.
        for row in range(size - 1):
            weights[draw * size + row] = own[row, draw] / draws
    for number in range(len(wanted)):
        total, row = base, flat[wanted[number]]
        for cell in range(len(weights)):
            total += weights[cell] * row[cell]
        found[number] = min(max(total, lowest), highest)
    return found
