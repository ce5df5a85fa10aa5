"""Searching a very large table: nearly all of the best, never what is barred, exact where it cannot tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.engine import approximate, factors, popular
from recommendations.engine.algorithms.latent import FoldInRanker
from recommendations.engine.approximate import nearly_best, nearly_best_of_each
from recommendations.engine.factors import ItemFactors
from recommendations.engine.finding import top_of, top_of_batch
from recommendations.engine.foldin import on_grid
from recommendations.engine.popular import Popular
from recommendations.engine.pruning import best
from recommendations.engine.topk import top
from recommendations.engine.types import Prior, Ranking, Vocabulary
from tests.engine.builders import history

COUNT, SIZE = 6_400, 12


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factors, "LARGE", 1_000)
    monkeypatch.setattr(factors, "PRUNED_FROM", 1_000)
    monkeypatch.setattr(factors, "HEAD", 4)
    monkeypatch.setattr(approximate, "SURE", 20)
    monkeypatch.setattr(popular, "POPULAR", 50)


def table(seed: int, *, tail: float = 1.5, based: bool = False, repeated: bool = False) -> ItemFactors:
    """Vectors in all directions, whose lengths follow a power law: the lower `tail`, the heavier."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(COUNT, SIZE)) * (random.pareto(tail, size=(COUNT, 1)) + 0.2)
    base = random.exponential(0.5, COUNT) if based else np.zeros(COUNT)
    if repeated:
        vectors[1::2], base[1::2] = vectors[::2], base[::2]
    return ItemFactors.of(base.astype(np.float32), vectors.astype(np.float32))


def shoppers(seed: int, count: int) -> Any:
    return on_grid(np.random.default_rng(seed + 1).normal(size=(count, SIZE)))


def recall(found: Ranking, expected: Ranking) -> float:
    return len(np.intersect1d(found.positions, expected.positions)) / len(expected) if len(expected) else 1.0


def assert_same(found: Ranking, expected: Ranking) -> None:
    np.testing.assert_array_equal(found.positions, expected.positions)
    np.testing.assert_array_equal(found.scores, expected.scores)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000), k=st.integers(0, 150), based=st.booleans(), repeated=st.booleans(),
    share=st.sampled_from([None, 0.0, 0.01, 0.1, 0.5, 1.0]), excluded=st.integers(0, 200),
    leaning=st.booleans(), listed=st.booleans(),
)  # fmt: skip
def test_nothing_barred_is_returned_and_every_score_is_the_exact_one(
    seed: int, k: int, based: bool, repeated: bool, share: float | None, excluded: int, leaning: bool,
    listed: bool,
) -> None:  # fmt: skip
    made, own, random = (
        table(seed, based=based, repeated=repeated),
        shoppers(seed, 1)[0],
        np.random.default_rng(seed),
    )
    scores = made.scores(own[None])[0]
    prior = Prior(random.pareto(1.0, COUNT).astype(np.float32), 0.3) if leaning else None
    if prior is not None:
        scores = scores + np.float32(prior.share * made.spread(own)) * prior.values
    out = np.argsort(-scores)[:excluded].astype(np.int32)
    mask = None if share is None else random.random(COUNT) < share
    allowed = np.flatnonzero(mask).astype(np.int32) if mask is not None and listed else mask
    found = nearly_best(made, own, k, exclude=out, allowed=allowed, prior=prior)
    assert not np.isin(found.positions, out).any()
    assert mask is None or mask[found.positions].all()
    np.testing.assert_array_equal(found.scores, scores[found.positions])
    order = np.lexsort((found.positions, -found.scores))
    np.testing.assert_array_equal(order, np.arange(len(found)))
    expected = top(scores, k, exclude=out, allowed=mask)
    assert len(found) == len(expected)


def test_nearly_all_of_the_best_are_found_with_and_without_filters() -> None:
    found: list[float] = []
    wide: list[float] = []
    narrow: list[float] = []
    for seed in range(8):
        made, random = table(seed), np.random.default_rng(seed)
        tenth, hundredth = random.random(COUNT) < 0.1, random.random(COUNT) < 0.01
        for own in shoppers(seed, 10):
            out = best(made, own, 30).positions
            found.append(recall(nearly_best(made, own, 20, exclude=out), best(made, own, 20, exclude=out)))
            for mask, into in ((tenth, wide), (hundredth, narrow)):
                into.append(
                    recall(nearly_best(made, own, 20, allowed=mask), best(made, own, 20, allowed=mask))
                )
    assert np.mean(found) >= 0.98
    assert np.mean(wide) >= 0.98
    assert np.mean(narrow) == 1


def test_a_part_of_the_table_is_enough_where_some_products_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    made = table(1, tail=1.2)
    asked: list[int] = []

    def watched(*_: Any, **__: Any) -> Ranking:
        asked.append(1)
        return best(*_, **__)

    monkeypatch.setattr(approximate, "best", watched)
    for own in shoppers(1, 20):
        nearly_best(made, own, 20)
    assert len(asked) <= 2


