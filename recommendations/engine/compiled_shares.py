"""Ridge solutions of a shopper's rows, split by row; and which row says most."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommendations.engine.compiled_foldin import dots_of, in_fours, parts_of
from recommendations.engine.compiling import compiled, read_only

PLACES, FLOATS, TABLE = read_only("int32"), read_only("float32"), read_only("float32", 2)
ASKED = f"{PLACES}, {FLOATS}, float64[::1], {PLACES}, {TABLE}, {TABLE}, float64[::1], float64"
CAUSES = "Tuple((int64[::1], float64[::1]))"
# Sums may be made in any order: several products at once, and no more of floating point's rules given up.
SUMS = {"reassoc", "contract"}


@compiled("void(float64[:, ::1])", fastmath=SUMS)
def decompose(system: Any) -> None:
    """The system, symmetric and positive definite, becomes its Cholesky factor, of its lower half."""
    for row in range(len(system)):
        for column in range(row + 1):
            total = system[row, column]
            for inner in range(column):
                total -= system[row, inner] * system[column, inner]
            if row == column:
                system[row, row] = np.sqrt(total)
            else:
                system[row, column] = total / system[column, column]


@compiled("void(float64[:, ::1], int64, float64[::1], int64, int64)", fastmath=SUMS)
def take_off(right: Any, row: Any, times: Any, first: Any, last: Any) -> None:
    """Takes off a row the rows from the first to before the last, times what `times` says of each."""
    width, other = right.shape[1], first
    # Four at a time: what is taken off is read and written once for them.
    while other + 4 <= last:
        one, two, three, four = times[other], times[other + 1], times[other + 2], times[other + 3]
        for column in range(width):
            right[row, column] -= (
                one * right[other, column] + two * right[other + 1, column]
                + three * right[other + 2, column] + four * right[other + 3, column]
            )  # fmt: skip
        other += 4
    while other < last:
        for column in range(width):
            right[row, column] -= times[other] * right[other, column]
        other += 1


@compiled("void(float64[:, ::1], float64[:, ::1])", fastmath=SUMS)
def solve_decomposed(system: Any, right: Any) -> None:
    """`right`, (size, k), becomes the solution of a system, given its Cholesky factor."""
    size, width = right.shape
    for row in range(size):
        take_off(right, row, system[row], 0, row)
        over = 1 / system[row, row]
        for column in range(width):
            right[row, column] *= over
    below = np.empty(size)
    for row in range(size - 1, -1, -1):
        for later in range(row + 1, size):
            below[later] = system[later, row]
        take_off(right, row, below, row + 1, size)
        over = 1 / system[row, row]
        for column in range(width):
            right[row, column] *= over


@compiled("void(float64[:, ::1], float64[:, ::1])", fastmath=SUMS)
def solve(system: Any, right: Any) -> None:
    """`right`, (size, k), becomes the solution x of `system` x = right; `system` is decomposed."""
    decompose(system)
    solve_decomposed(system, right)


@compiled(f"float64[:, ::1]({PLACES}, {TABLE}, {TABLE})")
def vectors_of(places: Any, head: Any, rest: Any) -> Any:
    """(k, factors) rows of a table that is kept in two parts, side by side, in double precision and fours."""
    width, size = head.shape[1], head.shape[1] + rest.shape[1]
    found = np.zeros((in_fours(len(places)), size))
    for row in range(len(places)):
        for factor in range(width):
            found[row, factor] = head[places[row], factor]
        for factor in range(width, size):
            found[row, factor] = rest[places[row], factor - width]
    return found


@compiled("void(float64[:, ::1], float64[:, ::1], float64[:, ::1])", fastmath=SUMS)
def dots_into(rows: Any, others: Any, found: Any) -> None:
    """`found`, (rows, others), becomes the rows' products with the others, all of them in fours."""
    block = np.empty((4, 4))
    for row in range(0, len(rows), 4):
        for other in range(0, len(others), 4):
            dots_of(rows, row, others, other, rows.shape[1], block)
            found[row : row + 4, other : other + 4] = block


