"""Reading a version's metrics, whatever is missing in them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.admin.figures import comparison, list_length, measured, protocol_lines

METRICS = {
    "protocol": {"split": "time", "k": 10, "train_interactions": 80},
    "candidate": {"ndcg@10": 0.2, "recall@10": 0.1, "coverage@10": None, "rmse": 0.95},
    "live": None,
    "baselines": {"popularity": {"ndcg@10": 0.15, "recall@10": 0.08}, "new_one": {"ndcg@10": 0.1}},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["protocol", "candidate", "live", "baselines", "popularity", "k", "ndcg@10", "rmse"]),
        inner,
    ),
)  # fmt: skip


def test_the_version_stands_beside_the_baselines() -> None:
    compared = comparison(METRICS, title="svd v1")
    assert compared.columns == ("This version", "Popularity", "new_one")
    assert [(row.label, row.values) for row in compared.rows] == [
        ("NDCG@10", (0.2, 0.15, 0.1)),
        ("Recall@10", (0.1, 0.08, None)),
        ("RMSE", (0.95, None, None)),
    ]


def test_what_was_live_before_has_a_column_when_it_was_measured() -> None:
    compared = comparison({**METRICS, "live": {"ndcg@10": 0.18}}, title="svd v2")
    assert compared.columns[:2] == ("This version", "Live before")
    assert compared.rows[0].values[1] == 0.18


def test_one_figure_is_read_of_the_version_or_of_a_baseline() -> None:
    assert measured(METRICS, "ndcg@{k}") == 0.2
    assert measured(METRICS, "ndcg@{k}", baseline="popularity") == 0.15
    assert measured(METRICS, "coverage@{k}") is None
    assert measured(METRICS, "ndcg@{k}", baseline="ease") is None


def test_lists_of_another_length_are_named_so() -> None:
    metrics = {"protocol": {"k": 20}, "candidate": {"ndcg@20": 0.3, "ndcg@10": 0.2}}
    assert comparison(metrics, title="t").rows[0].label == "NDCG@20"
    assert measured(metrics, "ndcg@{k}") == 0.3


def test_the_protocol_is_told_in_words() -> None:
    assert protocol_lines(METRICS)[-1] == ("Train interactions", "80")


@pytest.mark.parametrize("metrics", [{}, None, [], {"candidate": None}, {"candidate": {"ndcg@10": True}}])
def test_a_version_that_was_not_measured_is_ordinary(metrics: Any) -> None:
    assert comparison(metrics, title="t").rows == ()
    assert measured(metrics, "ndcg@{k}") is None
    assert list_length(metrics) == 10


@given(JSON)
def test_no_json_breaks_the_page(metrics: Any) -> None:
    compared = comparison(metrics, title="t")
    assert all(len(row.values) == len(compared.columns) for row in compared.rows)
    protocol_lines(metrics)
