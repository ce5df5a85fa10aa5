"""benchmarks.questions: what is asked does not depend on the weights that are being compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.questions import BASE, Columns, ask_as_served, history_of, movielens, online_retail
from recommendations.engine.types import UNKNOWN
from recommendations.signals import RATING

VIEWED, BOUGHT, RATED, DISMISSED, NEW, WEAK = range(1, 7)


def columns(*rows: tuple[int, int, str, float, int]) -> Columns:
    shoppers, products, kinds, values, times = zip(*rows, strict=True)
    return Columns(
        np.array(shoppers), np.array(products), np.array(kinds, object), np.array(values, np.float32),
        np.array(times),
    )  # fmt: skip


NAN = float("nan")
PAST = columns(
    (1, VIEWED, "view", NAN, 1), (1, BOUGHT, "purchase", NAN, 1), (1, RATED, RATING, 5, 1),
    (1, DISMISSED, "dismiss", NAN, 1),
)  # fmt: skip
LATER = columns(
    *((1, product, "purchase", NAN, 9) for product in (VIEWED, BOUGHT, RATED, DISMISSED, NEW)),
    (1, WEAK, "view", NAN, 9), (1, WEAK, RATING, 3, 9), (2, NEW, "purchase", NAN, 9),
)  # fmt: skip


@pytest.mark.parametrize("weight", [0.0, 0.1, 0.7])
def test_asked_is_what_was_bought_later_and_not_settled_whatever_a_view_weighs(weight):
    settings = replace(BASE, event_weights={**BASE.event_weights, "view": weight})
    train = history_of(PAST, settings, np.arange(1, 7))
    question = ask_as_served(train, PAST, LATER)
    assert question.shoppers.tolist() == [1]
    assert train.products.ids[question.relevant[0]].tolist() == [VIEWED, NEW]
    assert train.products.ids[question.left_out(0, train.products)].tolist() == [BOUGHT, RATED, DISMISSED]


def test_with_repeats_what_was_bought_or_liked_is_asked_again():
    train = history_of(PAST, BASE, np.arange(1, 7))
    question = ask_as_served(train, PAST, LATER, repeats=True)
    assert train.products.ids[question.relevant[0]].tolist() == [VIEWED, BOUGHT, RATED, NEW]
    assert train.products.ids[question.left_out(0, train.products)].tolist() == [DISMISSED]


def test_a_record_is_cut_in_time():
    record = columns(*((1, product, "view", NAN, product) for product in range(1, 11)))
    before, after = record.before_and_after(0.2)
    assert before.times.max() < after.times.min()
    assert (len(before), len(after)) == (8, 2)


def test_public_files_are_read(tmp_path):
    ratings, events = tmp_path / "u.data", tmp_path / "events.csv"
    ratings.write_text("7\t3\t4\t881250949\n")
    events.write_text(
        "user,item,quantity,price,timestamp,country\n17850,b,6,2.5,1291192800,UK\n5,a,1,1,3,UK\n"
    )
    films, purchases = movielens(ratings), online_retail(events)
    assert (films.kinds.tolist(), films.values.tolist(), films.times.tolist()) == ([RATING], [4], [881250949])
    assert purchases.products.tolist() == [1, 0] and np.isnan(purchases.values).all()
    assert UNKNOWN not in purchases.products
