"""The parts of the compiled search, beside what numpy says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.engine import compiled_search as search
from recommendations.engine import factors, pruning
from recommendations.engine.coarse import LARGEST, Coarse, greatest_of_tiles
from recommendations.engine.compiled_search import BLOCK
from recommendations.engine.compiled_vectors import TILE
from recommendations.engine.factors import ItemFactors
from recommendations.engine.foldin import on_grid, rounding
from recommendations.engine.topk import top
from recommendations.engine.types import Prior, Ranking


def unpacked(coarse: Coarse, count: int) -> Any:
    """(products, factors) codes."""
    tiles, size, _ = coarse.codes.shape
    return coarse.codes.transpose(0, 2, 1).reshape(tiles * TILE, size)[:count].astype(np.float64)


def vectors(seed: int, count: int, size: int, *, decay: float = 0.1) -> Any:
    random = np.random.default_rng(seed)
    made = random.normal(size=(count, size)) * np.exp(-decay * np.arange(size))
    return (made * (random.pareto(1.5, size=(count, 1)) + 0.01)).astype(np.float32)


@settings(deadline=None)
@given(
    seed=st.integers(0, 1_000), count=st.sampled_from([0, 1, 63, 64, 65, 300]),
    size=st.sampled_from([1, 5, 24]), scale=st.sampled_from([1e-42, 1e-6, 1.0, 1e6]),
)  # fmt: skip
def test_codes_are_off_by_no_more_than_half_a_unit(seed: int, count: int, size: int, scale: float) -> None:
    table = vectors(seed, count, size) * np.float32(scale)
    table[: count // 5] = 0
    gram = np.sort((table.astype(np.float64) ** 2).sum(axis=0))[::-1]
    half = size // 2
    head, rest = np.ascontiguousarray(table[:, :half]), np.ascontiguousarray(table[:, half:])
    coarse = Coarse.of(head, rest, gram)
    codes, steps = unpacked(coarse, count), coarse.scales[:, None].astype(np.float64) * coarse.units
    assert np.abs(codes).max(initial=0) <= LARGEST
    assert np.all(np.abs(codes * steps - table) <= 0.5000001 * steps)
    assert (
        not coarse.codes.reshape(-1, size, TILE)[count // TILE :, :, count % TILE :].any()
        or count % TILE == 0
    )


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 1_000), size=st.sampled_from([1, 4, 5, 96]), scale=st.sampled_from([1e-3, 1.0, 1e5])
)
def test_no_score_is_outside_its_bounds(seed: int, size: int, scale: float) -> None:
    random, count = np.random.default_rng(seed), BLOCK + 2 * TILE + 9
    made = ItemFactors.of(random.normal(size=count).astype(np.float32), vectors(seed, count, size))
    own, values = on_grid(scale * random.normal(size=(1, size)))[0], random.random(count).astype(np.float32)
    share = np.float32(0.3 * scale)
    exact = made.scores(own[None])[0] + share * values
    coarse, weights = made.coarse, np.empty(size, np.int16)
    step = np.float32(search.rounded(coarse.units, own, weights))
    off, wide = np.float32(search.lost(coarse.units, own, step)), np.float32(1e-5 * scale + 1e-5)
    for start in range(0, count, BLOCK):
        end, sums = min(count, start + BLOCK), np.empty(BLOCK, np.int32)
        rough, most = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
        search.sum_block(coarse.codes, start, end, weights, sums)
        search.bound_block(
            start, end, coarse.scales, made.base, share, values, sums, step, off, wide, rough, most
        )
        assert np.all(exact[start:end] <= most[: end - start])
        assert np.all(exact[start:end] >= rough[: end - start] - coarse.scales[start:end] * off - wide)
        assert np.isnan(most[end - start :]).all()


@given(
    seed=st.integers(0, 1_000), size=st.sampled_from([0, 1, 7, 96, 3_000]),
    scale=st.sampled_from([0.0, 1e-42, 1e-30, 1.0, 1e30]),
)  # fmt: skip
def test_weights_are_off_by_half_a_step_and_their_sums_fit(seed: int, size: int, scale: float) -> None:
    random, weights = np.random.default_rng(seed), np.empty(size, np.int16)
    units, own = random.random(size), scale * random.normal(size=size)
    step = search.rounded(units, own, weights)
    assert np.all(np.abs(weights * np.float64(step) - units * own) <= 0.5000001 * step)
    assert 128 * np.abs(weights.astype(np.int64)).sum() < 2**31


def test_few_of_the_products_are_scored_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the compiled functions as plain Python, which can be watched."""
    if not hasattr(search.best, "py_func"):
        pytest.skip("nothing is compiled")
    count, k = 640, 20
    random = np.random.default_rng(0)
    made = ItemFactors.of(np.zeros(count, np.float32), vectors(0, count, 16))
    scored: list[int] = []
    each = search.score_each

    def watched(*arguments: Any) -> None:
        scored.append(int(arguments[-1]))
        each(*arguments)

    monkeypatch.setattr(search, "score_each", watched)
    none, coarse = np.empty(0, np.float32), made.coarse
    for _ in range(3):
        own = on_grid(random.normal(size=(1, 16)))[0]
        found = Ranking(*search.best.py_func(
            coarse.codes, coarse.scales, coarse.units, *made.tops, none, made.head, made.rest, made.base, own,
            np.float32(0), none, np.empty(0, np.bool_), np.empty(0, np.int32), k, 1e-30,
        ))  # fmt: skip
        expected = top(made.scores(own[None])[0], k)
        np.testing.assert_array_equal(found.positions, expected.positions)
    assert len(scored) == 3
    assert max(scored) < 2 * k


