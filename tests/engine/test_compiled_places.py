"""What is explored and what may be shown, by compiled loops: the same as said in plain words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recommendations.engine.compiled_draws import slots_of
from recommendations.engine.compiled_places import explored_of, shown_of
from recommendations.engine.compiled_shelf import ANY

MOST_PRICE = int(np.iinfo(np.int64).max)
IDS = st.lists(st.integers(1, 40), max_size=30, unique=True)
WAYS = [explored_of, getattr(explored_of, "py_func", explored_of)]


def plainly_explored(ids: list[int], tried: list[int], own: set[int], most: int, slots: Any) -> Any:
    """(the places, which are explored, how long the whole list is)."""
    put_in = set(tried) - own
    listed = [pk for pk in ids[:most] if pk not in put_in]
    explored: list[int] = []
    for slot in slots(len(listed)):
        waiting = [
            pk for pk in tried if pk in ids and pk not in explored and pk not in listed[: slot + 1]
        ]  # fmt: skip
        if not waiting:
            break
        listed = [pk for pk in listed if pk != waiting[0]]
        listed.insert(slot, waiting[0])
        explored.append(waiting[0])
    total = len([pk for pk in ids if pk not in put_in or pk in explored])
    return listed, set(explored), total


@pytest.mark.parametrize("way", WAYS)
@given(
    ids=IDS, tried=st.lists(st.integers(1, 45), max_size=8, unique=True), own=st.sets(st.integers(1, 45)),
    most=st.integers(0, 35), shopper=st.integers(1, 9), block=st.integers(2, 12),
)  # fmt: skip
@example(ids=[1, 2, 3, 4], tried=[4, 3], own={3}, most=4, shopper=1, block=2)
@example(ids=[], tried=[], own=set(), most=0, shopper=1, block=2)
def test_what_is_tried_comes_into_its_slots_and_what_was_put_in_for_nothing_goes_out(
    way: Any, ids: list[int], tried: list[int], own: set[int], most: int, shopper: int, block: int
) -> None:
    day, room = 20_000, most + len(tried)
    found, worth, explored = np.empty(room, np.int64), np.empty(room, np.float32), np.empty(room, np.bool_)
    scores = np.linspace(2, 1, len(ids), dtype=np.float32)
    anyway = np.array([pk in own for pk in tried], bool)
    count, total = way(
        np.array(ids, np.int64), scores, np.array(tried, np.int64), anyway,
        most, shopper, day, block, found, worth, explored,
    )  # fmt: skip
    listed, chosen, length = plainly_explored(
        ids, tried, own & set(tried), most, lambda long: slots_of(shopper, day, long, block).tolist()
    )
    assert found[:count].tolist() == listed
    assert {pk for pk, is_it in zip(listed, explored[:count].tolist(), strict=True) if is_it} == chosen
    expected: list[float] = []
    for place, pk in enumerate(listed):
        expected.append(expected[-1] if place and pk in chosen else float(scores[ids.index(pk)]))
    assert worth[:count].tolist() == expected
    assert total == length


@pytest.mark.parametrize("way", [shown_of, getattr(shown_of, "py_func", shown_of)])
@given(ids=IDS, more=IDS, hidden=st.sets(st.integers(1, 40)), left_out=st.sets(st.integers(1, 40)))
def test_what_is_wanted_besides_comes_at_the_end_once_with_the_lowest_score(
    way: Any, ids: list[int], more: list[int], hidden: set[int], left_out: set[int]
) -> None:
    known = np.arange(1, 38)
    public = np.array([pk not in hidden for pk in known.tolist()], bool)
    yes, none = np.ones(len(known), bool), np.full(len(known), -1)
    scores = np.linspace(2, 1, len(ids), dtype=np.float32)[::-1].copy()
    room = len(ids) + len(more)
    found, worth, at = np.empty(room, np.int64), np.empty(room, np.float32), np.empty(room, np.int64)
    own = np.empty(len(more), np.bool_)
    out = np.array(sorted(left_out), np.int64)
    count, candidates = way(
        np.array(ids, np.int64), scores, np.array(more, np.int64), out, known,
        public, yes, none, none, none, True, ANY, -1, MOST_PRICE, found, worth, at, own,
    )  # fmt: skip
    lowest = float(scores.min()) if ids else 0.0
    value = dict.fromkeys(more, lowest) | dict(zip(ids, scores.tolist(), strict=True))
    may = [pk for pk in dict.fromkeys([*ids, *more]) if pk < 38 and pk not in hidden | left_out]
    assert found[:count].tolist() == may
    assert worth[:count].tolist() == [value[pk] for pk in may]
    assert known[at[:count]].tolist() == may
    assert own.tolist() == [pk in ids for pk in more]
    assert candidates == len([pk for pk in may if pk in ids])
