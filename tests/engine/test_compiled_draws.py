"""Chances and draws, compiled: the numbers SplitMix64 gives, drawn as by numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine import compiled_draws
from recommendations.engine.compiled_draws import chances_of, drawn_for, drawn_of, mixed_up, slots_of

BITS = 2**64
SHOPPERS, DAYS = st.integers(0, 2**62), st.integers(0, 40_000)
NUMBERS = st.lists(st.integers(-(2**40), 2**40), max_size=20)
SEEDS = st.integers(0, 2**32 - 1)


def splitmix(state: int) -> int:
    """Of the paper, in whole numbers."""
    bits = (state + 0x9E3779B97F4A7C15) % BITS
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9 % BITS
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB % BITS
    return bits ^ (bits >> 31)


def chance(shopper: int, day: int, number: int) -> float:
    seed = splitmix((splitmix(shopper) + day) % BITS)
    return ((splitmix((seed + number * 0x9E3779B97F4A7C15) % BITS) >> 11) + 0.5) / 2.0**53


@given(SHOPPERS, DAYS, NUMBERS)
def test_chances_are_splitmix64s(shopper: int, day: int, numbers: list[int]) -> None:
    found = chances_of(shopper, day, np.array(numbers, np.int64))
    assert found.tolist() == [chance(shopper, day, number) for number in numbers]


def test_a_chance_is_what_it_was_in_every_version() -> None:
    """A shopper's list must not change with an update in the middle of a day."""
    found = chances_of(7, 20_000, np.array([1, -11], np.int64)).tolist()
    assert found == [0.631617443334026, 0.1885749350295694]
    assert splitmix(1234567) == 6457827717110365317


@given(SHOPPERS, DAYS, NUMBERS)
def test_it_is_the_same_where_nothing_compiles(shopper: int, day: int, numbers: list[int]) -> None:
    column = np.array(numbers, np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled_draws, "mixed_up", getattr(mixed_up, "py_func", mixed_up))
        plain = getattr(chances_of, "py_func", chances_of)
        assert plain(shopper, day, column).tolist() == chances_of(shopper, day, column).tolist()
        slots = slots_of(shopper, day, 47, 9).tolist()
        patch.setattr(compiled_draws, "chances_of", plain)
        assert getattr(slots_of, "py_func", slots_of)(shopper, day, 47, 9).tolist() == slots


def by_numpy(ids, suits, arrived, chances, left_out, now, half_life, most):
    odds = suits * np.exp2(-np.maximum(0.0, now - arrived) / half_life)
    may = np.flatnonzero((odds > 0) & ~np.isin(ids, left_out))
    keys = np.log(chances[may]) / odds[may]
    return ids[may[np.lexsort((ids[may], -keys))][:most]].tolist()


@given(SEEDS, st.integers(0, 90), st.integers(0, 12), st.booleans())
def test_the_same_ids_are_drawn_in_the_same_order_as_by_numpy(
    seed: int, count: int, most: int, ties: bool
) -> None:
    random = np.random.default_rng(seed)
    ids = random.permutation(100)[:count]
    suits = random.choice([0, 0.5, 1] if ties else random.normal(size=9), count).astype(np.float32)
    arrived = random.choice([0.0, 50.0, 900.0], count)
    chances = random.choice([0.25, 0.5], count) if ties else random.random(count)
    asked = ids, suits, arrived, chances, np.sort(random.permutation(100)[:5]), 500.0, 90.0, most
    assert drawn_of(*asked).tolist() == by_numpy(*asked)
    assert getattr(drawn_of, "py_func", drawn_of)(*asked).tolist() == by_numpy(*asked)


@given(SHOPPERS, DAYS, st.integers(0, 30), st.integers(0, 12))
def test_who_is_drawn_for_has_the_chances_of_the_day(shopper: int, day: int, count: int, most: int) -> None:
    ids, arrived = np.arange(count), np.zeros(count)
    suits, left_out = np.ones(count, np.float32), np.array([1, 4], np.int64)
    found = drawn_for(shopper, day, ids, suits, arrived, left_out, 500.0, 90.0, most)
    chances = chances_of(shopper, day, ids)
    assert found.tolist() == drawn_of(ids, suits, arrived, chances, left_out, 500.0, 90.0, most).tolist()


@given(SHOPPERS, DAYS, st.integers(0, 90), st.integers(2, 30))
def test_there_is_a_slot_in_the_lower_half_of_every_block(
    shopper: int, day: int, length: int, block: int
) -> None:
    found = slots_of(shopper, day, length, block).tolist()
    assert [slot // block for slot in found] == list(range(len(found)))
    assert all(block // 2 <= slot % block for slot in found)
    assert length // block <= len(found) <= length // block + 1
    assert all(slot < length for slot in found)