@pytest.mark.parametrize(
    ("high", "looks"), [("looked at", 3), ("not looked at", 2), ("looked at, and out of stock", 2)]
)
def test_a_guess_that_was_too_high_is_taken_back(
    monkeypatch: pytest.MonkeyPatch, high: str, looks: int
) -> None:
    """The few tiles that are looked at first hold products that outdo all others, fewer than k of them."""
    if not hasattr(search.best, "py_func"):
        pytest.skip("nothing is compiled")
    count, k, random = TILE * 4 * search.APART, 120, np.random.default_rng(0)
    tiles = np.arange(count) // TILE
    base, first = random.random(count).astype(np.float32), tiles % search.APART == 0
    base[(first if high != "not looked at" else ~first) & (np.arange(count) % 4 == 0)] += 100
    mask = ~((base > 1) & first) if high.endswith("stock") else np.ones(count, np.bool_)
    made = ItemFactors.of(base, vectors(0, count, 3))
    seen: list[float] = []
    each = search.candidates

    def watched(*told: Any) -> Any:
        seen.append(float(told[12]))
        return each(*told)

    monkeypatch.setattr(search, "candidates", watched)
    own, coarse = on_grid(random.normal(size=(1, 3)))[0], made.coarse
    found = Ranking(*search.best.py_func(
        coarse.codes, coarse.scales, coarse.units, *made.tops, np.empty(0, np.float32), made.head, made.rest,
        made.base, own, np.float32(0), np.empty(0, np.float32), mask, np.empty(0, np.int32), k, 1e-4,
    ))  # fmt: skip
    expected = top(made.scores(own[None])[0], k, allowed=mask)
    np.testing.assert_array_equal(found.positions, expected.positions)
    np.testing.assert_array_equal(found.scores, expected.scores)
    assert len(seen) == looks
    assert seen[0] == -np.inf and seen[1] > -np.inf


