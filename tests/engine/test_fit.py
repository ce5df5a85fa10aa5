from __future__ import annotations

import numpy as np
import pytest

from recommendations.engine.algorithms.item_knn import ItemKnnConfig
from recommendations.engine.fit import fit_bundle
from recommendations.engine.leaning import LEANS
from recommendations.engine.types import History, silent
from tests.engine.builders import checkerboard, tastes


def test_a_bundle_holds_ranker_popularity_and_ratings_of_the_same_products() -> None:
    world = tastes()
    bundle = fit_bundle(world, "item_knn", ItemKnnConfig(neighbours=7), seed=0)
    assert bundle.algorithm == "item_knn"
    assert bundle.ranker.config.neighbours == 7
    assert bundle.ratings is not None
    for part in bundle.parts().values():
        assert part.model.products is world.products
    asked, lean = bundle.metadata.pop("onboarding"), bundle.metadata.pop("lean")
    assert lean in LEANS
    assert bundle.metadata == {"interactions": len(world), "ratings": len(world), "shoppers": 60, "seed": 0}
    assert sorted(asked) == world.products.ids.tolist()


def test_a_shop_without_ratings_has_no_rating_predictor() -> None:
    assert fit_bundle(checkerboard(4), seed=0).ratings is None


def test_what_the_shop_says_of_its_products_is_in_every_bundle() -> None:
    bundle = fit_bundle(checkerboard(4), "item_knn", seed=0)
    assert bundle.content is not None
    assert bundle.content.algorithm == "content"
    assert fit_bundle(tastes(), "item_knn", seed=0).content is None


def test_too_few_ratings_are_not_predicted_from() -> None:
    world = tastes()
    few = world.rows(np.arange(len(world)) < 20)
    assert fit_bundle(few, seed=0).ratings is None
    assert fit_bundle(few, seed=0, minimum_ratings=20).ratings is not None


def test_the_default_algorithm_is_svd() -> None:
    assert fit_bundle(checkerboard(4), seed=0).algorithm == "svd"


def test_the_same_seed_gives_the_same_bundle() -> None:
    one, other = (fit_bundle(tastes(), seed=5).ranker.model.score([History.empty()]) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_progress_rises_from_part_to_part_to_one() -> None:
    shares: list[float] = []
    fit_bundle(tastes(), seed=0, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > 10


def test_an_unknown_algorithm_is_refused_before_any_work() -> None:
    with pytest.raises(ValueError, match="choose one of"):
        fit_bundle(tastes(), "magic", seed=0, progress=silent)
