"""Chances that are the same for a shopper, a day and a number; and drawing by odds with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommendations.engine.compiled_lookup import IDS, place_of
from recommendations.engine.compiling import compiled, read_only

GOLDEN, FIRST, SECOND = (
    np.uint64(each) for each in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
NUMBERS, MOST_BITS = read_only("float64"), np.uint64(11)
# More than rounding can move a key.
SLACK = 1 + 1e-9


@compiled("uint64[::1](uint64[::1])")
def mixed_up(state: Any) -> Any:
    """SplitMix64's next number from each state. Columns, as they wrap around without a warning."""
    bits = state + GOLDEN
    bits = (bits ^ (bits >> np.uint64(30))) * FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * SECOND
    return bits ^ (bits >> np.uint64(31))


@compiled(f"float64[::1](int64, int64, {IDS})")
def chances_of(shopper: int, day: int, numbers: Any) -> Any:
    """(n,) a chance for each number, above 0 and below 1: SplitMix64 with shopper and day in its seed.

    Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
    """
    seed = mixed_up(mixed_up(np.array([shopper]).astype(np.uint64)) + np.uint64(day))
    bits = mixed_up(seed[0] + numbers.astype(np.uint64) * GOLDEN)
    return ((bits >> MOST_BITS).astype(np.float64) + 0.5) / 2.0**53


@compiled("boolean(float64, int64, float64, int64)")
def comes_before(key: float, number: int, other_key: float, other: int) -> bool:
    """Whether who has that key is drawn before who has the other one; of the same, the lower id is."""
    return key > other_key or (key == other_key and number < other)


@compiled(f"int64[::1]({IDS}, {read_only('float32')}, {NUMBERS}, {NUMBERS}, {IDS}, float64, float64, int64)")
def drawn_of(
    ids: Any, suits: Any, arrived: Any, chances: Any, left_out: Any, now: float, half_life: float, most: int
) -> Any:
    """At most so many of the ids without replacement, by odds of suits x 2^(-age / half-life), first drawn
    first.

    suits, arrived, chances: (n,) of each id. left_out: ids that are never drawn, sorted. Efraimidis,
    Spirakis, "Weighted random sampling with a reservoir", Information Processing Letters 97(5), 2006.
    """
    found, keys, count = np.empty(most, np.int64), np.empty(most), 0
    for number in range(len(ids) if most > 0 else 0):
        is_full, odds = count == most, np.float64(suits[number])
        # log(c) <= c - 1, and age only makes the odds less: most are known to come too late by a product.
        if not odds > 0 or (is_full and chances[number] - 1 < keys[most - 1] * odds * SLACK):
            continue
        odds *= np.exp2(-max(0.0, now - arrived[number]) / half_life)
        if not odds > 0 or (is_full and chances[number] - 1 < keys[most - 1] * odds * SLACK):
            continue
        key = np.log(chances[number]) / odds
        if is_full and not comes_before(key, ids[number], keys[most - 1], found[most - 1]):
            continue
        if place_of(left_out, ids[number]) >= 0:
            continue
        place = most - 1 if is_full else count
        while place > 0 and comes_before(key, ids[number], keys[place - 1], found[place - 1]):
            keys[place], found[place] = keys[place - 1], found[place - 1]
            place -= 1
        keys[place], found[place] = key, ids[number]
        count = min(count + 1, most)
    return found[:count].copy()


@compiled(
    f"int64[::1](int64, int64, {IDS}, {read_only('float32')}, {NUMBERS}, {IDS}, float64, float64, int64)"
)
def drawn_for(
    shopper: int, day: int, ids: Any, suits: Any, arrived: Any, left_out: Any, now: float, half_life: float,
    most: int,
) -> Any:  # fmt: skip
    """`drawn_of` with the chances of a shopper and a day."""
    return drawn_of(ids, suits, arrived, chances_of(shopper, day, ids), left_out, now, half_life, most)


@compiled("int64[::1](int64, int64, int64, int64)")
def slots_of(shopper: int, day: int, length: int, block: int) -> Any:
    """Places (from 0) of a list of that length: one in the lower half of every so many places."""
    half = block // 2
    starts = np.arange(0, length, block)
    slots = starts + half + (chances_of(shopper, day, -1 - starts) * (block - half)).astype(np.int64)
    return slots[slots < length]
