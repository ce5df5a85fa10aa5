"""Where ids stand in a sorted column of ids, and which of some ids are among others."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommendations.engine.compiling import compiled, read_only

IDS = read_only("int64")


@compiled(f"int64({IDS}, int64)")
def place_of(ids: Any, wanted: int) -> int:
    """The position of an id in the sorted, unique ids; -1 for one that is not there.

    An id stands at most as far behind the first as it is larger: most databases number without gaps, and are
    right at the first look.
    """
    count = len(ids)
    if count == 0 or wanted < ids[0] or wanted > ids[count - 1]:
        return -1
    length = count
    # Below 0 the difference may be more than a number holds.
    if ids[0] >= 0:
        length = min(length, wanted - ids[0] + 1)
    if ids[length - 1] == wanted:
        return length - 1
    place = 0
    while length > 1:
        half = length // 2
        # No branch: which way it goes is as good as random.
        place += half * (ids[place + half] <= wanted)
        length -= half
    return place if ids[place] == wanted else -1


@compiled(f"int32[::1]({IDS}, {IDS})")
def places_of(ids: Any, wanted: Any) -> Any:
    """(k,) `place_of` each of the wanted ids."""
    found = np.empty(len(wanted), np.int32)
    for number in range(len(wanted)):
        found[number] = place_of(ids, wanted[number])
    return found


@compiled(f"boolean[::1]({IDS}, {IDS})")
def are_among(few: Any, ids: Any) -> Any:
    """(few,) whether each is one of the ids, which are in any order."""
    found = np.zeros(len(few), np.bool_)
    for number in range(len(few)):
        wanted, place = few[number], 0
        while place < len(ids) and ids[place] != wanted:
            place += 1
        found[number] = place < len(ids)
    return found
