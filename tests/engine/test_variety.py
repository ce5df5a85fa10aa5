"""Mixing a list: what is alike moved apart, no department everywhere, nothing added, lost or rescored."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine import compiled_mixing
from recommendations.engine.compiling import is_compiled
from recommendations.engine.types import UNKNOWN, Ranking
from recommendations.engine.variety import (
    BLOCK,
    Labelled,
    Labels,
    LabelTable,
    Variety,
    diversified,
    labelled,
    labelled_by,
    labelled_products,
    labels_of,
    likeness,
    mixed,
)

LABELS = st.sets(st.integers(0, 4), max_size=3)


@st.composite
def lists(draw: st.DrawFn) -> tuple[np.ndarray, Labelled, np.ndarray]:
    """(scores best first, labels, departments) of up to 25 products in up to three departments."""
    count = draw(st.integers(0, 25))
    scores = sorted(draw(st.lists(st.floats(-3, 3, width=32), min_size=count, max_size=count)), reverse=True)
    sets = draw(st.lists(LABELS, min_size=count, max_size=count))
    departments = draw(st.lists(st.sampled_from([UNKNOWN, 1, 2, 3]), min_size=count, max_size=count))
    return np.array(scores), labelled_by({"words": (1.0, sets)}), np.array(departments, np.int64)


BALANCE = st.floats(0, 0.99)
MOST = st.one_of(st.none(), st.integers(1, BLOCK))


def alike(*groups: int) -> Labelled:
    return labelled_by({"group": (1.0, [{group} for group in groups])})


def unlike(count: int) -> Labelled:
    return labelled_by({"words": (1.0, [[]] * count)})


def nowhere(count: int) -> np.ndarray:
    return np.full(count, UNKNOWN, np.int64)


class TestLikeness:
    def test_it_is_the_cosine_of_the_sets_of_words(self):
        table = likeness(
            labelled_by({"title": (1.0, [["red", "mug"], ["blue", "mug"], ["red", "mug"], ["rake"]])})
        )
        expected = [[1.0, 0.5, 1.0, 0.0], [0.5, 1.0, 0.5, 0.0], [1.0, 0.5, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
        np.testing.assert_allclose(table, np.array(expected), atol=1e-12)

    def test_fields_count_by_their_weight(self):
        table = likeness(
            labelled_by({"title": (3.0, [["mug"], ["mug"]]), "brand": (1.0, [["acme"], ["other"]])})
        )
        assert table[0, 1] == pytest.approx(0.75)

    def test_the_same_word_in_two_fields_is_two_words(self):
        assert (
            likeness(labelled_by({"title": (1.0, [["ivy"], []]), "brand": (1.0, [[], ["ivy"]])}))[0, 1] == 0
        )

    def test_what_is_not_known_of_both_is_not_alike(self):
        table = likeness(labelled_by({"title": (1.0, [["mug"], ["mug"]]), "brand": (1.0, [[], []])}))
        assert table[0, 1] == pytest.approx(0.5)

    def test_products_look_alike_by_their_words_first_whatever_their_case_and_numbers(self):
        products = labelled_products(
            ["Blue MUG 12", "blue mug 7", "Oak chair", ""], [1, 1, 2, None], ["Home", "Home", "Home", None],
            ["Potter", "POTTER", "", ""],
        )  # fmt: skip
        table = likeness(products)
        np.testing.assert_allclose(table[0], [1, 1, 0.1, 0])
        assert table[3].tolist() == [0, 0, 0, 0]

    def test_no_products_no_fields(self):
        assert likeness(labelled_by({})).shape == (0, 0)
        assert likeness(labelled_by({"title": (1.0, [])})).shape == (0, 0)
        assert likeness(labelled_by({"title": (1.0, [[], []])})).tolist() == [[0, 0], [0, 0]]

    @given(st.lists(LABELS, max_size=8), st.lists(LABELS, min_size=8, max_size=8))
    def test_it_is_symmetric_and_between_0_and_1(self, titles, brands):
        table = likeness(labelled_by({"title": (0.7, titles), "brand": (0.3, brands[: len(titles)])}))
        np.testing.assert_allclose(table, table.T)
        assert np.all(table >= 0) and np.all(table <= 1 + 1e-9)


class TestRelevanceAgainstLikeness:
    def test_the_second_of_two_twins_waits_for_something_else(self):
        order = diversified(np.array([1.0, 0.99, 0.98, 0.0]), alike(1, 1, 2, 3), nowhere(4),
                            balance=0.3, most=None)  # fmt: skip
        assert order.tolist() == [0, 2, 1, 3]

    def test_a_much_better_match_stays_ahead_though_it_is_a_twin(self):
        order = diversified(np.array([1.0, 0.9, 0.1, 0.0]), alike(1, 1, 2, 3), nowhere(4),
                            balance=0.3, most=None)  # fmt: skip
        assert order.tolist() == [0, 1, 2, 3]

    def test_being_like_one_shown_product_is_as_bad_as_being_like_all(self):
        order = diversified(np.array([1.0, 0.9, 0.8, 0.79]), alike(1, 2, 2, 3), nowhere(4),
                            balance=0.5, most=None)  # fmt: skip
        assert order.tolist() == [0, 1, 3, 2]

    @given(lists(), BALANCE, MOST)
    def test_every_product_keeps_a_place_and_the_best_the_first(self, given_list, balance, most):
        scores, products, departments = given_list
        order = diversified(scores, products, departments, balance=balance, most=most)
        assert sorted(order.tolist()) == list(range(len(scores)))
        assert order[:1].tolist() in ([], [0])

    @given(lists())
    def test_without_balance_and_cap_the_order_is_the_scores(self, given_list):
        scores, products, departments = given_list
        order = diversified(scores, products, departments, balance=0, most=None)
        assert order.tolist() == list(range(len(scores)))

    @given(lists(), BALANCE)
    def test_each_place_goes_to_the_best_of_what_is_left(self, given_list, balance):
        """The definition itself, product by product."""
        scores, products, departments = given_list
        order = diversified(scores, products, departments, balance=balance, most=None).tolist()
        spread = (scores.max() - scores.min() if len(scores) else 0) or 1
        similarity = likeness(products)
        for place, chosen in enumerate(order):
            shown = order[:place]
            value = {
                each: (1 - balance) * (scores[each] - scores.min()) / spread
                - max((balance * similarity[each, other] for other in shown), default=0)
                for each in order[place:]
            }
            assert value[chosen] == pytest.approx(max(value.values()))

    @given(lists())
    def test_products_that_are_not_alike_keep_the_order_of_their_scores(self, given_list):
        scores, _, departments = given_list
        order = diversified(scores, alike(*range(len(scores))), departments, balance=0.5, most=None)
        assert order.tolist() == list(range(len(scores)))


def product_by_product(scores, similarity, departments, *, balance, most, first):
    """The definition with numpy, a place at a time over the whole table of how alike all are."""
    spread = (scores.max() - scores.min() if len(scores) else 0) or 1
    gain = (1 - balance) * (scores - scores.min(initial=np.inf)) / spread
    cost, order = np.zeros(len(scores)), list[int]()
    for place in range(min(first, len(scores))):
        ten = departments[order[place // BLOCK * BLOCK :]]
        full = [each for each in set(ten.tolist()) - {UNKNOWN} if most and (ten == each).sum() >= most]
        value = gain - cost
        value[order] = -np.inf
        free = np.where(np.isin(departments, full), -np.inf, value)
        order.append(int((free if free.max() > -np.inf else value).argmax()))
        cost = np.maximum(cost, balance * similarity[order[-1]])
    return [*order, *(each for each in range(len(scores)) if each not in order)]


class TestAgainstTheDefinition:
    @given(lists(), BALANCE, MOST, st.integers(0, 30))
    def test_every_place_is_the_same_the_ties_too(self, given_list, balance, most, first):
        scores, products, departments = given_list
        rows, table = products.rows, (products.starts, products.places, products.values)
        similarity = np.array([[compiled_mixing.alike(row, other, *table) for row in rows] for other in rows])
        asked = {"balance": balance, "most": most, "first": first}
        expected = product_by_product(scores, similarity, departments, **asked)
        assert diversified(scores, products, departments, **asked).tolist() == expected

    @given(lists(), BALANCE, MOST, st.integers(0, 30))
    def test_it_is_the_same_where_nothing_compiles(self, given_list, balance, most, first):
        scores, products, departments = given_list
        asked = (
            np.ascontiguousarray(scores, np.float64), departments, products.rows, products.starts,
            products.places, products.values, balance, most or 0, BLOCK, min(first, len(scores)),
        )  # fmt: skip
        plain = getattr(compiled_mixing.mixed_order, "py_func", compiled_mixing.mixed_order)
        assert plain(*asked).tolist() == compiled_mixing.mixed_order(*asked).tolist()

    def test_labels_that_want_the_same_slot_are_told_apart(self):
        # So far apart that their last bits are the same: of one product, and of two.
        one, other = 3, 3 + compiled_mixing.SLOTS
        rows = [((one, other), (0.6, 0.8)), ((other,), (1.0,)), ((one,), (1.0,)), ((other,), (0.9,))]
        products = labelled([Labels(*row) for row in rows])
        similarity = likeness(products)
        scores, nobodys = np.array([1.0, 0.95, 0.9, 0.1]), nowhere(4)
        for balance in (0.3, 0.6, 0.9):
            asked: Any = {"balance": balance, "most": None, "first": 4}
            expected = product_by_product(scores, similarity, nobodys, **asked)
            assert diversified(scores, products, nobodys, **asked).tolist() == expected

    @given(lists())
    def test_how_alike_two_are_is_what_the_table_of_all_says(self, given_list):
        _, products, _ = given_list
        rows, table = products.rows, (products.starts, products.places, products.values)
        found = [
            [compiled_mixing.alike(one, other, *table) for one in products.rows] for other in products.rows
        ]
        np.testing.assert_allclose(
            np.array(found).reshape(len(rows), len(rows)), likeness(products), atol=1e-12
        )

    def test_scores_that_are_no_numbers_are_put_somewhere(self):
        order = diversified(np.array([np.nan, 1.0, np.inf]), unlike(3), nowhere(3), balance=0.5, most=None)
        assert sorted(order.tolist()) == [0, 1, 2]


class TestATableOfLabels:
    @given(st.lists(LABELS, min_size=1, max_size=40))
    def test_rows_stay_what_they_were_however_many_are_added(self, sets):
        table, titles = LabelTable(), [" ".join("abcde"[each] * 3 for each in labels) for labels in sets]
        rows = [table.add(labels_of(title, None, None, "")) for title in titles]
        early = table.of(np.array(rows[:1], np.int64))
        before = likeness(early).tolist()
        for number in range(200):
            table.add(labels_of("many words more than before", number, 1, "acme"))
        assert likeness(early).tolist() == before
        assert len(table) == len(sets) + 200
        nothing = [None] * len(sets)
        apart = labelled_products(titles, nothing, nothing, [""] * len(sets))
        np.testing.assert_array_equal(likeness(table.of(np.array(rows, np.int64))), likeness(apart))

    @given(st.lists(st.lists(LABELS, max_size=5), max_size=6))
    def test_many_are_kept_as_they_are_one_after_the_other(self, parts):
        many, single = LabelTable(), LabelTable()
        for part in parts:
            own = [labels_of(" ".join("abcde"[each] * 3 for each in labels), 1, None, "") for labels in part]
            assert many.extend(own).tolist() == [single.add(labels) for labels in own]
        rows = np.arange(len(single))
        np.testing.assert_array_equal(likeness(many.of(rows)), likeness(single.of(rows)))

    def test_labels_are_distinct_and_rise(self):
        labels = labels_of("Oak chair, oak TABLE and 4 x oak", 1, 1, "Oak")
        assert list(labels.places) == sorted(set(labels.places))
        assert len(labels.places) == len(labels.values) == 7, "oak, chair, table, and; two shelves; a brand"
        assert sum(value**2 for value in labels.values) == pytest.approx(1)

    def test_a_product_may_be_in_a_list_of_any_rows(self):
        products = labelled([labels_of("oak chair", 1, 1, ""), labels_of("oak table", 1, 1, "")])
        twice = Labelled(np.array([1, 1, 0]), products.starts, products.places, products.values)
        assert likeness(twice)[0, 1] == pytest.approx(likeness(twice)[0, 0])


class TestTheCap:
    def test_a_department_gives_way_once_it_has_its_share_of_the_ten(self):
        departments = np.array([1] * 9 + [2] * 9)
        order = diversified(np.linspace(1, 0, 18), unlike(18), departments, balance=0, most=6)
        assert order.tolist() == [0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 6, 7, 8, 13, 14, 15, 16, 17]

    def test_one_department_or_none_is_as_if_there_were_no_cap(self):
        for departments in (np.full(25, 7), nowhere(25)):
            order = diversified(np.linspace(1, 0, 25), unlike(25), departments, balance=0, most=2)
            assert order.tolist() == list(range(25))

    @given(lists(), BALANCE, st.integers(1, BLOCK))
    def test_it_is_kept_in_every_ten_as_long_as_there_is_anything_else(self, given_list, balance, most):
        scores, products, departments = given_list
        order = diversified(scores, products, departments, balance=balance, most=most)
        for place, chosen in enumerate(order):
            ten = departments[order[place // BLOCK * BLOCK : place]]
            full = {each for each in set(ten.tolist()) - {UNKNOWN} if (ten == each).sum() >= most}
            if int(departments[chosen]) in full:
                assert set(departments[order[place:]].tolist()) <= full

    @given(lists(), st.integers(1, BLOCK))
    def test_each_department_keeps_its_own_order(self, given_list, most):
        scores, _, departments = given_list
        order = diversified(scores, unlike(len(scores)), departments, balance=0, most=most)
        for department in set(departments.tolist()):
            own = [each for each in order.tolist() if departments[each] == department]
            assert own == sorted(own)


class TestOverARanking:
    def ranking(self, count: int) -> Ranking:
        return Ranking(
            np.arange(100, 100 + count, dtype=np.int32), np.linspace(1, 0, count, dtype=np.float32)
        )

    def test_only_the_first_places_are_mixed_and_scores_stay_at_their_places(self):
        plain = self.ranking(6)
        found = mixed(plain, alike(1, 1, 2), nowhere(3), Variety(0.6, None, 50))
        assert found.positions.tolist() == [100, 102, 101, 103, 104, 105]
        assert found.scores.tolist() == plain.scores.tolist()
        assert plain.positions.tolist() == list(range(100, 106))

    def test_a_long_list_is_mixed_in_its_first_places_and_a_short_one_in_its_best_quarter(self):
        variety = Variety(0.1, 5, 50)
        assert [variety.reach(length) for length in (0, 3, 40, 200, 4000)] == [0, 0, 10, 50, 50]

    def test_an_empty_ranking_stays_empty(self):
        nothing = Ranking(np.empty(0, np.int32), np.empty(0, np.float32))
        assert len(mixed(nothing, unlike(0), nowhere(0), Variety(0.5, 5, 50))) == 0

    @pytest.mark.parametrize(
        ("balance", "most", "places"), [(-0.1, 5, 9), (1.0, 5, 9), (0.1, 0, 9), (0.1, 5, -1)]
    )
    def test_settings_that_make_no_sense_are_refused(self, balance, most, places):
        with pytest.raises(ValueError, match="must be"):
            Variety(balance, most, places)

    def test_what_changes_nothing_says_so(self):
        assert Variety(0, None, 50).changes_nothing and Variety(0.5, 5, 1).changes_nothing
        assert not Variety(0, 5, 50).changes_nothing and not Variety(0.1, None, 50).changes_nothing


@pytest.mark.skipif(not is_compiled(compiled_mixing.mixed_order), reason="there is no numba here")
def test_mixing_two_hundred_of_four_hundred_takes_a_moment():
    """Processor time of this thread, the best of several: what else the machine does is not measured."""
    random = np.random.default_rng(0)
    scores = np.sort(random.random(400))[::-1]
    products = labelled_by({"words": (1.0, random.integers(0, 40, (200, 5)).tolist())})
    departments = random.integers(0, 6, 400)
    seconds = []
    for _ in range(7):
        started = time.thread_time()
        diversified(scores[:200], products, departments[:200], balance=0.2, most=5)
        seconds.append(time.thread_time() - started)
    assert min(seconds) < 0.015
