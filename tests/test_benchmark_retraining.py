"""benchmarks.retraining: made-up ratings that are plausible, and a report that says what was measured."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import numpy as np
import pytest

from benchmarks import retraining
from benchmarks.rated_shop import made_up, size_for
from benchmarks.retraining import GROWING, PAIRS, ROWS
from benchmarks.synthetic import Shop
from benchmarks.training_cost import Cost

OPTIONS = argparse.Namespace(runs=2, largest=ROWS, data=None, keep=None)


def cost(seconds: float, *, rows: int = ROWS) -> Cost:
    parts = {"load": seconds / 4, "arrays": seconds / 4, "fit": seconds / 4, "publish": seconds / 4}
    return Cost(rows, parts, seconds, seconds / 2, 100 + rows / 1e4, 90)


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    places = tmp_path / "retraining.md", tmp_path / "retraining.svg"
    monkeypatch.setattr(retraining, "TABLE", places[0])
    monkeypatch.setattr(retraining, "PLOT", places[1])
    return places


def test_a_shop_grows_in_shoppers_and_slower_in_products() -> None:
    sizes = [size_for(10**power) for power in (4, 5, 6, 7)]
    assert [size.rows for size in sizes] == [10**4, 10**5, 10**6, 10**7]
    shoppers, products = ([getattr(size, side) for size in sizes] for side in ("shoppers", "products"))
    assert shoppers == [200, 2_000, 20_000, 200_000]
    assert products == [500, 1_580, 5_000, 15_810]


def test_made_up_ratings_are_stars_one_for_a_pair_and_the_same_every_time() -> None:
    shop = Shop(300, 400, 6_000)
    ratings, again = made_up(shop, seed=1), made_up(shop, seed=1)
    for column in ("shoppers", "products", "stars", "seconds"):
        np.testing.assert_array_equal(getattr(ratings, column), getattr(again, column))
    pairs = set(zip(ratings.shoppers.tolist(), ratings.products.tolist(), strict=True))
    assert len(pairs) == len(ratings) > 5_000
    assert (ratings.shoppers.min(), ratings.products.min()) == (1, 1)
    assert set(np.unique(ratings.stars)) == {1, 2, 3, 4, 5}


def test_products_and_shoppers_differ_by_more_than_noise_so_that_there_is_something_to_learn() -> None:
    ratings = made_up(Shop(400, 200, 12_000), seed=0)
    counts = np.bincount(ratings.products)
    means = np.bincount(ratings.products, ratings.stars) / np.maximum(counts, 1)
    many = counts >= 30
    by_chance = ratings.stars.std() / math.sqrt(counts[many].mean())
    assert means[many].std() > 1.5 * by_chance


def test_the_report_holds_ratios_of_the_same_round(written: tuple[Path, Path]) -> None:
    """The lowest and the highest are of pairs, not of the lowest of one side and the highest of the other."""
    paired = {name: [cost(4.0), cost(8.0)] for _, *sides in PAIRS for name in sides}
    paired["ratings"] = [cost(1.0), cost(4.0)]
    paired["read"] = [cost(0.5), cost(0.5)]
    grown = {ROWS: {name: paired[name][0] for name in GROWING}}
    retraining._write(OPTIONS, paired, {"training": cost(40.0)}, grown, errors=[])
    told = written[0].read_text()
    (line,) = [
        line for line in told.splitlines() if line.startswith("| rating SVD, the shop's settings: data")
    ]
    assert "**.38x** | .25x to .50x | aim met" in line
    assert "2.50 s to 6.00 s; CPU of the process 0.38x" in line
    assert "gate's evaluation" in told and "40 s (20 s CPU)" in told
    assert "it takes `--data FOLDER`" in told
    assert not written[1].exists(), "one size has no slope, and no plot"


def test_errors_and_growth_are_told_with_their_slopes(written: tuple[Path, Path]) -> None:
    grown = {
        rows: {name: cost(rows / 1e5, rows=rows) for name in GROWING} for rows in (10_000, 100_000, 1_000_000)
    }
    errors: list[dict[str, float | str]] = [
        {"data": "films", "rows": 1234, "own": 0.9, "theirs": 0.9000001, "apart": 2e-7}
    ]
    retraining._write(OPTIONS, {}, {}, grown, errors=errors)
    told, drawn = (path.read_text() for path in written)
    assert "| films | 1,234 | 0.900000 | 0.900000 | 1.0e-07 | 2.0e-07 |" in told
    assert "| rating SVD, to live | 0.10 s, 101 MB | 1.00 s, 110 MB | 10.00 s, 200 MB | 1.00, 0.15 |" in told
    assert "slope 1.00" in drawn and "Peak memory" in drawn


def test_what_was_kept_is_not_measured_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = tmp_path / "kept.json"
    keep.write_text(json.dumps({"10000 read 0": vars(cost(3.0, rows=10_000))}))

    def refuse(*_arguments: object) -> str:
        raise AssertionError("measured again")

    monkeypatch.setattr(retraining, "_do", refuse)
    with retraining._Measuring(tmp_path, 10_000, keep) as shop:
        assert shop.cost("read").seconds == 3.0
