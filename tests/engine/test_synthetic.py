"""Made-up catalogues for measuring: as large as asked for, uneven, and with tastes to be found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.synthetic import Shop, pairs, parted, write

SHOP = Shop(shoppers=400, products=900, rows=8_000)


def test_every_pair_comes_once_and_about_as_many_as_asked_for() -> None:
    shopper, product = pairs(SHOP, seed=0)
    assert len(np.unique(shopper * 1_000 + product)) == len(shopper) == pytest.approx(8_000, rel=0.1)
    assert set(shopper) == set(range(1, 401))
    assert 1 <= product.min() <= product.max() <= 900
    assert np.bincount(shopper)[1:].min() >= SHOP.fewest


def test_the_same_seed_makes_the_same_shop_and_another_one_another() -> None:
    one, again, other = (pairs(SHOP, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_few_products_and_few_shoppers_have_much() -> None:
    for column in pairs(SHOP, seed=0):
        counts = np.sort(np.bincount(column)[1:])[::-1]
        assert counts[: len(counts) // 10].sum() > 0.2 * counts.sum()


def test_a_larger_exponent_makes_the_bestsellers_sell_more() -> None:
    flat, steep = (
        np.sort(np.bincount(pairs(Shop(400, 900, 8_000, popularity=exponent), seed=0)[1]))[-20:].sum()
        for exponent in (0.2, 1.2)
    )
    assert steep > 1.3 * flat


def test_shoppers_have_tastes_and_do_not_pick_by_popularity_alone() -> None:
    """More pairs of products are shared by many shoppers than if everyone's products were shuffled."""
    shopper, product = pairs(SHOP, seed=0)
    table, shuffled = (
        pd.crosstab(shopper, column).clip(upper=1).to_numpy()
        for column in (product, np.random.default_rng(0).permutation(product))
    )
    shared = [np.sum((own.T @ own)[np.triu_indices(own.shape[1], 1)] ** 2) for own in (table, shuffled)]
    assert shared[0] > 1.2 * shared[1]


def test_every_shopper_is_asked_about_a_share_of_their_products_and_keeps_the_rest() -> None:
    shopper, _ = pairs(SHOP, seed=0)
    asked = parted(shopper, share=0.2, seed=0)
    counts, drawn = np.bincount(shopper)[1:], np.bincount(shopper, asked)[1:]
    np.testing.assert_array_equal(drawn, np.maximum(np.rint(counts * 0.2), 1))
    assert np.all(drawn < counts)


def test_the_files_hold_both_parts(tmp_path: Path) -> None:
    train, test = (pd.read_csv(path) for path in write(SHOP, tmp_path, share=0.2, seed=0))
    both = pd.concat([train, test]).sort_values(["user", "item"])
    np.testing.assert_array_equal(both.to_numpy().T, pairs(SHOP, seed=0))
    assert train.columns.tolist() == ["user", "item"]


@pytest.mark.parametrize(
    "values", [{"shoppers": 0}, {"products": 0}, {"rows": 100}, {"rows": 300_000}, {"fewest": 0}], ids=str
)
def test_impossible_shops_are_refused(values: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"must be|at least"):
        Shop(**{"shoppers": 400, "products": 900, "rows": 8_000} | values)
