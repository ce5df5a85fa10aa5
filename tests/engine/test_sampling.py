from __future__ import annotations

import numpy as np

from recommendations.engine.sampling import Negatives
from recommendations.engine.types import Interactions
from tests.engine.builders import checkerboard, purchases


def drawn(world: Interactions, *, each: int = 50, exponent: float = 0.0, seed: int = 0) -> Negatives:
    return Negatives(world, each=each, popularity_exponent=exponent, random=np.random.default_rng(seed))


def test_the_feedback_is_all_there_once_with_its_labels() -> None:
    world = checkerboard(4)
    labels = np.linspace(0.1, 1, len(world)).astype(np.float32)
    shopper, product, label = drawn(world).among(labels)
    kept = {
        (s, p): v for s, p, v in zip(shopper.tolist(), product.tolist(), label.tolist(), strict=True) if v
    }
    pairs = zip(world.shopper.tolist(), world.product.tolist(), strict=True)
    assert kept == dict(zip(pairs, labels.tolist(), strict=True))
    assert int((label > 0).sum()) == len(world)


def test_negatives_are_never_products_of_the_shoppers_own() -> None:
    world = checkerboard(4)
    shopper, product, label = drawn(world).among(np.ones(len(world), np.float32))
    own = set(zip(world.shopper.tolist(), world.product.tolist(), strict=True))
    pairs = set(zip(shopper[label == 0].tolist(), product[label == 0].tolist(), strict=True))
    # 8 shoppers x 8 products, 3 owned by each: with 50 draws a row every other pair turns up.
    assert not own & pairs
    assert len(pairs) == 8 * 5


def test_a_product_nobody_has_is_never_drawn() -> None:
    world = purchases({1: ["a"], 2: ["b"]}, catalogue=["z"])
    _, product, _ = drawn(world).among(np.ones(2, np.float32))
    assert set(product.tolist()) == {0, 1}


def test_popular_products_are_drawn_more_often_the_higher_the_exponent() -> None:
    world = purchases({1: ["z"], **{shopper: ["hit"] for shopper in range(2, 11)}, 11: ["rare"]})
    hits = []
    for exponent in (0.0, 1.0):
        shopper, product, label = drawn(world, each=2000, exponent=exponent).among(np.ones(11, np.float32))
        of_first = product[(shopper == 0) & (label == 0)]
        hits.append(np.mean(of_first == world.products.positions(["hit"])[0]))
    assert abs(hits[0] - 1 / 2) < 0.05
    assert abs(hits[1] - 9 / 10) < 0.05


def test_the_same_seed_draws_the_same_and_each_pass_draws_anew() -> None:
    world, labels = checkerboard(4), np.ones(24, np.float32)
    one, other = drawn(world, each=2, seed=4), drawn(world, each=2, seed=4)
    first, second = one.among(labels), one.among(labels)
    np.testing.assert_array_equal(first[1], other.among(labels)[1])
    assert first[1].tolist() != second[1].tolist()


def test_a_shopper_who_has_everything_gets_no_negatives() -> None:
    world = purchases({1: ["a", "b"]})
    assert drawn(world).among(np.ones(2, np.float32))[2].tolist() == [1, 1]
