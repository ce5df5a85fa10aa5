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

from recommendations.engine.compiling import compiled, read_only

TILE = 64
"""Products side by side in a tile of codes: a line of the cache for each column."""
BLOCK = 4 * TILE
"""Products that are looked at by one call: each costs as much as some tens of them."""
ROOM, LEAST = 4, 128
"""Candidates held before those that fell behind are let go, in k, and at least."""
ROUNDING, SLACK, SMALLEST_NORMAL = 2.0**-24, 16, 2.0**-126
F4, F8, I4, I8 = map(read_only, ("float32", "float64", "int32", "int64"))
F4_2, F8_2, I1_3 = read_only("float32", 2), read_only("float64", 2), read_only("int8", 3)
MASK = read_only("boolean")
RANKING = "Tuple((int32[::1], float32[::1]))"


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
@compiled(f"float64({F4_2}, {F4_2}, {F8}, int64)", fastmath={"reassoc", "contract"})
def dot_at(head: Any, rest: Any, shopper: Any, row: Any) -> float:
    """q . p of one product."""
    width, total = head.shape[1], 0.0
    for factor in range(width):
        total += head[row, factor] * shopper[factor]
    for factor in range(rest.shape[1]):
        total += rest[row, factor] * shopper[width + factor]
    return total


@compiled("int64(uint32)")
def ordered(bits: Any) -> Any:
    """The bits of a single-precision number, as a number that orders as they do."""
    number = np.int64(bits)
    return 0xFFFFFFFF - number if number & 0x80000000 else number | 0x80000000


@compiled(f"float32({F4}, int64, int64)")
def floor_of(scores: Any, count: Any, k: Any) -> Any:
    """The k-th largest of the first `count` scores, 0 < k <= count, or a little less: but for the last of its
    four bytes. Of no NaN."""
    counts, found = np.empty(256, np.int64), np.int64(0)
    bits = scores.view(np.uint32)
    for shift in (24, 16, 8):
        counts[:] = 0
        for place in range(count):
            number = ordered(bits[place])
            # Those that count have, above this byte, the bytes found so far.
            if number >> (shift + 8) == found >> (shift + 8):
                counts[(number >> shift) & 255] += 1
        digit = 255
        while digit > 0 and counts[digit] < k:
            k -= counts[digit]
            digit -= 1
        found |= digit << shift
    result = np.empty(1, np.uint32)
    result[0] = found & 0x7FFFFFFF if found & 0x80000000 else 0xFFFFFFFF - found
    floor = result.view(np.float32)[0]
    # A little less than -inf is no number.
    return floor if floor > -np.inf else np.float32(-np.inf)


@compiled("int64(int32[::1], float32[::1], int64, int64)")
def keep_best(places: Any, scores: Any, count: Any, k: Any) -> Any:
    """Keeps, of the first `count` places, those with a score that may be among the k best; how many."""
    kept, edge = 0, np.float32(-np.inf)
    if 0 < k < count:
        for place in range(count):
            if not scores[place] > -np.inf:
                scores[place] = -np.inf
        edge = floor_of(scores, count, k)
    for place in range(count):
        score = scores[place]
        places[kept], scores[kept] = places[place], score
        kept += (score >= edge) & (score > -np.inf)
    return kept


@compiled(f"{RANKING}(int32[::1], float32[::1], int64, int64)")
def listed(places: Any, scores: Any, count: Any, k: Any) -> Any:
    """The k best of the first `count` places, which rise, by their scores: `topk.best_of`. Both are changed.

    Sorted by the bytes of the scores, the last first, which keeps equals in their order.
    """
    kept = keep_best(places, scores, count, k)
    numbers, others = np.empty(kept, np.int64), np.empty(kept, np.int64)
    starts, bits = np.zeros((4, 257), np.int64), scores.view(np.uint32)
    for place in range(kept):
        # -0.0 is 0.0. The largest is first.
        number = 0xFFFFFFFF - ordered(bits[place]) if scores[place] != 0 else np.int64(0x7FFFFFFF)
        numbers[place] = number << 32 | place
        for byte in range(4):
            starts[byte, ((number >> (8 * byte)) & 255) + 1] += 1
    for byte in range(4):
        for digit in range(256):
            starts[byte, digit + 1] += starts[byte, digit]
        for place in range(kept):
            digit = (numbers[place] >> (32 + 8 * byte)) & 255
            others[starts[byte, digit]] = numbers[place]
            starts[byte, digit] += 1
        numbers, others = others, numbers
    most = min(k, kept)
    found, best = np.empty(most, np.int32), np.empty(most, np.float32)
    for place in range(most):
        own = numbers[place] & 0xFFFFFFFF
        found[place], best[place] = places[own], scores[own]
    return found, best


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
    leaning = len(values) > 0
    for place in range(count):
        own = places[place]
        value = values[own] if leaning else np.float32(0)
        scores[place] = added(dot_at(head, rest, shopper, own), base[own], share, value)


