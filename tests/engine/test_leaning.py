"""Short histories lean on popularity, as far as the shop's own feedback says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from recommendations.engine.algorithms.catalogue import algorithm_named
from recommendations.engine.leaning import FEWEST_SHOPPERS, LEANS, SHORT, choose_lean, leaned
from recommendations.engine.protocols import Recommender
from recommendations.engine.types import Arrays, Floats, History, Interactions, Vocabulary, silent
from tests.engine.builders import purchases, tastes

SCORES = np.array([0.0, 4.0, 1.0, 3.0], np.float32)
POPULAR = np.array([90.0, 10.0, 50.0, 20.0], np.float32)


class Noise:
    """A ranker that knows nothing."""

    def __init__(self, products: Vocabulary) -> None:
        self.products = products

    def score(self, histories: Sequence[History]) -> Floats:
        random = np.random.default_rng(0)
        return random.normal(size=(len(histories), len(self.products))).astype(np.float32)

    def arrays(self) -> Arrays:
        return {}


def fitted(name: str, world: Interactions) -> Recommender:
    return algorithm_named(name).fit(world, algorithm_named(name).config_class(), seed=0, progress=silent)


def fashionable(shoppers: int = 120) -> Interactions:
    """Everybody buys mostly the same things; the rest is chance."""
    random = np.random.default_rng(3)
    chances = 1 / np.arange(1, 81)
    chances /= chances.sum()
    return purchases(
        {shopper: random.choice(80, 20, replace=False, p=chances).tolist() for shopper in range(shoppers)},
        catalogue=list(range(80)),
    )


def test_the_lean_is_a_share_of_popularity_on_the_scale_of_the_scores() -> None:
    got = leaned(SCORES, POPULAR, lean=2.0, known=4)
    assert got == pytest.approx(SCORES + 2 / 4 * POPULAR * SCORES.std() / POPULAR.std(), rel=1e-5)


def test_the_lean_falls_as_the_history_grows_and_ends() -> None:
    shares = [leaned(SCORES, POPULAR, lean=2.0, known=known)[0] for known in (1, 2, 5, SHORT)]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] > 0
    np.testing.assert_array_equal(leaned(SCORES, POPULAR, lean=2.0, known=SHORT + 1), SCORES)


def test_without_a_lean_or_without_popularity_scores_stay_as_they_are() -> None:
    np.testing.assert_array_equal(leaned(SCORES, POPULAR, lean=0.0, known=1), SCORES)
    np.testing.assert_array_equal(leaned(SCORES, np.ones(4, np.float32), lean=3.0, known=1), SCORES)


def test_the_worst_ranker_leans_furthest() -> None:
    world = fashionable()
    popularity = fitted("popularity", world)
    assert choose_lean(Noise(world.products), popularity, world, seed=0) == max(LEANS)


def test_a_ranker_that_is_popularity_itself_does_not_lean() -> None:
    world = fashionable()
    popularity = fitted("popularity", world)
    assert choose_lean(popularity, popularity, world, seed=0) == 0


def test_where_taste_is_everything_popularity_counts_less() -> None:
    world, by_fashion = tastes(shoppers=120, products=60), fashionable()
    leans = [
        choose_lean(fitted("ease", each), fitted("popularity", each), each, seed=0)
        for each in (world, by_fashion)
    ]
    assert leans[0] < leans[1]


def test_too_few_shoppers_say_nothing() -> None:
    few = fashionable(FEWEST_SHOPPERS - 1)
    assert choose_lean(Noise(few.products), fitted("popularity", few), few, seed=0) == 0


def test_the_same_seed_finds_the_same() -> None:
    world = fashionable()
    ranker, popularity = fitted("item_knn", world), fitted("popularity", world)
    assert len({choose_lean(ranker, popularity, world, seed=1) for _ in range(3)}) == 1
