"""The best of a factor table: those of all its exact scores, whatever is skipped on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.engine import factors, foldin, pruning
from recommendations.engine.factors import ItemFactors
from recommendations.engine.foldin import on_grid
from recommendations.engine.pruning import best, best_of_each
from recommendations.engine.topk import top
from recommendations.engine.types import Prior, Ranking

COUNT, SIZE = 600, 24


@pytest.fixture(params=["in one piece", "head first"])
def is_split(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    split = bool(request.param == "head first")
    monkeypatch.setattr(factors, "PRUNED_FROM", 100 if split else 10_000)
    monkeypatch.setattr(factors, "HEAD", 5)
    monkeypatch.setattr(factors, "ROWS_AT_A_TIME", 256)
    return split


@pytest.fixture(params=["compiled", "by numpy"])
def is_compiled(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    compiled = bool(request.param == "compiled")
    monkeypatch.setattr(pruning, "IS_COMPILED", compiled)
    monkeypatch.setattr(pruning, "SOME", 40)
    return compiled


def table(seed: int, *, decay: float, repeated: bool = False) -> tuple[ItemFactors, Any]:
    """Vectors of many lengths whose later directions count less; `repeated`: many of them twice."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(COUNT, SIZE)) * np.exp(-decay * np.arange(SIZE))
    vectors *= random.pareto(2, size=(COUNT, 1)) + 0.1
    base = random.normal(scale=0.3, size=COUNT)
    if repeated:
        vectors[COUNT // 2 :], base[COUNT // 2 :] = vectors[: COUNT // 2], base[: COUNT // 2]
    made = ItemFactors.of(base.astype(np.float32), vectors.astype(np.float32))
    return made, random


def shopper(random: Any, scale: float = 1.0) -> Any:
    return on_grid(scale * random.normal(size=(1, SIZE)))[0]


def assert_same(found: Ranking, expected: Ranking) -> None:
    np.testing.assert_array_equal(found.positions, expected.positions)
    np.testing.assert_array_equal(found.scores, expected.scores)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000), k=st.integers(0, 700), decay=st.sampled_from([0.0, 0.1, 0.5]),
    scale=st.sampled_from([1e-6, 0.1, 1.0, 1e4]), repeated=st.booleans(), excluded=st.integers(0, 80),
    share=st.sampled_from([None, 0.0, 0.02, 0.5, 1.0]), leaning=st.booleans(),
)  # fmt: skip
@pytest.mark.usefixtures("is_split", "is_compiled")
def test_the_best_are_those_of_all_exact_scores(
    seed: int, k: int, decay: float, scale: float, repeated: bool, excluded: int, share: float | None,
    leaning: bool,
) -> None:  # fmt: skip
    made, random = table(seed, decay=decay, repeated=repeated)
    own = shopper(random, scale)
    scores = made.scores(own[None])[0]
    prior = Prior(random.random(COUNT).astype(np.float32), 0.7) if leaning else None
    if prior is not None:
        scores = scores + np.float32(prior.share * made.spread(own)) * prior.values
    out = random.integers(-1, COUNT, excluded).astype(np.int32)
    allowed = None if share is None else random.random(COUNT) < share
    found = best(made, own, k, exclude=out, allowed=allowed, prior=prior)
    assert_same(found, top(scores, k, exclude=out, allowed=allowed))
    if allowed is not None:
        listed = random.permutation(np.flatnonzero(allowed)).astype(np.int32)
        assert_same(best(made, own, k, exclude=out, allowed=listed, prior=prior), found)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000), k=st.integers(0, 50), share=st.sampled_from([None, 0.05, 0.5]),
    cells=st.sampled_from([1, 2_000, 10**6]), by_place=st.booleans(),
)  # fmt: skip
@pytest.mark.usefixtures("is_split", "is_compiled")
def test_each_of_a_batch_is_found_as_if_alone(
    seed: int, k: int, share: float | None, cells: int, by_place: bool
) -> None:
    made, random = table(seed, decay=0.2, repeated=True)
    people = on_grid(random.normal(size=(7, SIZE)))
    excluded = [None, *(random.integers(-1, COUNT, 30).astype(np.int32) for _ in range(6))]
    prior = Prior(random.random(COUNT).astype(np.float32), 0.7)
    priors = [None, prior, None, prior, prior, None, None]
    allowed: Any = None if share is None else random.random(COUNT) < share
    if allowed is not None and by_place:
        allowed = random.permutation(np.flatnonzero(allowed)).astype(np.int32)
    before, pruning.CELLS_AT_A_TIME = pruning.CELLS_AT_A_TIME, cells
    try:
        found = list(best_of_each(made, people, k, exclude=excluded, allowed=allowed, priors=priors))
    finally:
        pruning.CELLS_AT_A_TIME = before
    assert len(found) == 7
    for ranking, own, out, leaning in zip(found, people, excluded, priors, strict=True):
        assert_same(ranking, best(made, own, k, exclude=out, allowed=allowed, prior=leaning))


