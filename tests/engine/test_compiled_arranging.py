"""A list arranged in one go: what the steps say one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.engine.compiled_arranging import arranged_of
from recommendations.engine.compiled_mixing import mixed_order
from recommendations.engine.compiled_places import explored_of, shown_of
from recommendations.engine.variety import BLOCK, REACH, labelled_products

COUNT, ANY, MOST = 40, -1, 10**9
# How many arguments there are, mypy cannot count where tuples are among them.
arranged: Any = arranged_of
shown: Any = shown_of
SHOPPER, DAY = 7, 20_000


class Shop:
    """A made-up catalogue of COUNT products with the ids 10, 20 ..., and how they look."""

    def __init__(self, random: np.random.Generator) -> None:
        self.ids = np.arange(1, COUNT + 1) * 10
        self.public, self.in_stock = random.random(COUNT) < 0.9, random.random(COUNT) < 0.9
        self.pence = random.integers(100, 900, COUNT)
        self.category = random.integers(-1, 6, COUNT)
        self.department = self.category // 2
        names = ["Oak lamp", "Steel lamp", "Oak chair", "Blue kettle"]
        self.looks = labelled_products(
            random.choice(names, COUNT).tolist(),
            self.category.tolist(),
            self.department.tolist(),
            [""] * COUNT,
        )

    def columns(self) -> tuple[Any, ...]:
        return self.ids, self.public, self.in_stock, self.pence, self.category, self.department

    def seen(self) -> tuple[Any, ...]:
        looks = self.looks
        return looks.rows, len(looks.rows), looks.starts, looks.places, looks.values


def step_by_step(
    shop: Shop, ids: Any, scores: Any, tried: Any, left_out: Any, beyond: int, first: int, mixing: Any,
    every: int,
) -> Any:  # fmt: skip
    room = len(ids) + len(tried)
    found, worth, at = np.empty(room, np.int64), np.empty(room, np.float32), np.empty(room, np.int64)
    own = np.empty(len(tried), np.bool_)
    count, candidates = shown(
        ids, scores, tried, left_out, *shop.columns(), True, ANY, 0, MOST, found, worth, at, own
    )
    found, worth, at, looks = found[:count], worth[:count], at[:count], shop.looks
    balance, most, varied = mixing
    aimed = min(varied, (count + beyond) // REACH)
    reach = min(aimed, count)
    needed = min(first + len(tried) if aimed > candidates else first, reach)
    order = mixed_order(
        worth[:reach].astype(np.float64), shop.department[at[:reach]], looks.rows[at[:reach]], looks.starts,
        looks.places, looks.values, balance, most, BLOCK, needed,
    )  # fmt: skip
    found[:reach], worth[:reach] = found[:reach][order], worth[:reach][order]
    if not every or not len(tried):
        return found.tolist(), worth.tolist(), own.tolist(), [], count
    needed = first + len(tried)
    room = needed + len(tried)
    picked, prices, explored = np.empty(room, np.int64), np.empty(room, np.float32), np.empty(room, np.bool_)
    length, total = explored_of(
        found, worth, tried, own, needed, SHOPPER, DAY, every, picked, prices, explored
    )
    there = np.flatnonzero(explored[:length]).tolist()
    return picked[:length].tolist(), prices[:length].tolist(), own.tolist(), there, total


@settings(max_examples=150)
@given(
    seed=st.integers(0, 10_000), k=st.integers(0, 30), many=st.integers(0, 4),
    beyond=st.sampled_from([0, 9, 300]), first=st.integers(0, 25), every=st.sampled_from([0, 4, 10]),
    mixing=st.sampled_from([(0.0, 0, 0), (0.3, 0, 12), (0.0, 3, 8), (0.4, 2, 50)]),
)  # fmt: skip
def test_a_list_is_what_the_steps_make_of_it(
    seed: int, k: int, many: int, beyond: int, first: int, every: int, mixing: tuple[float, int, int]
) -> None:
    random = np.random.default_rng(seed)
    shop = Shop(random)
    drawn = random.permutation(np.append(shop.ids, [5, 999]))
    ids, scores = drawn[:k].copy(), np.sort(random.random(k).astype(np.float32))[::-1].copy()
    tried, left_out = random.permutation(drawn)[:many].copy(), np.sort(drawn[-6:])
    asked = shop, ids, scores, tried, left_out, beyond, first, mixing, every
    for function in (arranged, getattr(arranged, "py_func", arranged)):
        found, worth, _, own, explored, total, is_whole = function(
            ids, scores, tried, left_out, beyond, first, *shop.columns(), True, ANY, 0, MOST, *shop.seen(),
            *mixing, REACH, BLOCK, SHOPPER, DAY, every,
        )  # fmt: skip
        told = found.tolist(), worth.tolist(), own.tolist(), np.flatnonzero(explored).tolist(), total
        assert is_whole
        assert told == step_by_step(*asked)


@pytest.mark.parametrize("row", [-1, COUNT])
def test_nothing_is_mixed_before_all_of_it_was_looked_at(row: int) -> None:
    """Not looked at is also what came into the table after its columns were handed out."""
    shop, nothing = Shop(np.random.default_rng(0)), np.empty(0, np.int64)
    shop.public[:], shop.in_stock[:] = True, True
    rows, *others = shop.seen()
    scores = np.linspace(1, 0, COUNT, dtype=np.float32)
    for place, is_mixed in ((2, True), (30, False)):
        some = rows.copy()
        some[place] = row
        found, *_, is_whole = arranged(
            shop.ids, scores, nothing, nothing, 0, 20, *shop.columns(), True, ANY, 0, MOST, some, *others,
            0.4, 2, 8, REACH, BLOCK, SHOPPER, DAY, 0,
        )  # fmt: skip
        assert is_whole != is_mixed
        assert (found.tolist() == shop.ids.tolist()) == is_mixed
