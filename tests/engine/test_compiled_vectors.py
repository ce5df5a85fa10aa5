"""What is written as instructions of the processor, beside what numpy says."""

from __future__ import annotations

import runpy
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.engine import compiled_vectors, compiling
from recommendations.engine.compiled_vectors import LARGEST_SUM, LARGEST_WEIGHT, TILE
from recommendations.engine.compiling import compiled, is_compiled, read_only

I1_3, F4 = read_only("int8", 3), read_only("float32")


@compiled(f"void({I1_3}, int64, int16[::1], int32[::1])")
def sum_pairs(codes: Any, tile: Any, weights: Any, sums: Any) -> None:
    compiled_vectors.sum_pairs(codes, tile, weights, sums)


@compiled(f"uint64({F4}, int64, float32)")
def reaching(numbers: Any, start: Any, edge: Any) -> Any:
    return compiled_vectors.reaching(numbers, start, edge)


@compiled("int64(uint64)")
def first_set(bits: Any) -> Any:
    return compiled_vectors.first_set(bits)


@compiled(f"void({read_only('float32', 2)}, int64, int64)")
def ask_ahead(table: Any, start: Any, count: Any) -> None:
    compiled_vectors.ask_ahead(table, start, count)


class Compiled:
    sum_pairs, reaching = staticmethod(sum_pairs), staticmethod(reaching)
    first_set, ask_ahead = staticmethod(first_set), staticmethod(ask_ahead)


class Plain:
    """The module where there is no numba."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.__dict__.update(names)


@pytest.fixture(params=["compiled", "plain"], scope="module")
def vectors(request: pytest.FixtureRequest) -> Any:
    if request.param == "compiled":
        if not is_compiled(sum_pairs):
            pytest.skip("there is no numba here")
        return Compiled
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiling, "HAS_COMPILER", False)
        return Plain(runpy.run_path(str(compiled_vectors.__file__)))


@settings(deadline=None)
@given(
    seed=st.integers(0, 1_000), tiles=st.integers(1, 3), size=st.sampled_from([0, 1, 2, 5, 8, 96, 97]),
    extreme=st.booleans(),
)  # fmt: skip
def test_sums_are_those_of_whole_numbers(
    vectors: Any, seed: int, tiles: int, size: int, extreme: bool
) -> None:
    random = np.random.default_rng(seed)
    codes = random.integers(-127, 128, (tiles, size, TILE)).astype(np.int8)
    most = min(LARGEST_WEIGHT, LARGEST_SUM // (128 * max(1, size)))
    weights = random.integers(-most, most + 1, size).astype(np.int16)
    if extreme:
        codes, weights = np.full_like(codes, -127), np.full_like(weights, most)
    even, sums = size // 2 * 2, np.full(TILE + 5, 7, np.int32)
    for tile in range(tiles):
        vectors.sum_pairs(codes, tile, weights, sums)
        expected = weights[:even].astype(np.int64) @ codes[tile, :even].astype(np.int64)
        np.testing.assert_array_equal(sums[:TILE], expected)
        # What is behind the tile is somebody else's.
        assert np.all(sums[TILE:] == 7)


@given(
    st.lists(
        st.one_of(st.floats(width=32), st.sampled_from([0.0, -0.0, 1.0])), min_size=TILE, max_size=TILE + 9
    ),
    st.one_of(st.sampled_from([-np.inf, np.inf, 0.0, 1.0]), st.floats(width=32, allow_nan=False)),
)
def test_a_bit_is_set_for_each_number_that_reaches_the_edge(
    vectors: Any, numbers: list[float], edge: float
) -> None:
    column, start = np.array(numbers, np.float32), len(numbers) - TILE
    word = int(vectors.reaching(column, start, np.float32(edge)))
    expected = [place for place in range(TILE) if column[start + place] >= np.float32(edge)]
    assert [place for place in range(TILE) if word >> place & 1] == expected


@given(st.integers(1, 2**64 - 1), st.integers(0, 63))
def test_the_first_set_bit_is_the_lowest(vectors: Any, bits: int, shift: int) -> None:
    for word in (bits, 1 << shift, (bits << shift) % 2**64 or 1):
        place = int(vectors.first_set(np.uint64(word)))
        assert word >> place & 1 and word % (1 << place) == 0


@pytest.mark.parametrize("row", [0, 2, 10_000_000])
def test_any_part_may_be_asked_for(vectors: Any, row: int) -> None:
    """Behind the table, too: nothing is read."""
    table = np.arange(6, dtype=np.float32).reshape(3, 2)
    vectors.ask_ahead(table, 2 * row, 2)
    assert table.tolist() == [[0, 1], [2, 3], [4, 5]]