def test_without_the_compiler_a_part_of_a_large_table_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "IS_COMPILED", False)
    monkeypatch.setattr(factors, "PRUNED_FROM", 100)
    monkeypatch.setattr(factors, "HEAD", 5)
    made, random = table(0, decay=1.0)
    read: list[int] = []
    among = pruning.Question.among

    def watched(self: Any, places: Any, k: int) -> Ranking:
        read.append(len(places))
        return among(self, places, k)

    monkeypatch.setattr(pruning.Question, "among", watched)
    for _ in range(20):
        own = shopper(random)
        assert_same(best(made, own, 10), top(made.scores(own[None])[0], 10))
    assert len(read) == 20
    assert max(read) < COUNT // 4


@pytest.mark.usefixtures("is_split")
def test_a_score_is_the_same_in_whatever_company_it_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    made, random = table(3, decay=0.1)
    people = on_grid(random.normal(size=(9, SIZE)))
    whole = made.scores(people)
    some = random.permutation(COUNT)[:50]
    monkeypatch.setattr(foldin, "CACHED", 1)
    for row, own in zip(whole, people, strict=True):
        np.testing.assert_array_equal(made.scores(own[None])[0], row)
        np.testing.assert_array_equal(made.scores_at(own, some), row[some])


@pytest.mark.usefixtures("is_split")
def test_turning_the_vectors_keeps_scores_lengths_and_cosines() -> None:
    random = np.random.default_rng(4)
    vectors = random.normal(size=(COUNT, SIZE)).astype(np.float32)
    vectors[7] = 0
    made = ItemFactors.of(np.zeros(COUNT, np.float32), vectors)
    turned = made.rows(np.arange(COUNT))
    np.testing.assert_allclose(turned @ turned.T, vectors @ vectors.T, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(made.lengths, np.linalg.norm(vectors, axis=1), rtol=1e-5)
    gram = turned.T.astype(np.float64) @ turned
    np.testing.assert_allclose(gram, np.diag(made.gram), rtol=1e-5, atol=1e-3)
    assert np.all(np.diff(made.gram) <= 0)
    chosen = np.array([3, 7], np.int32)
    lengths = np.linalg.norm(vectors, axis=1)
    expected = vectors[3] @ vectors.T / lengths[3] / np.where(lengths > 0, lengths, 1)
    expected[3] = -np.inf
    cosines = made.cosines(chosen)
    np.testing.assert_allclose(cosines[0], expected, rtol=1e-4, atol=1e-5)
    assert cosines[1, 7] == -np.inf
    assert not np.delete(cosines[1], 7).any()


@pytest.mark.usefixtures("is_split")
def test_the_spread_of_the_scores_is_known_without_them() -> None:
    for seed, scale in ((0, 0.01), (1, 1.0), (2, 100.0)):
        made, random = table(seed, decay=0.2)
        own = shopper(random, scale)
        scores = made.scores(own[None])[0].astype(np.float64)
        assert made.spread(own) == pytest.approx(scores.std(), rel=1e-4)


@pytest.mark.usefixtures("is_split")
def test_a_table_restored_from_its_arrays_is_the_same() -> None:
    made, random = table(5, decay=0.1)
    again = ItemFactors.restored(made.arrays())
    people = on_grid(random.normal(size=(3, SIZE)))
    np.testing.assert_array_equal(again.scores(people), made.scores(people))
    assert again.arrays().keys() == made.arrays().keys()


@pytest.mark.usefixtures("is_split")
def test_the_arrays_of_older_versions_are_completed() -> None:
    random = np.random.default_rng(6)
    base, vectors = random.random(COUNT).astype(np.float32), random.normal(size=(COUNT, SIZE))
    older = {"base": base, "factors": vectors.astype(np.float32)}
    one, other = ItemFactors.restored(older), ItemFactors.of(base, vectors.astype(np.float32))
    people = on_grid(random.normal(size=(3, SIZE)))
    np.testing.assert_array_equal(one.scores(people), other.scores(people))


@pytest.mark.usefixtures("is_compiled")
@pytest.mark.parametrize("shape", [(0, 0), (0, 8), (3, 0), (1, 1)])
def test_the_smallest_tables_are_searched(shape: tuple[int, int]) -> None:
    made = ItemFactors.of(np.ones(shape[0], np.float32), np.ones(shape, np.float32))
    own = np.ones(shape[1])
    assert len(best(made, own, 5)) == shape[0]
    assert len(next(best_of_each(made, own[None], 5, exclude=[None], priors=[None]))) == shape[0]
    assert made.spread(own) == 0


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=8))
def test_rows_on_the_grid_stay_as_they_are_and_fit_single_precision(row: list[float]) -> None:
    once = on_grid(np.array([row]))
    np.testing.assert_array_equal(on_grid(once), once)
    np.testing.assert_array_equal(once.astype(np.float32).astype(np.float64), once)
    np.testing.assert_allclose(once, [row], atol=np.abs(row).max() * 2.0**-21)
