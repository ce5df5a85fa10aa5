"""How strongly two products belong together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, chi2_contingency

from recommendations.engine.association import SURE, affinity, lift, log_likelihood_ratio


def ratio(both, own, other, orders):
    one, two, three = (np.array([float(value)]) for value in (both, own, other))
    return float(log_likelihood_ratio(one, two, three, float(orders))[0])


@st.composite
def tables(draw):
    """(both, own, other, orders) that can be counted."""
    both, alone, others, rest = (draw(st.integers(0, 300)) for _ in range(4))
    return both, both + alone, both + others, both + alone + others + rest


@given(tables())
def test_the_ratio_is_scipys_where_the_pair_meets_oftener_than_by_chance(table):
    both, own, other, orders = table
    if not (0 < own < orders and 0 < other < orders):
        return
    cells = [[both, own - both], [other - both, orders - own - other + both]]
    expected = chi2_contingency(cells, correction=False, lambda_="log-likelihood").statistic
    if both * orders > own * other:
        assert ratio(*table) == pytest.approx(expected, rel=1e-6, abs=1e-6)
    else:
        assert ratio(*table) == 0


@given(tables())
def test_it_does_not_matter_which_of_the_two_is_asked_about(table):
    both, own, other, orders = table
    assert ratio(both, own, other, orders) == pytest.approx(ratio(both, other, own, orders), abs=1e-6)


def test_more_of_the_same_evidence_is_surer():
    assert ratio(20, 40, 40, 1000) == pytest.approx(10 * ratio(2, 4, 4, 100))


def test_chance_reaches_the_threshold_once_in_twenty_pairs():
    assert chi2.sf(SURE, df=1) == pytest.approx(0.05, rel=0.01)


def test_in_every_order_means_with_nothing_in_particular():
    assert ratio(50, 50, 100, 100) == 0
    assert ratio(0, 0, 0, 0) == 0


def test_the_lift_is_what_is_seen_by_what_chance_has_and_shrinks_small_counts():
    both, own, other = np.array([30.0, 3.0]), np.array([100.0, 10.0]), np.array([60.0, 6.0])
    plain = lift(both, own, other, 1000, shrink=0.0)
    assert plain == pytest.approx([30 / 6, 3 / 0.06])
    shrunk = lift(both, own, other, 1000, shrink=5.0)
    assert shrunk == pytest.approx([30 / 11, 3 / 5.06])
    assert shrunk[0] > shrunk[1]


def test_the_affinity_goes_from_shared_orders_to_the_share_of_the_others_orders():
    both, other = np.array([30.0, 6.0]), np.array([600.0, 6.0])
    assert affinity(both, other, exponent=0.0) == pytest.approx([30, 6])
    assert affinity(both, other, exponent=1.0) == pytest.approx([0.05, 1])
    assert affinity(np.zeros(1), np.zeros(1), exponent=0.5) == pytest.approx([0])