@pytest.mark.parametrize("leads", ["base", "prior", "length"])
def test_tiles_in_which_nothing_reaches_the_edge_are_not_read(
    monkeypatch: pytest.MonkeyPatch, leads: str
) -> None:
    """The k best stand in five tiles; by their base, the prior or their length nothing else comes near."""
    if not hasattr(search.candidates, "py_func"):
        pytest.skip("nothing is compiled")
    count, k, random = TILE * 640, 30, np.random.default_rng(0)
    ahead = np.isin(np.arange(count) // TILE, [0, 1, 80, 322, 639])
    table, base = vectors(0, count, 3), np.zeros(count, np.float32)
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    base[ahead & (leads == "base")] = 50
    table[ahead & (leads == "length")] *= 50
    values = ahead.astype(np.float32) * 50 if leads == "prior" else np.empty(0, np.float32)
    made = ItemFactors.of(base, table)
    read: list[int] = []
    each = search.sum_block

    def watched(codes: Any, start: int, end: int, *others: Any) -> None:
        read.extend(range(start // TILE, (end - 1) // TILE + 1))
        each(codes, start, end, *others)

    monkeypatch.setattr(search, "sum_block", watched)
    monkeypatch.setattr(search, "ask_ahead", lambda *_: None)
    own, coarse, share = on_grid(random.normal(size=(1, 3)))[0], made.coarse, np.float32(1)
    tops = search.tops_of(*made.tops, greatest_of_tiles(values), float(np.linalg.norm(own)), share, 1e-6)
    search.candidates.py_func(
        coarse.codes, coarse.scales, made.base, share, values, np.empty(0, np.bool_), np.empty(0, np.uint8),
        np.zeros(3, np.int16), np.float32(1e-3), np.float32(9), np.float32(9), k, np.float32(20), BLOCK,
        BLOCK, tops, -np.inf,
    )  # fmt: skip
    assert read == [0, 1, 80, 322, 639]
    expected = pruning.best(made, own, k, prior=Prior(values, 1.0) if len(values) else None)
    assert set(expected.positions.tolist()) <= set(np.flatnonzero(ahead).tolist())


@given(
    seed=st.integers(0, 1_000), count=st.sampled_from([1, TILE, 300]), share=st.sampled_from([0.0, 0.3, -0.3])
)
def test_no_score_is_above_its_tiles(seed: int, count: int, share: float) -> None:
    random = np.random.default_rng(seed)
    made = ItemFactors.of(random.normal(size=count).astype(np.float32), vectors(seed, count, 5))
    values, own = random.normal(size=count).astype(np.float32), on_grid(random.normal(size=(1, 5)))[0]
    exact = made.scores(own[None])[0] + np.float32(share) * values
    margin = rounding(0, 0.0, made.most[1] + 0.3 * float(np.abs(values).max()))
    tops = search.tops_of(
        *made.tops, greatest_of_tiles(values), float(np.linalg.norm(own)), np.float32(share), margin
    )
    assert len(tops) == (0 if share < 0 else len(made.tops[0]))
    assert all(exact[TILE * tile : TILE * (tile + 1)].max() <= top for tile, top in enumerate(tops))


@pytest.mark.parametrize("few", [0, 1, 127, 128, 255, 256])
def test_there_is_room_for_a_whole_block_whenever_one_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Of equals nothing is let go. few: of the first block that may be listed."""
    if not hasattr(search.candidates, "py_func"):
        pytest.skip("nothing is compiled")
    count, k, rooms = 12 * BLOCK, 10, []
    made = ItemFactors.of(np.ones(count, np.float32), np.ones((count, 4), np.float32))
    mask = np.ones(count, np.bool_)
    mask[few:BLOCK] = False
    each = search.gather

    def watched(*told: Any) -> Any:
        rooms.append(min(map(len, told[9:12])) - told[12])
        assert rooms[-1] >= BLOCK
        return each(*told)

    monkeypatch.setattr(search, "gather", watched)
    monkeypatch.setattr(search, "ask_ahead", lambda *_: None)
    coarse, nothing = made.coarse, np.empty(0, np.float32)
    places, _, _, found = search.candidates.py_func(
        coarse.codes, coarse.scales, made.base, np.float32(0), nothing, mask, np.empty(0, np.uint8),
        np.zeros(4, np.int16), np.float32(1), np.float32(0.1), np.float32(0.1), k, np.float32(-np.inf),
        BLOCK, BLOCK, np.empty(0), -np.inf,
    )  # fmt: skip
    assert len(rooms) == 12
    assert places[:found].tolist() == np.flatnonzero(mask).tolist()


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 10_000), count=st.sampled_from([0, 1, TILE, 700, 3 * BLOCK, 5_000]),
    size=st.sampled_from([0, 1, 6, 33]), k=st.sampled_from([1, 7, 128, 400, 6_000]),
    allowed=st.sampled_from([None, 0.0, 0.002, 0.5, 1.0]), leaning=st.booleans(), tied=st.booleans(),
    odd=st.sampled_from([None, np.nan, -np.inf, np.inf]), sorted_by=st.sampled_from([0, 1, -1]),
)  # fmt: skip
def test_the_list_is_the_one_cut_from_all_exact_scores(
    seed: int, count: int, size: int, k: int, allowed: float | None, leaning: bool, tied: bool,
    odd: float | None, sorted_by: int,
) -> None:  # fmt: skip
    random = np.random.default_rng(seed)
    base, table = random.normal(size=count).astype(np.float32), vectors(seed, count, size)
    if tied:
        base, table = np.round(base), np.round(table)
    if sorted_by:
        base = np.sort(base)[::sorted_by]
    made = ItemFactors.of(base, table)
    if odd is not None:
        base = made.base.copy()
        base[random.random(count) < 0.1] = odd
        made = ItemFactors.restored(made.arrays() | {"base": base})
    own = on_grid(random.normal(size=(1, size)))[0]
    values = random.random(count if leaning else 0).astype(np.float32)
    mask = np.empty(0, np.bool_) if allowed is None else random.random(count) < allowed
    exclude = random.integers(-1, max(1, count), 40 if count else 0).astype(np.int32)
    share, coarse = np.float32(0.3), made.coarse
    found, scores = search.best(
        coarse.codes, coarse.scales, coarse.units, *made.tops, greatest_of_tiles(values), made.head,
        made.rest, made.base, own, share, values, mask, exclude, k, rounding(0, 0.0, made.most[1] + 0.3),
    )  # fmt: skip
    exact = made.scores(own[None])[0]
    if leaning:
        exact = exact + share * values
    if allowed is not None:
        exact[~mask] = -np.inf
    expected = top(exact, k, exclude=exclude)
    np.testing.assert_array_equal(found, expected.positions)
    np.testing.assert_array_equal(scores, expected.scores)


def test_candidates_that_fell_behind_make_room_for_others() -> None:
    """Scores that rise with the position: every product is a candidate when it is come to."""
    count = 5_000
    made = ItemFactors.of(np.arange(count, dtype=np.float32), np.zeros((count, 3), np.float32))
    found = pruning.best(made, np.zeros(3), 10)
    assert found.positions.tolist() == list(range(count - 1, count - 11, -1))
    assert found.scores.tolist() == list(range(count - 1, count - 11, -1))


def test_a_table_of_equals_is_listed_in_order() -> None:
    made = ItemFactors.of(np.ones(3_000, np.float32), np.ones((3_000, 4), np.float32))
    own = on_grid(np.array([[0.3, -0.1, 0.2, 0.9]]))[0]
    out = np.array([0, 2, -1, 2_999], np.int32)
    mask = np.ones(3_000, np.bool_)
    mask[5] = False
    found = pruning.best(made, own, 600, exclude=out, allowed=mask)
    expected = [place for place in range(3_000) if place not in (0, 2, 5, 2_999)][:600]
    assert found.positions.tolist() == expected
    assert np.unique(found.scores).size == 1


@pytest.mark.parametrize("k", [1, 50, 999, 1_000, 2_000])
def test_products_without_a_number_for_a_score_are_not_listed(k: int) -> None:
    base = np.linspace(-1, 1, 1_000, dtype=np.float32)
    base[::7], base[::11] = np.nan, -np.inf
    made = ItemFactors.of(base, vectors(1, 1_000, 6))
    made = ItemFactors.restored(made.arrays() | {"base": base})
    own = on_grid(np.random.default_rng(1).normal(size=(1, 6)))[0]
    found, expected = pruning.best(made, own, k), top(made.scores(own[None])[0], k)
    np.testing.assert_array_equal(found.positions, expected.positions)
    np.testing.assert_array_equal(found.scores, expected.scores)


def test_mapped_arrays_and_values_of_another_kind_are_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factors, "PRUNED_FROM", 100)
    made = ItemFactors.of(np.zeros(500, np.float32), vectors(2, 500, 40))
    own = on_grid(np.random.default_rng(2).normal(size=(1, 40)))[0]
    single = np.random.default_rng(3).random(500).astype(np.float32)
    expected = pruning.best(made, own, 10, prior=Prior(single, 0.5))
    arrays = made.arrays()
    for array in arrays.values():
        array.setflags(write=False)
    single.setflags(write=False)
    again = ItemFactors.restored(arrays)
    others: list[Any] = [single, single.astype(np.float64), np.stack([single, single], axis=1)[:, 0]]
    for values in others:
        found = pruning.best(again, own, 10, prior=Prior(values, 0.5))
        np.testing.assert_array_equal(found.positions, expected.positions)
        np.testing.assert_allclose(found.scores, expected.scores, rtol=1e-6)


def test_a_table_of_an_older_version_gets_its_codes_when_it_is_restored() -> None:
    made = ItemFactors.of(np.zeros(100, np.float32), vectors(4, 100, 8))
    older = {name: array for name, array in made.arrays().items() if not name.startswith("coarse.")}
    again = ItemFactors.restored(older)
    np.testing.assert_array_equal(again.coarse.codes, made.coarse.codes)
    np.testing.assert_array_equal(again.coarse.scales, made.coarse.scales)
