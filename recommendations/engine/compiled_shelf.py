"""Which candidates may be shown, by the columns of a catalogue."""

from __future__ import annotations

from typing import Any

from recommendations.engine.compiled_lookup import IDS, place_of
from recommendations.engine.compiling import compiled, read_only

MASK = read_only("boolean")
ANY = -1
"""For any category."""


@compiled(
    f"int64({IDS}, {IDS}, {IDS}, {MASK}, {MASK}, {IDS}, {IDS}, {IDS}, boolean, int64, int64, int64,"
    " int64[::1], int64[::1])"
)
def those_that_suit(
    ids: Any, left_out: Any, known: Any, public: Any, in_stock: Any, pence: Any, category: Any,
    department: Any, stocked: bool, wanted: int, lowest: int, highest: int, kept: Any, at: Any,
) -> int:  # fmt: skip
    """How many of the candidates may be shown; writes down which of `ids`, and where in the catalogue.

    ids: (k,) candidates. left_out: ids that may not be shown, sorted. known: the catalogue's ids; its other
    columns follow. stocked: whether a product must be in stock. wanted: its category or department, ANY for
    any. lowest, highest: bounds of its price. kept, at: (k,).
    """
    count = 0
    for number in range(len(ids)):
        place = place_of(known, ids[number])
        if (
            place >= 0
            and public[place]
            and (in_stock[place] or not stocked)
            and (wanted == ANY or category[place] == wanted or department[place] == wanted)
            and lowest <= pence[place] <= highest
            and place_of(left_out, ids[number]) < 0
        ):
            kept[count] = number
            at[count] = place
            count += 1
    return count
