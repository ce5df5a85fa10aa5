from __future__ import annotations

import json

import numpy as np
import pytest

from recommendations.engine.algorithms.catalogue import ALGORITHMS, RATING_ALGORITHMS
from recommendations.engine.evaluation.ratings import cross_validate, folds
from recommendations.engine.evaluation.report import evaluate, evaluate_ratings
from recommendations.engine.evaluation.split import time_split
from recommendations.engine.types import Arrays, Floats, RatingColumns, Vocabulary, silent
from tests.engine.builders import NONE, interactions, tastes


class Fixed:
    """Scores by a table of its own, whoever asks."""

    def __init__(self, scores: dict[str, float]) -> None:
        self.products = Vocabulary.of(list(scores))
        self._row = np.array([scores[product] for product in self.products.ids.tolist()], np.float32)

    def score(self, histories) -> Floats:
        return np.tile(self._row, (len(histories), 1))

    predict = score

    def predict_at(self, history, positions) -> Floats:
        predicted: Floats = self._row[positions]
        return predicted

    def arrays(self) -> Arrays:
        return {}


WORLD = interactions(
    [
        ("ann", "hat", 5, 1.0, 1),
        ("bob", "cap", 5, 1.0, 2),
        ("ann", "tie", 4, 1.0, 100),
        ("ann", "sock", 2, 1.0, 101),
        ("bob", "hat", 1, -1.0, 102),
        ("bob", "belt", 4, 1.0, 103),
    ]
)
_, HOLDOUT = time_split(WORLD, at=50)


def test_the_report_is_the_hand_worked_answer() -> None:
    model = Fixed({"hat": 5, "cap": 4, "tie": 3, "belt": 2, "sock": 1})
    report = evaluate(model, HOLDOUT, ks=(1, 2))
    # ann has the hat and is shown cap and tie: 1 of 2. bob has the cap and is shown hat and tie: none.
    assert report.values["recall@2"] == pytest.approx(0.25)
    assert report.values["hit_rate@2"] == pytest.approx(0.5)
    assert report.values["mrr@2"] == pytest.approx(0.25)
    assert report.values["ndcg@2"] == pytest.approx((0.6309298 / 1.6309298) / 2)
    assert report.values["recall@1"] == 0
    # hat, cap and tie of five.
    assert report.values["coverage@2"] == pytest.approx(0.6)
    assert report.by_shopper["recall@2"].tolist() == [0.5, 0]
    assert (report.shoppers, report.products) == (2, 5)


def test_a_model_of_other_data_is_asked_by_id_and_misses_what_it_does_not_know() -> None:
    older = Fixed({"aaa": 9, "tie": 3, "hat": 5})
    report = evaluate(older, HOLDOUT, ks=(3,))
    # ann: shown aaa, tie; the sock is unknown and missed. bob: shown aaa, hat, tie; the belt is unknown.
    assert report.by_shopper["recall@3"].tolist() == [0.5, 0]
    assert report.products == 3


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_the_batch_size_does_not_change_the_report(name: str) -> None:
    train, holdout = time_split(tastes(), fraction=0.3)
    algorithm = ALGORITHMS[name]
    model = algorithm.fit(train, algorithm.config_class(), seed=0, progress=silent)
    assert evaluate(model, holdout, batch_size=1).values == evaluate(model, holdout).values


def test_the_report_is_json_and_undefined_is_null() -> None:
    nobody = time_split(WORLD, at=1000)[1]
    report = evaluate(Fixed({"hat": 1.0}), nobody, ks=(10,)).to_json()
    assert json.loads(json.dumps(report, allow_nan=False)) == {
        "shoppers": 0,
        "products": 1,
        "recall@10": None,
        "ndcg@10": None,
        "hit_rate@10": None,
        "mrr@10": None,
        "coverage@10": None,
    }


def test_progress_ends_at_one() -> None:
    shares: list[float] = []
    evaluate(Fixed({"hat": 1.0}), HOLDOUT, batch_size=1, progress=shares.append)
    assert shares == [0.5, 1.0]


def test_later_ratings_are_predicted_from_the_past() -> None:
    report = evaluate_ratings(Fixed({"tie": 4, "sock": 4, "hat": 1, "belt": 3}), HOLDOUT, batch_size=1)
    # errors 0, 2, 0, -1
    assert report.ratings == 4
    assert report.rmse == pytest.approx(np.sqrt(5 / 4))
    assert report.mae == pytest.approx(3 / 4)


def test_ratings_of_unknown_products_are_not_counted() -> None:
    assert evaluate_ratings(Fixed({"sock": 4}), HOLDOUT).to_json() == {"ratings": 1, "rmse": 2, "mae": 2}
    assert evaluate_ratings(Fixed({"zip": 4}), HOLDOUT).to_json() == {"ratings": 0, "rmse": None, "mae": None}


def test_the_batch_size_does_not_change_predicted_ratings() -> None:
    train, holdout = time_split(tastes(), fraction=0.3)
    algorithm = RATING_ALGORITHMS["svd"]
    model = algorithm.fit(train, algorithm.config_class(), seed=0, progress=silent)
    small, large = evaluate_ratings(model, holdout, batch_size=1), evaluate_ratings(model, holdout)
    assert small == large
    assert small.rmse < 1.2


def test_rows_without_rating_are_not_asked() -> None:
    world = interactions([("ann", "hat", NONE, 1.0, 1), ("ann", "tie", NONE, 1.0, 9)])
    assert evaluate_ratings(Fixed({"tie": 4}), time_split(world, at=5)[1]).ratings == 0


@pytest.mark.parametrize("count", [10, 23, 101])
def test_the_folds_are_surprises_own(count: int) -> None:
    import surprise

    class Rows(surprise.Dataset):  # type: ignore[misc]
        raw_ratings = list(range(count))

        def construct_trainset(self, raw):
            return raw

        construct_testset = construct_trainset

    theirs = surprise.model_selection.KFold(n_splits=5, random_state=0).split(Rows(surprise.Reader()))
    ours = [(train.tolist(), test.tolist()) for train, test in folds(count, n_splits=5, seed=0)]
    assert ours == list(theirs)


def test_every_rating_is_asked_exactly_once() -> None:
    asked = np.concatenate([test for _, test in folds(17, n_splits=4, seed=2)])
    assert sorted(asked.tolist()) == list(range(17))
    assert all(not set(train) & set(test) for train, test in folds(17, n_splits=4, seed=2))


@pytest.mark.parametrize("n_splits", [1, 11])
def test_too_few_or_too_many_folds_are_refused(n_splits: int) -> None:
    with pytest.raises(ValueError, match="from 2 to the number of ratings"):
        list(folds(10, n_splits=n_splits))


def test_cross_validation_means_the_errors_of_the_folds() -> None:
    ratings = RatingColumns(np.arange(4), np.arange(4), np.array([1, 3, 1, 3], np.float32))
    errors = cross_validate(ratings, lambda train, test: np.full(len(test), 2.0), n_splits=2)
    assert (errors.rmse, errors.mae, errors.rmse_by_fold) == (1, 1, (1, 1))