@compiled(f"{RANKING}({F4_2}, {F4_2}, {F4}, {F8}, float32, {F4}, {I8}, int64)")
def among(head: Any, rest: Any, base: Any, shopper: Any, share: Any, values: Any, places: Any, k: Any) -> Any:
    """The k best of the places, which rise, with their exact scores."""
    rows, scores = places.astype(np.int32), np.empty(len(places), np.float32)
    score_each(head, rest, base, shopper, share, values, rows, scores, len(rows))
    return listed(rows, scores, len(rows), k)


@compiled(f"float64({F8}, {F8})")
def lost(units: Any, shopper: Any) -> float:
    """At most what codes of scale 1 round away from a score, and single precision after that."""
    size, total = len(units), 0.0
    for factor in range(size):
        total += units[factor] * abs(shopper[factor])
    # A code is off by up to half a unit, and up to 127 units large.
    return 0.5 * total * (1 + 254 * ROUNDING * (size + SLACK))


@compiled(f"void({I1_3}, int64, {F4}, float32[::1])", fastmath={"reassoc", "contract"})
def sum_block(codes: Any, start: Any, weights: Any, all_sums: Any) -> None:
    """Codes times the weights of the columns, summed, for a block of products. Four columns at a time, so
    that the sums are fetched and put back less often."""
    width, first = len(weights), start // TILE
    for tile in range(first, min(first + BLOCK // TILE, codes.shape[0])):
        sums = all_sums[(tile - first) * TILE : (tile - first) * TILE + TILE]
        sums[:] = 0
        factor = 0
        while factor + 4 <= width:
            one, two, three, four = (
                weights[factor], weights[factor + 1], weights[factor + 2], weights[factor + 3],
            )  # fmt: skip
            for row in range(TILE):
                sums[row] += (
                    one * np.float32(codes[tile, factor, row])
                    + two * np.float32(codes[tile, factor + 1, row])
                    + three * np.float32(codes[tile, factor + 2, row])
                    + four * np.float32(codes[tile, factor + 3, row])
                )
            factor += 4
        while factor < width:
            for row in range(TILE):
                sums[row] += weights[factor] * np.float32(codes[tile, factor, row])
            factor += 1


@compiled(
    f"float32(int64, {F4}, {F4}, float32, {F4}, float32, float32, float32, float32[::1], float32[::1])",
    fastmath={"reassoc", "contract"},
)
def bound_block(
    start: Any, scales: Any, base: Any, share: Any, values: Any, off: Any, wide: Any, edge: Any, rough: Any,
    most: Any,
) -> Any:  # fmt: skip
    """Sums of a block (in `rough`) -> rough scores, and the most each may be; how many reach the edge."""
    end = min(len(base), start + BLOCK)
    rows, scale, bases = end - start, scales[start:end], base[start:end]
    for row in range(rows):
        rough[row] = rough[row] * scale[row] + bases[row]
    if len(values):
        leant = values[start:end]
        for row in range(rows):
            rough[row] += share * leant[row]
    for row in range(rows):
        most[row] = rough[row] + scale[row] * off + wide
    # Counted in numbers as wide as those that are compared.
    near, none, one = np.float32(0), np.float32(0), np.float32(1)
    for row in range(rows):
        near += one if most[row] >= edge else none
    return near


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
    f"{RANKING}({I1_3}, {F4}, {F8}, {F4_2}, {F4_2}, {F4}, {F8}, float32, {F4}, {MASK}, {I4}, int64, float64)",
    fastmath={"reassoc", "contract"},
)
def best(
    codes: Any, scales: Any, units: Any, head: Any, rest: Any, base: Any, shopper: Any, share: Any,
    values: Any, mask: Any, exclude: Any, k: Any, margin: Any,
) -> Any:  # fmt: skip
    """The k best of all products, with their exact scores; k is 1 or more.

    codes, scales, units: `Coarse`. head, rest, base: `ItemFactors`. share, values: of the prior, (0,) for
    none. mask: what may be listed, (0,) for everything. exclude: positions, those below 0 ignored. margin: at
    most how far adding base and prior is off in single precision.
    """
    count = len(base)
    weights = (units * shopper).astype(np.float32)
    off, wide = np.float32(lost(units, shopper)), np.float32(margin)
    barred, masked, barring = bits_of(exclude, count), len(mask) > 0, len(exclude) > 0
    places, lows, highs = np.empty(count, np.int32), np.empty(count, np.float32), np.empty(count, np.float32)
    found, edge, room = 0, np.float32(-np.inf), max(LEAST, ROOM * k)
    rough, most = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    for start in range(0, count, BLOCK):
        sum_block(codes, start, weights, rough)
        if not bound_block(start, scales, base, share, values, off, wide, edge, rough, most):
            continue
        for row in range(min(BLOCK, count - start)):
            own = start + row
            places[found], lows[found], highs[found] = own, rough[row] - scales[own] * off - wide, most[row]
            is_near = most[row] >= edge
            if masked:
                is_near &= mask[own]
            if barring:
                is_near &= not (barred[own >> 3] >> (own & 7) & 1)
            found += is_near
        if found >= room and found > k:
            edge = floor_of(lows, found, k)
            found = let_go(places, lows, highs, found, edge)
            room = max(room, 2 * found)
    if found > k:
        found = let_go(places, lows, highs, found, floor_of(lows, found, k))
    score_each(head, rest, base, shopper, share, values, places, lows, found)
    return listed(places, lows, found, k)
