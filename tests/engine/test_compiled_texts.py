"""Scores by texts, compiled: what the whole table's products say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from recommendations.engine import compiled_texts
from recommendations.engine.algorithms.content import ContentConfig, ContentModel
from recommendations.engine.compiled_shares import causes_of
from recommendations.engine.compiled_texts import scores_of, spans_of, text_pushes_of
from recommendations.engine.features import Lexicon
from recommendations.engine.types import UNKNOWN, History, Vocabulary

SEEDS, PRODUCTS = st.integers(0, 2**32 - 1), 10


def model_of(random: np.random.Generator, terms: int) -> tuple[ContentModel, np.ndarray]:
    table = np.where(random.random((PRODUCTS, terms)) < 0.4, random.random((PRODUCTS, terms)), 0)
    table = table.astype(np.float32)
    lexicon = Lexicon(np.arange(terms), np.ones(terms, np.float32))
    vocabulary = Vocabulary(np.arange(100, 100 + PRODUCTS))
    return ContentModel(vocabulary, sparse.csr_matrix(table), lexicon, ContentConfig()), table


def history_of(random: np.random.Generator, rows: int) -> History:
    ids = random.permutation(np.arange(95, 105 + PRODUCTS))[:rows]
    weights = random.normal(size=rows).astype(np.float32)
    return History(ids, np.full(rows, np.nan, np.float32), weights, np.arange(rows))


@given(SEEDS, st.integers(0, 9), st.integers(0, 12), st.integers(0, 6))
def test_a_few_products_scores_and_causes_are_those_of_the_whole_table(
    seed: int, terms: int, rows: int, asked: int
) -> None:
    random = np.random.default_rng(seed)
    model, table = model_of(random, terms)
    history, wanted = history_of(random, rows), random.integers(0, PRODUCTS, asked).astype(np.int32)
    known = model.products.positions(history.products)
    own = np.where(known[:, None] == UNKNOWN, 0, table[known]) * history.weights[:, None]
    pushes = table[wanted] @ own.T
    for _ in range(2):  # the second time the products' cells are known
        np.testing.assert_allclose(model.score_at(history, wanted), pushes.sum(axis=1), atol=1e-5)
    np.testing.assert_allclose(model.score_at(history, wanted), model.score([history])[0][wanted], atol=1e-5)
    told = model.explain(history, wanted).contributions
    np.testing.assert_allclose(told, pushes, atol=1e-5)
    for found, expected in zip(model.causes(history, wanted), causes_of(told), strict=True):
        np.testing.assert_array_equal(found, expected)


@given(SEEDS, st.integers(0, 9), st.integers(0, 12), st.integers(0, 6))
def test_it_is_the_same_where_nothing_compiles(seed: int, terms: int, rows: int, asked: int) -> None:
    random = np.random.default_rng(seed)
    model, _ = model_of(random, terms)
    history, wanted = history_of(random, rows), random.integers(0, PRODUCTS, asked).astype(np.int32)
    own = model.products.positions(history.products), history.weights
    cells = model._cells_asked(wanted)
    few = (
        *own, *model._cells, cells.numbers, cells.count, cells.starts, cells.terms, cells.values
    )  # fmt: skip
    causes = (*own, wanted, *model._cells)
    scores, pushes = scores_of(*few), text_pushes_of(*causes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled_texts, "spans_of", getattr(spans_of, "py_func", spans_of))
        plain = getattr(scores_of, "py_func", scores_of)(*few)
        plain_pushes = getattr(text_pushes_of, "py_func", text_pushes_of)(*causes)
    np.testing.assert_allclose(plain, scores, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(plain_pushes, pushes, rtol=1e-4, atol=1e-5)


@given(SEEDS, st.sampled_from([1, 4, 64, 4096]))
def test_terms_that_share_their_last_bits_are_told_apart(seed: int, step: int) -> None:
    random = np.random.default_rng(seed)
    model, table = model_of(random, 9)
    spread = np.zeros((PRODUCTS, 9 * step), np.float32)
    spread[:, ::step] = table
    nothing = Lexicon(np.empty(0, np.int64), np.empty(0, np.float32))
    far = ContentModel(model.products, sparse.csr_matrix(spread), nothing, ContentConfig())
    history, wanted = history_of(random, 8), np.arange(PRODUCTS, dtype=np.int32)
    for way in ("explain", "score_at"):
        one, other = (getattr(each, way)(history, wanted) for each in (model, far))
        if way == "explain":
            one, other = one.contributions, other.contributions
        np.testing.assert_array_equal(one, other)
