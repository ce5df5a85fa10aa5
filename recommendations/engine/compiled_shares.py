"""Ridge solutions of a shopper's rows, split by row; and which row says most."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommendations.engine.compiling import compiled, read_only

PLACES, FLOATS, TABLE = read_only("int32"), read_only("float32"), read_only("float32", 2)
# Sums may be made in any order: several products at once, and no more of floating point's rules given up.
SUMS = {"reassoc", "contract"}


@compiled("void(float64[:, ::1], float64[:, ::1])", fastmath=SUMS)
def solve(system: Any, right: Any) -> None:
    """Each row x of `right` becomes the solution of `system` y = x, in place; `system` its Cholesky factor.

    system: symmetric and positive definite; its lower half is looked at.
    """
    size = system.shape[0]
    for row in range(size):
        for column in range(row + 1):
            total = system[row, column]
            for inner in range(column):
                total -= system[row, inner] * system[column, inner]
            if row == column:
                system[row, row] = np.sqrt(total)
            else:
                system[row, column] = total / system[column, column]
    for number in range(right.shape[0]):
        for row in range(size):
            total = right[number, row]
            for inner in range(row):
                total -= system[row, inner] * right[number, inner]
            right[number, row] = total / system[row, row]
        for row in range(size - 1, -1, -1):
            found = right[number, row] / system[row, row]
            right[number, row] = found
            for inner in range(row):
                right[number, inner] -= system[row, inner] * found


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


@compiled("float64[:, ::1](float64[:, ::1], float64[:, ::1])", fastmath=SUMS)
def products_of(ones: Any, others: Any) -> Any:
    """(n, m) dot products of each row with each of the others."""
    found = np.empty((ones.shape[0], others.shape[0]))
    for row in range(ones.shape[0]):
        for other in range(others.shape[0]):
            total = 0.0
            for factor in range(ones.shape[1]):
                total += ones[row, factor] * others[other, factor]
            found[row, other] = total
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
        system, right = products_of(lifted, features), products_of(asked, lifted)
        for row in range(len(told)):
            system[row, row] += 1 / confidence[row]
        solve(system, right)
    else:
        turned = np.ascontiguousarray(features.T)
        system = products_of(turned * confidence, turned)
        for factor in range(len(diagonal)):
            system[factor, factor] += diagonal[factor]
        solve(system, asked)
        right = products_of(asked, features)
        residuals *= confidence
    found = np.zeros((len(wanted), len(known)), np.float32)
    for number in range(len(wanted)):
        for row in range(len(told)):
            found[number, told[row]] = right[number, row] * residuals[row]
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
        lifted, right = features / diagonal, residuals.copy().reshape((1, len(told)))
        system = products_of(lifted, features)
        for row in range(len(told)):
            system[row, row] += 1
        solve(system, right)
        return products_of(right, np.ascontiguousarray(lifted.T))[0].copy()
    turned = np.ascontiguousarray(features.T)
    system, right = products_of(turned, turned), products_of(residuals.reshape((1, len(told))), turned)
    for factor in range(size):
        system[factor, factor] += diagonal[factor]
    solve(system, right)
    return right[0].copy()


@compiled(f"Tuple((int64[::1], float64[::1]))({TABLE})")
def causes_of(pushes: Any) -> Any:
    """((k,) the row that adds most to each product, -1 where none adds; (k,) what all that add, add)."""
    rows, totals = np.full(pushes.shape[0], -1), np.zeros(pushes.shape[0])
    for number in range(pushes.shape[0]):
        most = np.float32(0)
        for row in range(pushes.shape[1]):
            push = pushes[number, row]
            if push > 0:
                totals[number] += push
            if push > most:
                most = push
                rows[number] = row
    return rows, totals
