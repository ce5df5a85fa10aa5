"""The order of a mixed list: maximal marginal relevance, and a cap on what one owner has of a block."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommendations.engine.compiling import compiled, read_only

ORDER, NUMBERS = read_only("int64"), read_only("float64")
FREE, BARRED, PLACED = 0, 1, 2
SLOTS = 256
"""For the labels of a row, by their last bits: so many that of a handful two hardly ever want the same."""
NOBODYS = -1


@compiled(f"float64(int64, int64, {ORDER}, {read_only('int32')}, {NUMBERS})")
def alike(one: int, other: int, starts: Any, places: Any, values: Any) -> float:
    """The dot product of two rows of labels, whose places rise."""
    found, first, second = 0.0, starts[one], starts[other]
    while first < starts[one + 1] and second < starts[other + 1]:
        if places[first] == places[second]:
            found += values[first] * values[second]
            first += 1
            second += 1
        elif places[first] < places[second]:
            first += 1
        else:
            second += 1
    return found


@compiled(f"boolean(int64, {ORDER}, {read_only('int32')}, {NUMBERS}, int32[::1], float64[::1])")
def lay_out(row: int, starts: Any, places: Any, values: Any, there: Any, worth: Any) -> bool:
    """Puts a row's labels where `alike_to` finds them: in the slots of their last bits, which are `NOBODYS`
    else. Whether each has one for itself."""
    are_apart = True
    for cell in range(starts[row], starts[row + 1]):
        slot = places[cell] & (SLOTS - 1)
        are_apart &= there[slot] == NOBODYS
        there[slot], worth[slot] = places[cell], values[cell]
    return are_apart


@compiled(f"float64(int64, {ORDER}, {read_only('int32')}, {NUMBERS}, int32[::1], float64[::1])")
def alike_to(row: int, starts: Any, places: Any, values: Any, there: Any, worth: Any) -> float:
    """`alike` of a row and the one that is laid out, to the last bit.

    No branch: which labels two rows share is as good as random, and a wrong guess takes longer than all sums.
    """
    found = 0.0
    for cell in range(starts[row], starts[row + 1]):
        slot = places[cell] & (SLOTS - 1)
        found += values[cell] * worth[slot] * (there[slot] == places[cell])
    return found


@compiled(
    f"void(int64, int64, int64, int64[::1], {ORDER}, {ORDER}, {read_only('int32')}, {NUMBERS}, int32[::1],"
    " float64[::1], float64, float64[::1])"
)
def look_again(
    each: int, first: int, last: int, order: Any, rows: Any, starts: Any, places: Any, values: Any,
    there: Any, worth: Any, balance: float, cost: Any,
) -> None:  # fmt: skip
    """Raises what `each` costs to what the most alike of the places from `first` to `last` of the order makes
    it cost."""
    own = rows[each]
    are_apart = lay_out(own, starts, places, values, there, worth)
    for number in range(first, last):
        other = rows[order[number]]
        if are_apart:
            likeness = alike_to(other, starts, places, values, there, worth)
        else:
            likeness = alike(other, own, starts, places, values)
        cost[each] = max(cost[each], balance * likeness)
    for cell in range(starts[own], starts[own + 1]):
        there[places[cell] & (SLOTS - 1)] = NOBODYS


@compiled("int64(int64, float64[::1], float64[::1], float64[::1], int64[::1], int64)")
def best_of(start: int, gain: Any, cost: Any, ahead: Any, state: Any, limit: int) -> int:
    """From `start` on the first of those that are worth most and whose state is at most `limit`; -1 for none.

    ahead: (n,) the most gain there is from each on.
    """
    best, worth = -1, -np.inf
    for each in range(start, len(gain)):
        if ahead[each] <= worth:
            break
        value = gain[each] - cost[each]
        if value > worth and state[each] <= limit:
            best, worth = each, value
    return best


@compiled(
    "int64(int64, int64, float64[::1], float64[::1], float64[::1], int64[::1], int64[::1], int64[::1],"
    f" {ORDER}, {ORDER}, {read_only('int32')}, {NUMBERS}, int32[::1], float64[::1], float64)"
)
def next_of(
    place: int, start: int, gain: Any, cost: Any, ahead: Any, state: Any, seen: Any, order: Any, rows: Any,
    starts: Any, places: Any, values: Any, there: Any, worth: Any, balance: float,
) -> int:  # fmt: skip
    """What comes next after the `place` first of the order.

    How alike a product is to what is placed only grows, so what it was worth when it was last looked at (when
    `seen` products were placed) is at least what it is worth now: only where that makes it the best it is
    compared with what was placed since. Minoux, "Accelerated greedy algorithms for maximizing submodular set
    functions", 1978.
    """
    limit = FREE
    while True:
        best = best_of(start, gain, cost, ahead, state, limit)
        if best < 0 and limit == BARRED:
            return start  # scores that are no numbers
        if best < 0:
            limit = BARRED  # there is nothing else to place
        elif seen[best] == place:
            return best
        else:
            look_again(
                best, seen[best], place, order, rows, starts, places, values, there, worth, balance, cost
            )
            seen[best] = place


@compiled(f"void(int64, {ORDER}, {ORDER}, int64, int64, int64[::1])")
def bar(place: int, order: Any, owners: Any, most: int, block: int, state: Any) -> None:
    """After that place was filled: nothing more of an owner who has `most` of its block, nor with the next
    block any bar."""
    if (place + 1) % block == 0:
        for each in range(len(state)):
            if state[each] == BARRED:
                state[each] = FREE
        return
    own, count = owners[order[place]], 0
    for number in range(place - place % block, place + 1):
        count += owners[order[number]] == own
    if count == most and own >= 0:
        for each in range(len(state)):
            if state[each] == FREE and owners[each] == own:
                state[each] = BARRED


@compiled(f"float64[::1]({NUMBERS}, float64)")
def gain_of(scores: Any, balance: float) -> Any:
    """(n,) (1 - balance) x the scores scaled to 0..1."""
    gain = np.empty(len(scores))
    if len(scores):
        lowest = scores.min()
        spread = scores.max() - lowest
        if spread == 0:
            spread = 1.0
        for each in range(len(scores)):
            gain[each] = (1 - balance) * (scores[each] - lowest) / spread
    return gain


@compiled(
    f"int64[::1]({NUMBERS}, {ORDER}, {ORDER}, {ORDER}, {read_only('int32')}, {NUMBERS}, float64, int64,"
    " int64, int64)"
)
def mixed_order(
    scores: Any, owners: Any, rows: Any, starts: Any, places: Any, values: Any, balance: float, most: int,
    block: int, needed: int,
) -> Any:  # fmt: skip
    """(n,) the order of `variety.diversified`; what comes after the `needed` first as it was.

    scores, owners: (n,). rows: (n,) which row of the labels each has; row r is `starts[r]` to `starts[r + 1]`
    of places and values. most: of one owner in a block, 0 for any number; an owner below 0 is none.
    """
    n = len(scores)
    order, gain, cost = np.empty(n, np.int64), gain_of(scores, balance), np.zeros(n)
    state, seen = np.full(n, FREE), np.zeros(n, np.int64)
    there, worth = np.full(SLOTS, NOBODYS, np.int32), np.zeros(SLOTS)
    ahead = gain.copy()
    for each in range(n - 2, -1, -1):
        ahead[each] = max(ahead[each], ahead[each + 1])
    start = 0
    for place in range(needed):
        while state[start] == PLACED:
            start += 1
        order[place] = next_of(
            place, start, gain, cost, ahead, state, seen, order, rows, starts, places, values, there, worth,
            balance,
        )  # fmt: skip
        state[order[place]] = PLACED
        bar(place, order, owners, most, block, state)
    count = needed
    for each in range(n):
        if state[each] != PLACED:
            order[count] = each
            count += 1
    return order
