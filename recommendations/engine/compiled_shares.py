"""Ridge solutions of a shopper's rows, split by row; and which row says most."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommendations.engine.compiling import compiled, read_only

PLACES, FLOATS, TABLE = read_only("int32"), read_only("float32"), read_only("float32", 2)
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


@compiled("void(float64[:, ::1], float64[:, ::1])", fastmath=SUMS)
def solve(system: Any, right: Any) -> None:
    """`right`, (size, k), becomes the solution x of `system` x = right; `system` is decomposed."""
    decompose(system)
    size, width = right.shape
    for row in range(size):
        for inner in range(row):
            for column in range(width):
                right[row, column] -= system[row, inner] * right[inner, column]
        for column in range(width):
            right[row, column] /= system[row, row]
    for row in range(size - 1, -1, -1):
        for column in range(width):
            right[row, column] /= system[row, row]
        for inner in range(row):
            for column in range(width):
                right[inner, column] -= system[row, inner] * right[row, column]


@compiled(f"float64[:, ::1]({PLACES}, {TABLE}, {TABLE})")
def vectors_of(places: Any, head: Any, rest: Any) -> Any:
    """(k, factors) rows of a table that is kept in two parts, side by side, in double precision."""
    width, size = head.shape[1], head.shape[1] + rest.shape[1]
    found = np.empty((len(places), size))
    for row in range(len(places)):
        for factor in range(width):
            found[row, factor] = head[places[row], factor]
        for factor in range(width, size):
            found[row, factor] = rest[places[row], factor - width]
    return found


@compiled(
    f"float32[:, ::1]({PLACES}, {FLOATS}, {PLACES}, {FLOATS}, {TABLE}, {TABLE}, float64[::1], float64)",
    fastmath=SUMS,
)
def pushes_of(
    known: Any, weights: Any, wanted: Any, base: Any, head: Any, rest: Any, held: Any, by_row: float
) -> Any:
    """(k, n) what each row of a history adds to the score of each wanted product, as `FoldInRanker` says.

    known: (n,) positions, below 0 for what the model does not know. weights: (n,). wanted: (k,) positions.
    Of fewer rows n than factors it is an n x n system: A^-1 F'C = D^-1 F' (C^-1 + F D^-1 F')^-1, with
    A = D + F'CF.
    """
    told = np.flatnonzero((known >= 0) & (weights != 0))
    features, asked = vectors_of(known[told], head, rest), vectors_of(wanted, head, rest)
    confidence = np.abs(weights[told].astype(np.float64))
    diagonal = held + by_row * confidence.sum()
    residuals = np.sign(weights[told]).astype(np.float64) - base[known[told]].astype(np.float64)
    if len(told) < len(diagonal):
        lifted = features / diagonal
        system, right = np.dot(lifted, features.T), np.dot(lifted, asked.T)
        for row in range(len(told)):
            system[row, row] += 1 / confidence[row]
        solve(system, right)
    else:
        system = np.dot((features * confidence.reshape((-1, 1))).T, features)
        for factor in range(len(diagonal)):
            system[factor, factor] += diagonal[factor]
        solved = np.ascontiguousarray(asked.T)
        solve(system, solved)
        right = np.dot(features, solved)
        residuals *= confidence
    found = np.zeros((len(wanted), len(known)), np.float32)
    for number in range(len(wanted)):
        for row in range(len(told)):
            found[number, told[row]] = right[row, number] * residuals[row]
    return found


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


@compiled(f"Tuple((int64[::1], float64[::1], float64[::1]))({TABLE})")
def causes_of(pushes: Any) -> Any:
    """((k,) the row that adds most to each product, -1 where none adds; what it adds; what all that add,
    add)."""
    count = pushes.shape[0]
    rows, most, totals = np.full(count, -1), np.zeros(count), np.zeros(count)
    for number in range(count):
        for row in range(pushes.shape[1]):
            push = pushes[number, row]
            if push > 0:
                totals[number] += push
            if push > most[number]:
                most[number] = push
                rows[number] = row
    return rows, most, totals
