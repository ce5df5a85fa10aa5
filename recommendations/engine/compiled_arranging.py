"""A list without rules in one go: what may be shown, mixed for variety, with some put in to be tried."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommendations.engine.compiled_lookup import IDS
from recommendations.engine.compiled_mixing import mixed_order
from recommendations.engine.compiled_places import SCORES, explored_of, shown_of
from recommendations.engine.compiled_shelf import MASK
from recommendations.engine.compiling import compiled, read_only

NUMBERS, LABELS = read_only("float64"), read_only("int32")


@compiled(
    "Tuple((int64[::1], float32[::1], int64[::1], boolean[::1], boolean[::1], int64, boolean))"
    f"({IDS}, {SCORES}, {IDS}, {IDS}, int64, int64,"
    f" {IDS}, {MASK}, {MASK}, {IDS}, {IDS}, {IDS}, boolean, int64, int64, int64,"
    f" {IDS}, int64, {IDS}, {LABELS}, {NUMBERS}, float64, int64, int64, int64, int64,"
    " int64, int64, int64)"
)
def arranged_of(
    ids: Any, scores: Any, more: Any, left_out: Any, beyond: int, first: int,
    known: Any, public: Any, in_stock: Any, pence: Any, category: Any, department: Any, stocked: bool,
    wanted: int, lowest: int, highest: int,
    looks: Any, looked_at: int, starts: Any, places: Any, values: Any, balance: float, most: int, varied: int,
    reach: int, block: int, shopper: int, day: int, every: int,
) -> Any:  # fmt: skip
    """(ids, scores and positions in the catalogue of what may be shown, in order; of `more`, whether each is
    a candidate; whether each place is explored; how long the whole list is; whether all that is to be mixed
    was looked at, else nothing is mixed or explored).

    ids to highest: of `shown_of`. beyond: how many more candidates there are. first: so many places are
    needed; where `every` is above 0, only these and as many as `more` are returned.
    looks: (catalogue,) the row of each product among the `looked_at` ones of the labels, another number where
    it has none. starts to most, block: of `mixed_order`. varied: places that are mixed, of the best
    1 / `reach` of a list. shopper, day, every: of `explored_of`; `every` is 0 where nothing is tried.
    """
    room = len(ids) + len(more)
    found, worth, at = np.empty(room, np.int64), np.empty(room, np.float32), np.empty(room, np.int64)
    own = np.empty(len(more), np.bool_)
    count, candidates = shown_of(
        ids, scores, more, left_out, known, public, in_stock, pence, category, department, stocked, wanted,
        lowest, highest, found, worth, at, own,
    )  # fmt: skip
    found, worth, at = found[:count], worth[:count], at[:count]
    explored, total = np.zeros(count, np.bool_), count
    aimed = min(varied, (count + beyond) // reach)
    mixed = min(aimed, count)
    for place in range(mixed):
        if not 0 <= looks[at[place]] < looked_at:
            return found, worth, at, own, explored, total, False
    if mixed:
        # What is among the first only to be tried may have to make room for what comes after it.
        needed = first + len(more) if aimed > candidates else first
        rows, owners, told = np.empty(mixed, np.int64), np.empty(mixed, np.int64), np.empty(mixed)
        for place in range(mixed):
            rows[place], owners[place] = looks[at[place]], department[at[place]]
            told[place] = worth[place]
        order = mixed_order(
            told, owners, rows, starts, places, values, balance, most, block, min(needed, mixed)
        )
        found[:mixed], worth[:mixed], at[:mixed] = found[order], worth[order], at[order]
    if every > 0 and len(more):
        # As many as have to make room for what comes after them.
        needed = first + len(more)
        room = needed + len(more)
        picked, prices, explored = (
            np.empty(room, np.int64),
            np.empty(room, np.float32),
            np.empty(room, np.bool_),
        )
        length, total = explored_of(
            found, worth, more, own, needed, shopper, day, every, picked, prices, explored
        )
        return picked[:length], prices[:length], at[:0], own, explored[:length], total, True
    return found, worth, at, own, explored, total, True
