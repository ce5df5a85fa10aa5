"""Ratings of a few places of a list, without those of the whole catalogue."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.engine.algorithms.catalogue import RATING_ALGORITHMS
from recommendations.engine.types import History, silent
from tests.engine.builders import rated_history, tastes


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    return {
        name: algorithm.fit(tastes(), algorithm.config_class(), seed=0, progress=silent)
        for name, algorithm in RATING_ALGORITHMS.items()
    }


@settings(max_examples=40, deadline=None)
@given(
    rows=st.dictionaries(st.integers(-3, 45), st.sampled_from([1.0, 3.5, 5.0, float("nan")]), max_size=12),
    places=st.lists(st.integers(0, 39), max_size=20),
)
def test_a_few_predicted_ratings_are_those_of_the_whole_row(
    models: dict[str, Any], rows: dict[int, float], places: list[int]
) -> None:
    own = rated_history(list(rows), list(rows.values()), [1.0] * len(rows))
    positions = np.array(places, np.int32)
    for model in models.values():
        found = model.predict_at(own, positions)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, model.predict([own])[0, positions], rtol=1e-5)


def test_a_visitor_without_ratings_gets_the_products_own_mean(models: dict[str, Any]) -> None:
    positions = np.array([7, 0], np.int32)
    for model in models.values():
        whole = model.predict([History.empty()])[0, positions]
        np.testing.assert_allclose(model.predict_at(History.empty(), positions), whole, rtol=1e-5)


def test_predicted_ratings_stay_between_one_and_five_stars(models: dict[str, Any]) -> None:
    everything = np.arange(40, dtype=np.int32)
    sour, sweet = (rated_history(list(range(40)), [stars] * 40) for stars in (1.0, 5.0))
    for model in models.values():
        low, high = model.predict_at(sour, everything), model.predict_at(sweet, everything)
        assert low.min() >= 1
        assert high.max() <= 5
        assert np.all(high > low)
