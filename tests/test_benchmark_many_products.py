"""benchmarks.many_products: the ways it compares give the same lists; its table says what was measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import growing_shop, many_products
from benchmarks.growing_shop import Fitted, fitted
from benchmarks.many_products import Spread, cases, exactly, growth_of, large, memory, paired, recall
from recommendations.engine import factors
from recommendations.engine.types import Ranking

COUNT = 1_600


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def shop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Fitted:
    """A shop that is searched as a large one is."""
    monkeypatch.setattr(factors, "LARGE", 1_000)
    monkeypatch.setattr(factors, "FIRST", 4)
    monkeypatch.setattr(factors, "LEADING", 2)
    monkeypatch.setattr(many_products, "PEOPLE", 5)
    return fitted(COUNT, keep=folder)


def test_a_kept_shop_is_the_fitted_one(shop: Fitted, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing_shop, "_fit", None)  # not to be called again
    again = fitted(COUNT, keep=folder)
    people = shop.histories[:3]
    np.testing.assert_array_equal(again.model.score(people), shop.model.score(people))
    np.testing.assert_array_equal(again.popularity, shop.popularity)
    assert (again.shoppers, again.rows) == (shop.shoppers, shop.rows)
    assert len(shop.histories) == COUNT // growing_shop.SHOPPERS
    assert 0.7 < shop.popularity.sum() / (COUNT * growing_shop.ROWS) < 1.05


def test_the_exact_way_is_that_of_every_score(shop: Fitted) -> None:
    exact = exactly(shop)
    assert exact.table.leading is None
    assert shop.model.table.leading is not None
    for case in list(cases(shop))[:-1]:
        for own in shop.histories[:5]:
            one, other = many_products.every_score(exact, case, 30)(own), case.asked_of(exact, 30)(own)
            np.testing.assert_array_equal(one.positions, other.positions)
            np.testing.assert_array_equal(one.scores, other.scores)


def test_the_cases_exclude_filter_and_lean_as_they_say(shop: Fitted) -> None:
    found = {case.name: case for case in cases(shop)}
    own = shop.histories[0]
    best = found["own products excluded"].asked_of(exactly(shop), 5)(own)
    assert len(found["200 products excluded, the best"].exclude(own)) == 200
    without = found["200 products excluded, the best"].asked_of(exactly(shop), 5)(own)
    assert not np.isin(without.positions, best.positions).any()
    tenth = found["filter: 10% may be shown"].allowed
    assert tenth is not None
    assert tenth.mean() == pytest.approx(0.1, abs=0.03)
    leaning = found["leaning on popularity"].prior(own)
    assert leaning is not None
    assert leaning.values is shop.popularity


def test_recall_is_the_share_of_the_exact_list_that_was_found() -> None:
    exact = Ranking(np.array([4, 2, 9, 7], np.int32), np.zeros(4, np.float32))
    found = Ranking(np.array([2, 4, 7, 1], np.int32), np.zeros(4, np.float32))
    assert recall(found, exact, 2) == 1
    assert recall(found, exact, 4) == 0.75


def test_ways_take_turns_and_the_first_round_does_not_count() -> None:
    called: list[str] = []

    def asked(name: str) -> many_products.Ask:
        def ask(_: object) -> Ranking:
            called.append(name)
            return Ranking(np.empty(0, np.int32), np.empty(0, np.float32))

        return ask

    people = [growing_shop.history(np.array([1]))] * 2
    times = paired([asked("a"), asked("b")], people, 2)
    assert called == ["a", "a", "b", "b"] * 3
    assert [len(each) for each in times] == [2, 2]
    assert Spread.of([3.0, 1.0, 2.0]).told(1) == "2.0 (1.0-3.0)"


def test_every_measure_gives_a_row(shop: Fitted) -> None:
    times, found, count = growth_of(shop, 1)
    assert count == COUNT
    assert len(times) == 3
    assert found is not None
    assert found > 0.9
    rows = list(large(shop, 1))
    assert len(rows) == 12
    assert all(len(row.split("|")) == 10 for row in rows)
    assert many_products.described(shop).startswith("| 1,600 | 400 | ")
    assert len(many_products.batch(shop, 1).split("|")) == 5


def test_memory_is_that_of_a_process_of_its_own(shop: Fitted) -> None:
    if not Path("/proc/self/smaps_rollup").exists():
        pytest.skip("only Linux tells")
    row = [part.strip().replace(",", "") for part in memory(shop).strip("|").split("|")]
    assert int(row[0]) == COUNT
    shared, served = float(row[1]), float(row[4])
    assert shared == pytest.approx(sum(a.nbytes for a in shop.model.arrays().values()) / 1e6, abs=0.1)
    assert served < 50


def test_a_slope_of_one_size_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.many_products", "--most", "1000"],
        capture_output=True, text=True, cwd=many_products.PROJECT, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "10,000 or more" in done.stderr


def test_the_report_has_all_its_parts() -> None:
    lines = many_products._text(["| s |"], ["| g |"], "exact 0.5", ["| d |"], ["| m |"], ["| b |"], 5)
    text = "\n".join(lines)
    for part in (
        "| g |",
        "exact 0.5",
        "| d |",
        "| m |",
        "| b |",
        "medians of\n5 rounds",
        "many_products.svg",
    ):
        assert part in text
    assert "{" not in text
