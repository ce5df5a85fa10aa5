"""The places of a list: candidates that may be shown, and among them some that are to be tried."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommendations.engine.compiled_draws import slots_of
from recommendations.engine.compiled_lookup import IDS
from recommendations.engine.compiled_shelf import MASK, those_that_suit
from recommendations.engine.compiling import compiled, read_only

SCORES, FLAGS = read_only("float32"), read_only("boolean")


@compiled(
    f"UniTuple(int64, 2)({IDS}, {SCORES}, {IDS}, {IDS}, {IDS}, {MASK}, {MASK}, {IDS}, {IDS}, {IDS}, boolean,"
    " int64, int64, int64, int64[::1], float32[::1], int64[::1], boolean[::1])"
)
def shown_of(
    ids: Any, scores: Any, more: Any, left_out: Any, known: Any, public: Any, in_stock: Any, pence: Any,
    category: Any, department: Any, stocked: bool, wanted: int, lowest: int, highest: int, found: Any,
    worth: Any, at: Any, own: Any,
) -> Any:  # fmt: skip
    """(how many of the candidates and of what is wanted besides may be shown, how many of the candidates
    alone); writes down which, what they are worth, where in the catalogue they are, and which of `more` are
    candidates.

    ids, scores: (k,) candidates. more: (m,) ids that come at the end with the lowest score, where they are no
    candidates; each once. The rest as of `those_that_suit`. found, worth, at: (k + m,). own: (m,).
    """
    k, count = len(ids), len(ids)
    everything = np.empty(k + len(more), np.int64)
    everything[:k] = ids
    least = np.float32(scores.min()) if k else np.float32(0)
    for number in range(len(more)):
        own[number] = False
        for place in range(k):
            if ids[place] == more[number]:
                own[number] = True
                break
        if not own[number]:
            everything[count] = more[number]
            count += 1
    kept = np.empty(count, np.int64)
    many = those_that_suit(
        everything[:count], left_out, known, public, in_stock, pence, category, department, stocked, wanted,
        lowest, highest, kept, at,
    )  # fmt: skip
    candidates = 0
    for place in range(many):
        found[place] = everything[kept[place]]
        worth[place] = scores[kept[place]] if kept[place] < k else least
        candidates += kept[place] < k
    return many, candidates


@compiled(f"int64(int64[::1], int64, {IDS}, {IDS}, {FLAGS}, int64[::1])")
def without_put_in(picked: Any, most: int, ids: Any, tried: Any, own: Any, where: Any) -> int:
    """How many of the first places stay when what is only there to be tried goes out; writes them down, and
    (t,) the place of each that is tried, -1 for one that may not be shown."""
    for number in range(len(tried)):
        where[number] = -1
        for place in range(len(ids)):
            if ids[place] == tried[number]:
                where[number] = place
                break
    count = 0
    for place in range(most):
        is_put_in = False
        for number in range(len(tried)):
            is_put_in |= where[number] == place and not own[number]
        if not is_put_in:
            picked[count] = place
            count += 1
    return count


@compiled("int64(int64, int64[::1], int64[::1], boolean[::1])")
def next_to_try(slot: int, picked: Any, where: Any, is_used: Any) -> int:
    """The first to be tried that may be shown and is not in the places up to the slot; -1 for none."""
    for number in range(len(where)):
        if where[number] >= 0 and not is_used[number]:
            is_ahead = False
            for place in range(slot + 1):
                is_ahead |= picked[place] == where[number]
            if not is_ahead:
                return number
    return -1


@compiled(
    f"UniTuple(int64, 2)({IDS}, {SCORES}, {IDS}, {FLAGS}, int64, int64, int64, int64, int64[::1],"
    " float32[::1], boolean[::1])"
)
def explored_of(
    ids: Any, scores: Any, tried: Any, own: Any, most: int, shopper: int, day: int, block: int, found: Any,
    worth: Any, explored: Any,
) -> Any:  # fmt: skip
    """(how many places, how long the whole list is); writes down what is in them, and which are explored.

    ids, scores: (n,) what may be shown, best first, of which `most` places or fewer are wanted. tried: (t,)
    what may be tried, the first first; own: (t,) whether it is in the list anyway. What is only there to be
    tried goes out of its place, and what is tried comes into the `slots_of` the list unless it is further up,
    and takes the score of what it follows.
    found, worth, explored: (most + t,).
    """
    picked, where = np.empty(most + len(tried), np.int64), np.empty(len(tried), np.int64)
    count = without_put_in(picked, min(most, len(ids)), ids, tried, own, where)
    explored[:] = False
    total, is_used = len(ids), np.zeros(len(tried), np.bool_)
    for number in range(len(tried)):
        total -= where[number] >= 0 and not own[number]
    for slot in slots_of(shopper, day, count, block):
        chosen = next_to_try(slot, picked, where, is_used)
        if chosen < 0:
            break
        # From its own place, or from behind them all, up into the slot; what is between moves down by one.
        last = slot + 1
        while last < count and picked[last] != where[chosen]:
            last += 1
        if last == count:
            count += 1
        for place in range(last, slot, -1):
            picked[place], explored[place] = picked[place - 1], explored[place - 1]
        picked[slot], explored[slot] = where[chosen], True
        is_used[chosen] = True
        total += not own[chosen]
    for place in range(count):
        found[place], worth[place] = ids[picked[place]], scores[picked[place]]
        # Whatever it is worth by itself: it is here for another reason.
        if explored[place] and place > 0:
            worth[place] = worth[place - 1]
    return count, total
