"""benchmarks.figures: medians, ratios of pairs, percentiles, goals, and the file that keeps them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.figures import Figure, Kept, each, percentile, ratios, table

FEW = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=200)


def speed(*values: float) -> Figure:
    return Figure("lists", "x", values, at_least=0.45, aim=0.85)


def wait(*values: float) -> Figure:
    return Figure("waiting", "ms", values, at_least=100, aim=40, more=False)


def test_ratios_are_taken_within_a_round() -> None:
    assert ratios([10, 30], [20, 30]) == [0.5, 1.0]


def test_a_round_without_its_pair_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


def test_the_median_is_that_of_the_pairs_and_not_of_the_sides() -> None:
    # The machine was slow in the second round, for both.
    assert speed(*ratios([90, 45, 88], [100, 50, 110])).median == pytest.approx(0.9)


@given(values=FEW, percent=st.floats(0.1, 100))
def test_so_many_do_not_exceed_a_percentile_and_it_is_one_of_them(
    values: list[float], percent: float
) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) >= percent / 100 * len(values) - 1e-9
    below = sum(value < found for value in values)
    assert below < percent / 100 * len(values)


def test_the_99th_of_a_hundred_is_the_second_largest() -> None:
    assert percentile(range(1, 101), 99) == 99
    assert percentile([7.0], 99) == 7.0


@pytest.mark.parametrize("values, percent", [([], 50), ([1.0], 0), ([1.0], 101)])
def test_there_is_no_percentile_of_nothing_or_out_of_range(values: list[float], percent: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, percent)


def test_a_figure_meets_its_goal_from_the_right_side() -> None:
    assert [speed(value).verdict for value in (0.44, 0.45, 0.85)] == ["missed", "met", "aim met"]
    assert [wait(value).verdict for value in (101, 100, 40)] == ["missed", "met", "aim met"]


def test_a_figure_needs_a_known_unit_and_a_value() -> None:
    with pytest.raises(ValueError, match="unit"):
        Figure("lists", "furlongs", [1.0], 1, 2)
    with pytest.raises(ValueError, match="Nothing was measured"):
        speed()


def test_the_table_shows_goals_median_spread_and_verdict() -> None:
    lines = table([speed(0.5, 0.7, 0.6), wait(7.25, 3, 250)])
    assert lines[2] == "| lists | .45x | .85x | **.60x** | .50x to .70x | met |  |"
    assert lines[3] == "| waiting | <= 100 ms | <= 40 ms | **7.2 ms** | 3.0 ms to 250 ms | aim met |  |"
    assert len({line.count("|") for line in lines}) == 1


def test_one_side_is_told_by_its_median() -> None:
    assert each("ours", [1000, 3000, 2345.6]) == "ours 2,346/s"
    assert each("ours", [0.123], " s") == "ours 0.12 s"


def test_what_is_measured_again_leaves_the_others(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept.json")
    assert kept.all() == {}
    kept.put("lists", [speed(0.5)])
    kept.put("waiting", [wait(30), wait(90)])
    kept.put("lists", [speed(0.9)])
    read = Kept(tmp_path / "kept.json").all()
    assert [one.median for one in read["lists"]] == [0.9]
    assert [one.verdict for one in read["waiting"]] == ["aim met", "met"]
    assert [path.name for path in tmp_path.iterdir()] == ["kept.json"]
