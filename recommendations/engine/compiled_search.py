"""The compiled search of a factor table: a coarse look at every product, an exact one at what may be listed.

The vectors are kept a second time in single bytes (`coarse.Coarse`), a quarter of the memory to be read, with
a bound on what that rounds away. What may be among the k best by that bound is scored in double precision,
without rounding, so that the list is the same to the last bit as one cut from all scores. On flat spectra,
too, where the first columns of a table tell little of the others (docs/adr/0020).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from recommendations.engine.compiled_ranking import RANKING, floor_of, listed
from recommendations.engine.compiled_vectors import (
    LARGEST_SUM,
    LARGEST_WEIGHT,
    TILE,
    ask_ahead,
    first_set,
    reaching,
    sum_pairs,
)
from recommendations.engine.compiling import compiled, read_only

BLOCK = 4 * TILE
"""Products that are looked at together."""
ROOM, LEAST = 4, 128
"""Candidates held before those that fell behind are let go, in k, and at least."""
LOOKED, APART = 32, 16
"""Tiles that tell where the edge may be, and how far apart they are at least."""
EACH, FEW = 2, 8
"""Tiles for each place of a list that are looked at first where a prior says which, if one in FEW or less."""
SOON = 8
"""Candidates between asking for the vectors of one and needing them."""
ROUNDING, SLACK, SMALLEST_NORMAL = 2.0**-24, 16, 2.0**-126
GENEROUS = 1 + 2.0**-16
"""More than lengths in single precision, and products made of them, are rounded down."""
LOWEST = np.float32(-np.inf)
F4, F8, I4, I8 = map(read_only, ("float32", "float64", "int32", "int64"))
F4_2, F8_2, I1_3 = read_only("float32", 2), read_only("float64", 2), read_only("int8", 3)
MASK = read_only("boolean")


@compiled(f"float64({F8}, {F8_2}, int64, {F8})")
def spread_of(gram: Any, sums: Any, count: Any, shopper: Any) -> float:
    """The standard deviation of b_i + q_i . p over `count` products, from `ItemFactors.gram` and `.sums`."""
    mean, square = sums[0, 0], sums[1, 0]
    for factor in range(len(shopper)):
        own = shopper[factor]
        mean += sums[0, 1 + factor] * own
        square += 2 * sums[1, 1 + factor] * own + gram[factor] * own * own
    count = max(1, count)
    mean /= count
    return math.sqrt(max(0.0, square / count - mean * mean))


# On the grid products and sums have no rounding, so that their order is the compiler's to choose.
@compiled(f"float64({F4}, {F8})", fastmath={"reassoc", "contract"})
def dot(row: Any, shopper: Any) -> float:
    total = 0.0
    for factor in range(len(row)):
        total += row[factor] * shopper[factor]
    return total


@compiled("float32(float64, float32, float32, float32)")
def added(dot: Any, base: Any, share: Any, value: Any) -> Any:
    """The exact score: each step as numpy takes it, so no fast arithmetic here."""
    return np.float32(np.float32(np.float32(dot) + base) + np.float32(share * value))


@compiled(f"void({F4_2}, {F4_2}, {F4}, {F8}, float32, {F4}, {I4}, float32[::1], int64)")
def score_each(
    head: Any, rest: Any, base: Any, shopper: Any, share: Any, values: Any, places: Any, scores: Any,
    count: Any,
) -> None:  # fmt: skip
    """The exact scores of the first `count` places."""
    leaning, width = len(values) > 0, head.shape[1]
    first, others = shopper[:width], shopper[width:]
    for place in range(count):
        if place + SOON < count:
            soon = np.int64(places[place + SOON])
            ask_ahead(head, soon * width, width)
            ask_ahead(rest, soon * rest.shape[1], rest.shape[1])
        own = places[place]
        value = values[own] if leaning else np.float32(0)
        scores[place] = added(dot(head[own], first) + dot(rest[own], others), base[own], share, value)


@compiled(f"{RANKING}({F4_2}, {F4_2}, {F4}, {F8}, float32, {F4}, {I8}, int64)")
def among(head: Any, rest: Any, base: Any, shopper: Any, share: Any, values: Any, places: Any, k: Any) -> Any:
    """The k best of the places, which rise, with their exact scores."""
    rows, scores = places.astype(np.int32), np.empty(len(places), np.float32)
    score_each(head, rest, base, shopper, share, values, rows, scores, len(rows))
    return listed(rows, scores, len(rows), k)


@compiled(f"float32({F8}, {F8}, int16[::1])")
def rounded(units: Any, shopper: Any, weights: Any) -> Any:
    """What a step of the weights is worth: those of the columns in whole steps, which are written down,
    so few that codes times these, summed, fit 32 bits."""
    largest = 0.0
    for factor in range(len(units)):
        largest = max(largest, abs(units[factor] * shopper[factor]))
    most = min(LARGEST_WEIGHT, LARGEST_SUM // (128 * max(1, len(units))))
    step = np.float32(max(largest / most, SMALLEST_NORMAL))
    for factor in range(len(units)):
        weights[factor] = np.int16(np.rint(units[factor] * shopper[factor] / step))
    return step


@compiled(f"float64({F8}, {F8}, float32)")
def lost(units: Any, shopper: Any, step: Any) -> float:
    """At most what codes of scale 1 and weights in steps round away from a score, and single precision."""
    total = 0.0
    for factor in range(len(units)):
        # A code is off by up to half a unit, and up to 127 units large, a weight off by up to half a step.
        total += units[factor] * abs(shopper[factor]) + 127 * step
    return 0.5 * total * (1 + 254 * ROUNDING * SLACK)


@compiled(f"void({I1_3}, int64, int64, int16[::1], int32[::1])")
def sum_block(codes: Any, start: Any, end: Any, weights: Any, sums: Any) -> None:
    """Codes times the weights of the columns, summed, for the tiles of products from `start` to `end`."""
    size = codes.shape[1]
    for tile in range(start // TILE, (end + TILE - 1) // TILE):
        own = sums[tile * TILE - start :]
        sum_pairs(codes, np.int64(tile), weights, own)
        if size % 2:
            for row in range(TILE):
                own[row] += np.int32(weights[size - 1]) * np.int32(codes[tile, size - 1, row])


@compiled(
    f"void(int64, int64, {F4}, {F4}, float32, {F4}, int32[::1], float32, float32, float32, float32[::1],"
    " float32[::1])",
    fastmath={"reassoc", "contract"},
)
def bound_block(
    start: Any, end: Any, scales: Any, base: Any, share: Any, values: Any, sums: Any, step: Any, off: Any,
    wide: Any, rough: Any, most: Any,
) -> None:  # fmt: skip
    """The sums of the products from `start` to `end` -> rough scores, and the most each may be.

    Behind the last product there is no number.
    """
    rows, scale, bases = end - start, scales[start:end], base[start:end]
    for row in range(rows):
        rough[row] = np.float32(sums[row]) * step * scale[row] + bases[row]
    if len(values):
        leant = values[start:end]
        for row in range(rows):
            rough[row] += share * leant[row]
    for row in range(rows):
        most[row] = rough[row] + (scale[row] * off + wide)
    most[rows:] = np.nan


@compiled("int64(int32[::1], float32[::1], float32[::1], int64, float32)")
def let_go(places: Any, lows: Any, highs: Any, count: Any, edge: Any) -> Any:
    """Keeps, of the first `count` candidates, those that may reach the edge; how many."""
    kept = 0
    for place in range(count):
        # Written down in any case: a condition that goes either way costs more.
        places[kept], lows[kept], highs[kept] = places[place], lows[place], highs[place]
        kept += highs[place] >= edge
    return kept


@compiled(f"uint8[::1]({I4}, int64)")
def bits_of(exclude: Any, count: Any) -> Any:
    """A bit for each of `count` products, set for the excluded; (0,) where nothing is excluded."""
    bits = np.zeros((count >> 3) + 1 if len(exclude) else 0, np.uint8)
    for place in range(len(exclude)):
        if exclude[place] >= 0:
            bits[exclude[place] >> 3] |= 1 << (exclude[place] & 7)
    return bits


@compiled(
    f"int64(int64, float32[::1], float32[::1], {F4}, float32, float32, float32, {MASK}, uint8[::1],"
    " int32[::1], float32[::1], float32[::1], int64)"
)
def gather(
    start: Any, rough: Any, most: Any, scales: Any, off: Any, wide: Any, edge: Any, mask: Any, barred: Any,
    places: Any, lows: Any, highs: Any, found: Any,
) -> Any:  # fmt: skip
    """Puts what of a block reaches the edge, and may be listed, behind the `found` first; how many are."""
    for first in range(0, BLOCK, TILE):
        bits = reaching(most, np.int64(first), edge)
        while bits:
            row = first + first_set(bits)
            bits &= bits - np.uint64(1)
            own = start + row
            if len(mask) and not mask[own]:
                continue
            if len(barred) and barred[own >> 3] >> (own & 7) & 1:
                continue
            places[found], lows[found], highs[found] = own, rough[row] - (scales[own] * off + wide), most[row]
            found += 1
    return found


@compiled(f"float64[::1]({F4}, {F4}, {F4}, float64, float32, float64)")
def tops_of(lengths: Any, bases: Any, values: Any, length: Any, share: Any, margin: Any) -> Any:
    """(tiles,) at least the greatest score in each tile, |q| |p| being at least q.p (Cauchy, Schwarz); (0,)
    where that says nothing.

    lengths, bases, values: (tiles,) the greatest of each tile. length: |p|. margin: as of `best`.
    """
    if share < 0:
        return np.empty(0)
    tops = np.empty(len(lengths))
    for tile in range(len(lengths)):
        tops[tile] = bases[tile] + length * lengths[tile] * GENEROUS + 2 * margin
        if len(values):
            tops[tile] += np.float64(share) * values[tile]
    return tops


@compiled(
    f"Tuple((int32[::1], float32[::1], float32[::1], int64))({I1_3}, {F4}, {F4}, float32, {F4}, {MASK},"
    " uint8[::1], int16[::1], float32, float32, float32, int64, float32, int64, int64, float64[::1],"
    " float64)"
)
def candidates(
    codes: Any, scales: Any, base: Any, share: Any, values: Any, mask: Any, barred: Any, weights: Any,
    step: Any, off: Any, wide: Any, k: Any, edge: Any, width: Any, apart: Any, tops: Any, least: Any,
) -> Any:  # fmt: skip
    """What may be among the k best: (places, least and greatest scores, how many of these count).

    Of `width` products at a time, a BLOCK or less, each time `apart` from the last. edge: that k products are
    known, or guessed, to reach. tops: of `tops_of`; what is in a tile that reaches neither the edge nor
    `least` is not read.
    """
    count, found = len(base), 0
    room = min(count, max(LEAST, ROOM * min(count, k)))
    places, lows = np.empty(room + BLOCK, np.int32), np.empty(room + BLOCK, np.float32)
    highs, sums = np.empty(room + BLOCK, np.float32), np.empty(BLOCK, np.int32)
    rough, most = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    for begin in range(0, count, apart):
        start, end = begin, min(count, begin + width)
        if len(tops):
            reach = max(np.float64(edge), least)
            while start < end and tops[start // TILE] < reach:
                start += TILE
            while start < end and tops[(end - 1) // TILE] < reach:
                end = (end - 1) // TILE * TILE
            if start >= end:
                continue
        # For the next time: of so many arrays at once the processor loses track.
        ask_ahead(scales, begin + apart, width)
        ask_ahead(base, begin + apart, width)
        if len(values):
            ask_ahead(values, begin + apart, width)
        sum_block(codes, start, end, weights, sums)
        bound_block(start, end, scales, base, share, values, sums, step, off, wide, rough, most)
        found = gather(start, rough, most, scales, off, wide, edge, mask, barred, places, lows, highs, found)
        if found < room:
            continue
        if found > k:
            edge = max(edge, floor_of(lows, found, k))
            found = let_go(places, lows, highs, found, edge)
        if 2 * found > room:
            room = 2 * found
            places = np.concatenate((places, np.empty(room + BLOCK - len(places), np.int32)))
            lows = np.concatenate((lows, np.empty(room + BLOCK - len(lows), np.float32)))
            highs = np.concatenate((highs, np.empty(room + BLOCK - len(highs), np.float32)))
    return places, lows, highs, found


@compiled("int64(int64, int64, int64)")
def rank_of(k: Any, looked: Any, count: Any) -> Any:
    """The rank among `looked` products that is hardly ever among the k best of all `count`: three standard
    deviations behind the one expected."""
    expected = min(k, count) * looked / count
    return np.int64(expected + 3 * math.sqrt(expected)) + 2


@compiled(
    f"{RANKING}({I1_3}, {F4}, {F8}, {F4}, {F4}, {F4}, {F4_2}, {F4_2}, {F4}, {F8}, float32, {F4}, {MASK},"
    f" {I4}, int64, float64)"
)
def best(
    codes: Any, scales: Any, units: Any, lengths: Any, bases: Any, most: Any, head: Any, rest: Any, base: Any,
    shopper: Any, share: Any, values: Any, mask: Any, exclude: Any, k: Any, margin: Any,
) -> Any:  # fmt: skip
    """The k best of all products, with their exact scores; k is 1 or more.

    codes, scales, units: `Coarse`. lengths, bases, most: (tiles,) the greatest length, base and value of each
    tile. head, rest, base: `ItemFactors`. share, values: of the prior, (0,) for none, as `most`. mask: what
    may be listed, (0,) for everything. exclude: positions, those below 0 ignored. margin: at most how far
    adding base and prior is off in single precision.

    A few tiles tell what score the k-th best will reach: some that stand for all, and with a prior those that
    may reach most. Where it does not, all is looked through once more.
    """
    count, weights = len(base), np.empty(len(units), np.int16)
    step = rounded(units, shopper, weights)
    off, wide, barred = np.float32(lost(units, shopper, step)), np.float32(margin), bits_of(exclude, count)
    apart = TILE * max(APART, len(codes) // LOOKED)
    rank = rank_of(k, (count + apart - 1) // apart * TILE, max(1, count))
    tops = tops_of(lengths, bases, most, math.sqrt(np.sum(shopper * shopper)), share, margin)
    places, lows, highs, found = candidates(
        codes, scales, base, share, values, mask, barred, weights, step, off, wide, rank, LOWEST, TILE, apart,
        tops[:0], -np.inf,
    )  # fmt: skip
    guess = floor_of(lows, found, rank) if found >= rank else LOWEST
    if len(values) and EACH * k * FEW < len(tops):
        least = np.float64(floor_of(tops.astype(np.float32), len(tops), EACH * k))
        places, lows, highs, found = candidates(
            codes, scales, base, share, values, mask, barred, weights, step, off, wide, k, LOWEST, TILE, TILE,
            tops, least,
        )  # fmt: skip
        guess = max(guess, floor_of(lows, found, k)) if found >= k else guess
    while True:
        places, lows, highs, found = candidates(
            codes, scales, base, share, values, mask, barred, weights, step, off, wide, k, guess, BLOCK,
            BLOCK, tops, -np.inf,
        )  # fmt: skip
        edge = floor_of(lows, found, k) if found >= k else LOWEST
        if edge >= guess:
            break
        guess = LOWEST
    found = let_go(places, lows, highs, found, edge)
    score_each(head, rest, base, shopper, share, values, places, lows, found)
    return listed(places, lows, found, k)
