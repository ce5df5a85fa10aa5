"""Holdouts of shops that recommend again what was bought."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommendations.engine.evaluation.cuts import Feedback, TimeCut, ask, latest, some_of
from recommendations.engine.evaluation.report import evaluate, rank
from recommendations.engine.evaluation.split import Holdout, hold_out
from recommendations.engine.types import History, Interactions, Vocabulary

# Milk is bought again, tea was disliked, jam is new and honey belongs to another shopper.
HONEY, JAM, MILK, TEA = range(4)
ROWS = [
    ("ann", MILK, 1.0, 1), ("ann", TEA, -1.0, 1), ("bob", HONEY, 1.0, 1), ("bob", JAM, 1.0, 1),
    ("ann", MILK, 1.0, 9), ("ann", TEA, 1.0, 9), ("ann", JAM, 1.0, 9),
]  # fmt: skip


class Favourites:
    """Milk above tea above the rest, for everybody."""

    def __init__(self, products: Vocabulary) -> None:
        self.products = products

    def score(self, histories):
        return np.tile(np.array([0.1, 0.2, 0.9, 0.8], np.float32), (len(histories), 1))

    def arrays(self):
        return {}


def feedback(rows) -> Feedback:
    return Feedback(
        np.array([row[0] for row in rows]),
        np.array([row[1] for row in rows]),
        np.array([row[2] for row in rows], np.float32),
        np.full(len(rows), np.nan, np.float32),
        np.array([row[3] for row in rows], np.int64),
    )


def sides() -> tuple[Interactions, Feedback]:
    rows = feedback(ROWS)
    before = TimeCut(at=5).learned(rows)
    return latest(rows.rows(before)), rows.rows(~before)


def by_events(*, repeats: bool) -> Holdout:
    train, later = sides()
    return ask(train, later, newcomers=False, repeats=repeats)


def by_columns(*, repeats: bool) -> Holdout:
    rows = feedback(ROWS)
    before = TimeCut(at=5).learned(rows)
    whole = latest(rows)
    sides = [
        Interactions(
            whole.shoppers, whole.products,
            whole.shoppers.positions(part.shoppers), whole.products.positions(part.products),
            part.ratings, part.weights, part.times,
        )
        for part in (rows.rows(before), rows.rows(~before))
    ]  # fmt: skip
    return hold_out(*sides, repeats=repeats)


@pytest.mark.parametrize("asked", [by_events, by_columns])
class TestWhatIsAsked:
    def test_only_new_products_count_where_nothing_is_repeated(self, asked):
        holdout = asked(repeats=False)
        assert holdout.shoppers.tolist() == ["ann"]
        assert holdout.relevant[0].tolist() == [JAM]

    def test_with_repeats_what_is_bought_again_counts_and_a_dislike_still_does_not(self, asked):
        holdout = asked(repeats=True)
        assert sorted(holdout.relevant[0].tolist()) == [JAM, MILK]

    def test_what_counts_can_be_shown_and_the_dislike_cannot(self, asked):
        model = Favourites(Vocabulary(np.arange(4)))
        shown = {
            repeats: rank(model, asked(repeats=repeats), 4)[0][0].positions.tolist()
            for repeats in (False, True)
        }
        assert shown == {False: [JAM, HONEY], True: [MILK, JAM, HONEY]}

    def test_a_perfect_list_is_perfect_either_way(self, asked):
        model = Favourites(Vocabulary(np.arange(4)))
        for repeats in (False, True):
            assert evaluate(model, asked(repeats=repeats), ks=(2,)).values["ndcg@2"] == 1


def test_some_of_the_shoppers_are_asked_the_same_way():
    holdout = by_events(repeats=True)
    many = replace(
        holdout,
        shoppers=np.array(["ann", "zoe"]),
        histories=(*holdout.histories, History.empty()),
        relevant=(*holdout.relevant, np.array([JAM], np.int32)),
    )
    assert some_of(many, 1, random=np.random.default_rng(0)).repeats