def test_where_all_lead_alike_the_answer_is_exact() -> None:
    random = np.random.default_rng(2)
    vectors = random.normal(size=(COUNT, SIZE))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    made = ItemFactors.of(np.zeros(COUNT, np.float32), vectors.astype(np.float32))
    for own in shoppers(2, 10):
        assert_same(nearly_best(made, own, 20), best(made, own, 20))


def test_what_a_prior_puts_first_is_found_however_short_its_vector() -> None:
    made = table(3)
    assert made.leading is not None
    last = np.argsort(made.leading.ranks)[-10:]
    values = np.zeros(COUNT, np.float32)
    values[last] = 1_000
    found = nearly_best(made, shoppers(3, 1)[0], 20, prior=Prior(values, 1.0))
    assert set(last) <= set(found.positions.tolist())


def test_what_is_known_of_a_prior_is_its_first_products_and_the_highest_value_of_the_others() -> None:
    values = np.random.default_rng(0).permutation(100).astype(np.float32) - 5
    known = Popular.of(values)
    np.testing.assert_array_equal(np.sort(values[known.places]), np.arange(45, 95))
    assert np.all(np.diff(known.places) > 0)
    assert known.beyond == 44
    assert known.greatest == 94
    assert popular.popular(values) is popular.popular(values)
    assert Popular.of(np.empty(0, np.float32)).greatest == 0


def test_a_prior_of_other_values_is_not_taken_for_an_earlier_one() -> None:
    made, own = table(3), shoppers(3, 1)[0]
    for winner in (5, 6, 7):
        values = np.zeros(COUNT, np.float32)
        values[winner] = 1_000
        assert nearly_best(made, own, 20, prior=Prior(values, 1.0)).positions[0] == winner
        del values


def test_each_of_a_batch_is_found_as_if_alone() -> None:
    made, people = table(4, repeated=True), shoppers(4, 12)
    random = np.random.default_rng(4)
    excluded = [None if row % 3 else random.integers(-1, COUNT, 50).astype(np.int32) for row in range(12)]
    prior = Prior(random.random(COUNT).astype(np.float32), 0.5)
    priors = [prior if row % 2 else None for row in range(12)]
    allowed = random.random(COUNT) < 0.3
    batch = nearly_best_of_each(made, people, 20, exclude=excluded, allowed=allowed, priors=priors)
    for found, own, out, leaning in zip(batch, people, excluded, priors, strict=True):
        assert_same(found, nearly_best(made, own, 20, exclude=out, allowed=allowed, prior=leaning))


def test_a_shopper_of_whom_nothing_is_known_gets_the_highest_base() -> None:
    made = table(5, based=True)
    assert_same(nearly_best(made, np.zeros(SIZE), 20), best(made, np.zeros(SIZE), 20))


def test_products_are_laid_out_in_the_order_in_which_they_lead() -> None:
    made = table(6, based=True)
    lead = made.leading
    assert lead is not None
    assert len(lead.places) == lead.ends[-1] <= COUNT // factors.LEADING
    np.testing.assert_array_equal(lead.ranks[lead.places], np.arange(len(lead.places)))
    np.testing.assert_array_equal(np.sort(lead.ranks), np.arange(COUNT))
    np.testing.assert_array_equal(lead.vectors, made.rows(lead.places))
    for end, (base, length) in zip(lead.ends, lead.beyond, strict=True):
        rest = np.argsort(lead.ranks)[end:]
        assert made.base[rest].max() <= base
        assert made.lengths[rest].max() <= length


def test_a_small_catalogue_has_nothing_laid_out_apart() -> None:
    small = ItemFactors.of(np.zeros(9, np.float32), np.eye(9, dtype=np.float32))
    assert small.leading is None
    assert not any(name.startswith("leading") for name in small.arrays())


def test_a_model_of_a_large_catalogue_is_restored_with_its_search() -> None:
    made = table(7)
    restored = ItemFactors.restored(made.arrays())
    assert restored.arrays().keys() == made.arrays().keys()
    model, again = (
        FoldInRanker(Vocabulary(np.arange(COUNT)), each, unobserved=0.1, regularization=1.0)
        for each in (made, restored)
    )
    people = [history([1, 2, 3]), history([]), history([50, 4_000], [1.0, -1.0])]
    alone = [top_of(model, own, 20, exclude=model.products.positions(own.products)) for own in people]
    excluded = [model.products.positions(own.products) for own in people]
    for found, expected in zip(top_of_batch(again, people, 20, exclude=excluded), alone, strict=True):
        assert_same(found, expected)
    for found, own, out in zip(alone, people, excluded, strict=True):
        assert recall(found, top(model.score([own])[0], 20, exclude=out)) >= 0.9
