"""recommendations.signals: one row per shopper and product, the same for training and for serving."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from feedback.models import Event, Rating
from recommendations import dataset, signals
from recommendations.conf import EVENT_WEIGHTS, RATING_WEIGHTS, conf
from recommendations.engine.types import History
from recommendations.serving.history import history_of
from recommendations.signals import RATING, Signals, aged, combine, signals_of, weigh
from tests.factories import NOW, make_product, make_shopper

# Shopper, product, what was done (stars or a kind of event), when: few of each, so that they often meet.
DEED = st.one_of(st.integers(1, 5), st.sampled_from(sorted(EVENT_WEIGHTS)))
ROWS = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), DEED, st.integers(0, 4)), max_size=20)


def by_default(rows):
    kinds = np.array([RATING if isinstance(row[2], int) else row[2] for row in rows], dtype=object)
    values = np.array([row[2] if isinstance(row[2], int) else np.nan for row in rows], np.float32)
    return Signals(
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.int64),
        weigh(kinds, values, ratings=RATING_WEIGHTS, events=EVENT_WEIGHTS),
        values,
        np.array([row[3] for row in rows], np.int64),
    )


def table(signals):
    """(shopper, product) -> (weight, stars or None, time)."""
    columns = (signals.shoppers, signals.products, signals.weights, signals.ratings, signals.times)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return {(s, p): (round(w, 4), None if np.isnan(stars) else stars, t) for s, p, w, stars, t in rows}


def one_rating_each(rows):
    """Rows as the database can hold them: a shopper has one rating for a product."""
    rated = set()
    for row in rows:
        if isinstance(row[2], str) or row[:2] not in rated:
            rated |= {row[:2]} if isinstance(row[2], int) else set()
            yield row


def naive(rows):
    """The rule of `combine` with a dict, row by row."""
    grouped: dict[tuple[int, int], list[tuple[int | str, int]]] = {}
    for shopper, product, deed, time in rows:
        grouped.setdefault((shopper, product), []).append((deed, time))
    combined: dict[tuple[int, int], tuple[float, int | None, int]] = {}
    for pair, deeds in grouped.items():
        newest = max(time for _, time in deeds)
        stars = [deed for deed, _ in deeds if isinstance(deed, int)]
        if stars:
            combined[pair] = (RATING_WEIGHTS[stars[0]], stars[0], newest)
            continue
        last = min(EVENT_WEIGHTS[str(deed)] for deed, time in deeds if time == newest)
        strongest = max(EVENT_WEIGHTS[str(deed)] for deed, _ in deeds)
        combined[pair] = (last if last < 0 else strongest, None, newest)
    return combined


@given(ROWS.map(one_rating_each).map(list))
def test_combining_is_what_a_dict_would_do(rows):
    assert table(combine(by_default(rows))) == naive(rows)


@given(ROWS.map(one_rating_each).map(list), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows, random):
    shuffled = random.sample(rows, len(rows))
    first, second = combine(by_default(rows)), combine(by_default(shuffled))
    for column in ("shoppers", "products", "weights", "ratings", "times"):
        np.testing.assert_array_equal(getattr(first, column), getattr(second, column))


@given(ROWS)
def test_the_result_is_sorted_with_each_pair_once(rows):
    combined = combine(by_default(rows))
    pairs = list(zip(combined.shoppers.tolist(), combined.products.tolist(), strict=True))
    assert pairs == sorted({(row[0], row[1]) for row in rows})


@pytest.mark.parametrize(
    ("deeds", "expected"),
    [
        pytest.param(["view", "purchase", "click"], 1.0, id="the strongest event counts"),
        pytest.param(["purchase", "dismiss"], -1.0, id="a dismissal after a purchase counts"),
        pytest.param(["dismiss", "view"], 0.2, id="a dismissal is forgotten with the next event"),
        pytest.param(["purchase", "dismiss", "basket"], 1.0, id="and then the strongest counts again"),
        pytest.param([2, "purchase"], -0.5, id="a rating says more than a later purchase"),
        pytest.param([5, "dismiss"], 1.0, id="and more than a later dismissal"),
        pytest.param(["purchase", 1], -1.0, id="a rating says more than an earlier purchase"),
    ],
)
def test_what_counts(deeds, expected):
    rows = [(1, 1, deed, time) for time, deed in enumerate(deeds)]
    assert combine(by_default(rows)).weights.tolist() == pytest.approx([expected])


def test_a_dismissal_in_the_second_of_a_view_counts_whichever_row_comes_first():
    for deeds in (["view", "dismiss"], ["dismiss", "view"]):
        assert combine(by_default([(1, 1, deed, 7) for deed in deeds])).weights.tolist() == [-1.0]


def test_kinds_and_stars_without_a_weight_say_nothing():
    kinds, values = np.array(["gazed", RATING], dtype=object), np.array([np.nan, 4], np.float32)
    assert weigh(kinds, values, ratings={5: 1.0}, events={"view": 0.1}).tolist() == [0, 0]


DAY = 86_400


VIEW = EVENT_WEIGHTS["view"]


def ageing(rows, half_life_days):
    """(shopper, product, deed, day) as the settings with these half-lives have them."""
    settings = replace(conf(), half_life_days=half_life_days)
    return signals_of(
        shoppers=np.array([row[0] for row in rows], np.int64),
        products=np.array([row[1] for row in rows], np.int64),
        kinds=np.array([RATING if isinstance(row[2], int) else row[2] for row in rows], dtype=object),
        values=np.array([row[2] if isinstance(row[2], int) else np.nan for row in rows], np.float32),
        times=np.array([row[3] * DAY for row in rows], np.int64),
        settings=settings,
    )


def test_a_view_counts_half_after_its_half_life_and_a_rating_does_not_age():
    rows = [(1, 1, "view", 0), (1, 2, 5, 0), (1, 3, "view", 10), (1, 4, "view", 20)]
    weights = combine(ageing(rows, {"view": 10})).weights.tolist()
    assert weights == pytest.approx([VIEW / 4, 1.0, VIEW / 2, VIEW])


def test_age_is_counted_to_the_shoppers_own_newest_signal():
    rows = [(1, 1, "view", 0), (2, 1, "view", 0), (2, 2, "view", 10)]
    assert combine(ageing(rows, {"view": 10})).weights.tolist() == pytest.approx([VIEW, VIEW / 2, VIEW])


def test_a_fresh_view_may_outweigh_an_old_basket_and_the_strongest_of_today_counts():
    rows = [(1, 1, "basket", 0), (1, 1, "view", 30)]
    assert combine(ageing(rows, {"basket": 10})).weights.tolist() == pytest.approx([VIEW])
    assert combine(ageing(rows, {"view": 10})).weights.tolist() == pytest.approx([0.4])


def test_a_dismissal_ages_only_if_it_is_told_to():
    rows = [(1, 1, "dismiss", 0), (1, 2, "view", 10)]
    assert combine(ageing(rows, {"view": 10})).weights.tolist() == pytest.approx([-1, VIEW])
    assert combine(ageing(rows, {"dismiss": 10})).weights.tolist() == pytest.approx([-0.5, VIEW])


def test_nothing_ages_where_no_half_life_is_set():
    rows = [(1, 1, "view", 0), (1, 2, "view", 1000)]
    assert ageing(rows, {}).half_lives is None
    assert combine(ageing(rows, {})).weights.tolist() == pytest.approx([VIEW, VIEW])
    assert len(combine(ageing([], {"view": 3}))) == 0


HALF_LIVES = st.dictionaries(st.sampled_from([RATING, *sorted(EVENT_WEIGHTS)]), st.floats(0.5, 400))


@given(ROWS, HALF_LIVES)
def test_age_never_turns_a_like_into_a_dislike_nor_makes_it_stronger(rows, half_lives):
    before = ageing(rows, half_lives)
    after = aged(before)
    assert np.all(np.abs(after.weights) <= np.abs(before.weights))
    assert np.all(np.sign(after.weights) == np.sign(before.weights))


@given(ROWS.map(one_rating_each).map(list), HALF_LIVES, st.integers(1, 3))
def test_a_shopper_alone_gets_what_they_get_among_all(rows, half_lives, shopper):
    together = table(combine(ageing(rows, half_lives)))
    alone = table(combine(ageing([row for row in rows if row[0] == shopper], half_lives)))
    assert alone == {pair: row for pair, row in together.items() if pair[0] == shopper}


@given(ROWS.map(one_rating_each).map(list), HALF_LIVES, st.integers(1, 900))
def test_a_history_is_the_same_whenever_it_is_looked_at(rows, half_lives, days):
    later = [(*row[:3], row[3] + days) for row in rows]
    first, second = combine(ageing(rows, half_lives)), combine(ageing(later, half_lives))
    np.testing.assert_array_equal(first.weights, second.weights)


def rows_of(history: History):
    stars = [None if np.isnan(each) else each for each in history.ratings.tolist()]
    return list(
        zip(history.products.tolist(), stars, history.weights.tolist(), history.times.tolist(), strict=True)
    )


class ServingLearnsLikeTraining(TestCase):
    @examples(max_examples=60, deadline=None)
    @given(
        st.lists(
            st.tuples(st.integers(0, 2), st.integers(0, 3), DEED, st.floats(0, 900)), min_size=1, max_size=20
        )
        .map(one_rating_each)
        .map(list),
        HALF_LIVES,
    )
    def test_the_history_served_from_is_the_history_trained_on(self, deeds, half_lives):
        settings = replace(conf(), half_life_days=half_lives)
        shoppers, products = [make_shopper() for _ in range(3)], [make_product() for _ in range(4)]
        for s, p, deed, days in deeds:
            shopper, product, when = shoppers[s], products[p], NOW + timedelta(days=days)
            if isinstance(deed, int):
                Rating.objects.create(shopper=shopper, product=product, value=deed, rated_at=when)
            else:
                Event.objects.create(shopper=shopper, product=product, kind=deed, occurred_at=when)
        data = dataset.load(settings, now=datetime(2040, 1, 1, tzinfo=UTC)).interactions()
        trained = {
            data.shoppers.ids[place]: rows_of(data.history(place)) for place in range(len(data.shoppers))
        }
        served = {
            shopper.pk: rows_of(history_of(shopper.pk, settings, now=NOW).history) for shopper in shoppers
        }
        assert {pk: rows for pk, rows in served.items() if rows} == trained


@given(ROWS, st.sampled_from([1, 10**6, 10**12, -(10**9)]))
def test_many_signals_are_combined_as_few_are(rows, apart):
    """Sorted as numbers where that is possible, by columns where ids are too far apart for it."""
    spread = [(row[0] * apart, row[1] * apart, *row[2:]) for row in rows]
    few = combine(by_default(spread))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signals, "FEW", 0)
        many = combine(by_default(spread))
    for column in ("shoppers", "products", "weights", "ratings", "times"):
        np.testing.assert_array_equal(getattr(many, column), getattr(few, column))


def test_ids_of_words_are_combined_however_many_there_are(monkeypatch):
    monkeypatch.setattr(signals, "FEW", 0)
    rows = Signals(
        np.array(["b", "a", "b"]), np.array([1, 1, 1]), np.array([0.2, 0.4, 0.3], np.float32),
        np.full(3, np.nan, np.float32), np.array([1, 2, 3]),
    )  # fmt: skip
    combined = combine(rows)
    assert combined.shoppers.tolist() == ["a", "b"]
    assert combined.weights.tolist() == pytest.approx([0.4, 0.3])


def test_kinds_by_number_weigh_and_age_as_by_name():
    settings = replace(conf(), half_life_days={"view": 10.0, RATING: 20.0})
    names = ["view", RATING, "purchase", "gazed", "dismiss"]
    columns: dict[str, Any] = {
        "shoppers": np.ones(5, np.int64), "products": np.arange(5), "times": np.arange(5) * DAY,
        "values": np.array([np.nan, 4, np.nan, np.nan, np.nan], np.float32), "settings": settings,
    }  # fmt: skip
    by_name = signals_of(kinds=np.array(names, dtype=object), **columns)
    numbers = {name: number for number, name in enumerate(names) if name != "gazed"}
    by_number = signals_of(kinds=np.array([0, 1, 2, 3, 4], np.int8), numbers=numbers, **columns)
    np.testing.assert_array_equal(by_number.weights, by_name.weights)
    np.testing.assert_array_equal(by_number.half_lives, by_name.half_lives)
