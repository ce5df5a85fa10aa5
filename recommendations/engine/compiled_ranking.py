"""The k best of scores that are at hand, by their bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommendations.engine.compiling import compiled, read_only

RANKING = "Tuple((int32[::1], float32[::1]))"


@compiled("int64(uint32)")
def ordered(bits: Any) -> Any:
    """The bits of a single-precision number, as a number that orders as they do."""
    number = np.int64(bits)
    return 0xFFFFFFFF - number if number & 0x80000000 else number | 0x80000000


@compiled(f"float32({read_only('float32')}, int64, int64)")
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
    # To find the floor takes as long as to sort as many again.
    if 0 < k < count // 2:
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
        # Scores side by side have their first byte in common.
        if kept and starts[byte, ((numbers[0] >> (32 + 8 * byte)) & 255) + 1] == kept:
            continue
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
