"""Finding the best products: by every model as by sorting all its scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.engine import finding
from recommendations.engine.algorithms.catalogue import ALGORITHMS
from recommendations.engine.finding import top_of, top_of_batch
from recommendations.engine.leaning import SHORT, prior_of
from recommendations.engine.protocols import ScoresRoughly
from recommendations.engine.topk import top
from recommendations.engine.types import History, Positions, Prior, Ranking, silent
from tests.engine.builders import history, tastes

POPULARITY = np.arange(40, dtype=np.float32)
ROWS = st.dictionaries(st.integers(-3, 45), st.floats(-1, 1, width=32), max_size=12)
PLACES = st.lists(st.integers(-1, 39), max_size=12)


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    return {
        name: algorithm.fit(tastes(), algorithm.config_class(), seed=0, progress=silent)
        for name, algorithm in ALGORITHMS.items()
    }


def positions(places: list[int]) -> Positions:
    return np.array(places, np.int32)


def assert_same(found: Ranking, expected: Ranking) -> None:
    np.testing.assert_array_equal(found.positions, expected.positions)
    np.testing.assert_array_equal(found.scores, expected.scores)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, k=st.integers(0, 45), exclude=PLACES, allowed=st.none() | PLACES)
def test_every_model_finds_what_sorting_its_scores_finds(
    models: dict[str, Any], rows: dict[int, float], k: int, exclude: list[int], allowed: list[int] | None
) -> None:
    own = history(list(rows), list(rows.values()))
    only = None if allowed is None else np.isin(np.arange(40), allowed)
    for model in models.values():
        expected = top(model.score([own])[0], k, exclude=positions(exclude), allowed=only)
        assert_same(top_of(model, own, k, exclude=positions(exclude), allowed=only), expected)
        if allowed is not None:
            listed = positions(allowed)
            assert_same(top_of(model, own, k, exclude=positions(exclude), allowed=listed), expected)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_rough_scores_are_as_near_as_they_say(models: dict[str, Any], rows: dict[int, float]) -> None:
    own = history(list(rows), list(rows.values()))
    seen = 0
    for model in models.values():
        exact = model.score([own])[0]
        if isinstance(model, ScoresRoughly):
            found = model.roughly(own)
            places = np.array([39, 0, 17])
            np.testing.assert_array_equal(found.exact(places), exact[places])
            assert np.abs(found.scores - exact).max() <= found.margin
            # A bound that bounds nothing would find everything, slowly.
            assert found.margin <= 1e-3 * max(1e-30, float(np.abs(exact).max()))
            seen += 1
    assert seen >= 4


@settings(max_examples=40, deadline=None)
@given(rows=ROWS, lean=st.sampled_from([0.5, 2.0, 6.0]), known=st.integers(1, SHORT))
def test_a_prior_is_added_to_the_scores_of_every_model(
    models: dict[str, Any], rows: dict[int, float], lean: float, known: int
) -> None:
    own = history(list(rows), list(rows.values()))
    prior = prior_of(POPULARITY, lean=lean, known=known)
    assert prior is not None
    for model in models.values():
        found = top_of(model, own, 10, prior=prior)
        scores = prior.added(model.score([own])[0])
        np.testing.assert_allclose(found.scores, top(scores, 10).scores, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(scores[found.positions], found.scores, rtol=1e-4, atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(many=st.lists(ROWS, max_size=6), allowed=st.none() | PLACES)
def test_a_batch_of_histories_is_equal_to_one_at_a_time(
    models: dict[str, Any], many: list[dict[int, float]], allowed: list[int] | None
) -> None:
    histories = [history(list(rows), list(rows.values())) for rows in many]
    known = [max(1, len(own)) for own in histories]
    priors = [None if n % 2 else prior_of(POPULARITY, lean=2.0, known=n) for n in known]
    only = None if allowed is None else positions(allowed)
    for model in models.values():
        excluded = [model.products.positions(own.products) for own in histories]
        batch = top_of_batch(model, histories, 7, exclude=excluded, allowed=only, priors=priors)
        assert len(batch) == len(histories)
        for found, own, out, prior in zip(batch, histories, excluded, priors, strict=True):
            assert_same(found, top_of(model, own, 7, exclude=out, allowed=only, prior=prior))


def test_a_batch_in_parts_is_equal_to_a_batch_at_once(
    models: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    histories = list(tastes().histories())
    for model in models.values():
        whole = top_of_batch(model, histories, 5)
        with monkeypatch.context() as patch:
            patch.setattr(finding, "CELLS_AT_A_TIME", 80)
            parts = top_of_batch(model, histories, 5)
        for one, other in zip(whole, parts, strict=True):
            assert_same(one, other)


def test_a_batch_of_nobody_is_empty(models: dict[str, Any]) -> None:
    assert all(top_of_batch(model, [], 5) == [] for model in models.values())


def test_nobodys_history_gets_the_best_base_scores(models: dict[str, Any]) -> None:
    for model in models.values():
        base = model.explain(History.empty(), np.arange(40, dtype=np.int32)).base
        assert_same(top_of(model, History.empty(), 3), top(base, 3))


def test_no_prior_is_made_of_a_long_history_or_of_equal_popularity() -> None:
    assert prior_of(POPULARITY, lean=2.0, known=SHORT + 1) is None
    assert prior_of(POPULARITY, lean=0.0, known=1) is None
    assert prior_of(np.ones(40, np.float32), lean=2.0, known=1) is None


def test_a_width_computed_before_gives_the_same_prior() -> None:
    one = prior_of(POPULARITY, lean=2.0, known=4)
    other = prior_of(POPULARITY, lean=2.0, known=4, width=float(POPULARITY.std()))
    assert isinstance(one, Prior)
    assert isinstance(other, Prior)
    assert one.share == other.share
