"""What is found out once about the values of a prior, which are the same for every shopper."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import ReferenceType, ref

import numpy as np

from recommendations.engine.coarse import greatest_of_tiles
from recommendations.engine.types import Floats, Positions

POPULAR = 2_048
"""Products a prior puts first that are looked at beside those that lead by themselves."""


@dataclass(frozen=True, eq=False)
class Popular:
    """places: the POPULAR positions of the highest values, rising. beyond: the highest value of the others, 0
    for none. greatest: absolute value of all. tops: (tiles,) the greatest value in each tile."""

    places: Positions
    beyond: float
    greatest: float
    tops: Floats

    @classmethod
    def of(cls, values: Floats) -> Popular:
        count = min(POPULAR, len(values))
        order = np.argpartition(values, len(values) - count) if count else np.empty(0, np.int64)
        beyond = values[order[: len(values) - count]].max(initial=0)
        places = np.sort(order[len(values) - count :]).astype(np.int32)
        greatest = float(np.abs(values).max(initial=0))
        return cls(places, float(beyond), greatest, greatest_of_tiles(values))


_known: dict[int, tuple[ReferenceType[Floats], Popular]] = {}


def popular(values: Floats) -> Popular:
    """`Popular.of` the values, kept as long as the array lives; it must not be changed."""
    kept = _known.get(id(values))
    if kept is not None and kept[0]() is values:
        return kept[1]
    found, name = Popular.of(values), id(values)
    _known[name] = ref(values, lambda gone: _forget(name, gone)), found
    return found


def _forget(name: int, gone: ReferenceType[Floats]) -> None:
    """Another array may have been made at the same address since."""
    if name in _known and _known[name][0] is gone:
        del _known[name]