@compiled(f"float64[:, ::1]({ASKED})", fastmath=SUMS)
def shares_of(
    known: Any, weights: Any, folded: Any, wanted: Any, head: Any, rest: Any, held: Any, by_row: float
) -> Any:
    """(n, k) what each row of a history adds to the score of each wanted product, as `FoldInRanker` says.

    known: (n,) positions, below 0 for what the model does not know. weights: (n,). folded: what `folded_in`
    said of them. wanted: (k,) positions. Of fewer rows n than factors it was an n x n system:
    A^-1 F'C = D^-1 F' (C^-1 + F D^-1 F')^-1, with A = D + F'CF.
    """
    told = np.flatnonzero((known >= 0) & (weights != 0))
    rows, size, count = len(told), len(held), len(wanted)
    _, features, residuals, system = parts_of(folded, rows, size)
    confidence, asked = np.abs(weights[told].astype(np.float64)), vectors_of(wanted, head, rest)
    right, found = np.empty((in_fours(rows), len(asked))), np.zeros((len(known), count))
    if rows < size:
        asked /= held + by_row * confidence.sum()
        dots_into(features, asked, right)
        solve_decomposed(system, right[:rows])
        confidence[:] = 1
    else:
        solved = np.ascontiguousarray(asked.T)
        solve_decomposed(system, solved)
        dots_into(features, np.ascontiguousarray(solved.T), right)
    for row in range(rows):
        for number in range(count):
            found[told[row], number] = right[row, number] * residuals[row] * confidence[row]
    return found


@compiled(f"float32[:, ::1]({ASKED})")
def pushes_of(
    known: Any, weights: Any, folded: Any, wanted: Any, head: Any, rest: Any, held: Any, by_row: float
) -> Any:
    """(k, n) `shares_of`, a product's beside each other."""
    shares = shares_of(known, weights, folded, wanted, head, rest, held, by_row)
    pushes = np.empty((shares.shape[1], shares.shape[0]), np.float32)
    for row in range(shares.shape[0]):
        for number in range(shares.shape[1]):
            pushes[number, row] = shares[row, number]
    return pushes


@compiled(f"{CAUSES}({ASKED})")
def most_pushed_by(
    known: Any, weights: Any, folded: Any, wanted: Any, head: Any, rest: Any, held: Any, by_row: float
) -> Any:
    """`causes_of` the pushes, which need not be turned for that."""
    shares = shares_of(known, weights, folded, wanted, head, rest, held, by_row)
    count = len(wanted)
    rows, most, parts = np.full(count, -1), np.zeros(count, np.float32), np.zeros(count)
    for row in range(len(shares)):
        for number in range(count):
            push = np.float32(shares[row, number])
            if push > 0:
                parts[number] += push
            if push > most[number]:
                most[number] = push
                rows[number] = row
    for number in range(count):
        parts[number] = most[number] / parts[number] if rows[number] >= 0 else 0.0
    return rows, parts


@compiled(f"float64[::1]({PLACES}, {FLOATS}, float64, {FLOATS}, {TABLE}, float64, float64)", fastmath=SUMS)
def rated_vector(
    known: Any, stars: Any, mean: float, bias: Any, factors: Any, bias_held: float, held: float
) -> Any:
    """(1 + factors,) a shopper's bias and vector, as `FoldInRatings` says.

    known: (n,) positions, below 0 for what the model does not know. stars: (n,), NaN where not rated. held:
    the penalties. Of fewer rows than factors it is a system of the rows, as in `pushes_of`.
    """
    told = np.flatnonzero((known >= 0) & np.isfinite(stars))
    size, own = factors.shape[1] + 1, known[told]
    features, diagonal = np.ones((len(told), size)), np.full(size, held)
    diagonal[0] = bias_held
    for row in range(len(told)):
        for factor in range(1, size):
            features[row, factor] = factors[own[row], factor - 1]
    residuals = stars[told].astype(np.float64) - mean - bias[own].astype(np.float64)
    if len(told) < size:
        lifted, right = features / diagonal, residuals.copy().reshape((-1, 1))
        system = np.dot(lifted, features.T)
        for row in range(len(told)):
            system[row, row] += 1
        solve(system, right)
        return np.dot(right.T, lifted)[0].copy()
    system = np.dot(features.T, features)
    right = np.dot(features.T, residuals).reshape((-1, 1))
    for factor in range(size):
        system[factor, factor] += diagonal[factor]
    solve(system, right)
    return right[:, 0].copy()


@compiled(f"{CAUSES}({TABLE})")
def causes_of(pushes: Any) -> Any:
    """((k,) the row that adds most to each product, -1 where none adds; its part, 0 to 1, of what all rows
    that add, add)."""
    count = pushes.shape[0]
    rows, parts = np.full(count, -1), np.zeros(count)
    for number in range(count):
        most, total = np.float32(0), 0.0
        for row in range(pushes.shape[1]):
            push = pushes[number, row]
            if push > 0:
                total += push
            if push > most:
                most = push
                rows[number] = row
        if rows[number] >= 0:
            parts[number] = most / total
    return rows, parts
