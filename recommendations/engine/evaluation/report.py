"""A fitted model against a holdout."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommendations.engine.evaluation import metrics
from recommendations.engine.evaluation.split import Holdout
from recommendations.engine.protocols import RatingPredictor, Recommender
from recommendations.engine.topk import top_batch
from recommendations.engine.types import UNKNOWN, Positions, Progress, Ranking, silent


@dataclass(frozen=True, eq=False)
class Report:
    """What was measured. `values` maps "recall@10", "ndcg@10", "hit_rate@10", "mrr@10", "coverage@10" ... to
    0..1.

    by_shopper: the same but coverage, (shoppers,) each in the holdout's order, for paired comparisons.
    """

    shoppers: int
    products: int
    values: dict[str, float]
    by_shopper: dict[str, metrics.Values]

    def to_json(self) -> dict[str, float | int | None]:
        """Counts and mean values; None for undefined, as JSON has no NaN."""
        return {"shoppers": self.shoppers, "products": self.products, **_without_nan(self.values)}


@dataclass(frozen=True)
class RatingReport:
    """Errors of predicted ratings, in stars; NaN where there were none to predict."""

    ratings: int
    rmse: float
    mae: float

    def to_json(self) -> dict[str, float | int | None]:
        """None for undefined, as JSON has no NaN."""
        return {"ratings": self.ratings, **_without_nan({"rmse": self.rmse, "mae": self.mae})}


def evaluate(
    recommender: Recommender,
    holdout: Holdout,
    *,
    ks: Sequence[int] = (10, 20),
    batch_size: int = 256,
    progress: Progress = silent,
) -> Report:
    """Ranks all the model's products a test shopper has no train feedback on, and looks for what they liked
    later.

    The model may have been fitted on other data than the holdout's: products are matched by id, and a
    relevant product it does not know is a miss.
    """
    rankings, relevant = rank(recommender, holdout, max(ks), batch_size=batch_size, progress=progress)
    return _report(rankings, relevant, ks, len(recommender.products))


def rank(
    recommender: Recommender,
    holdout: Holdout,
    k: int,
    *,
    batch_size: int = 256,
    progress: Progress = silent,
) -> tuple[list[Ranking], list[Positions]]:
    """(the k best products without what the holdout leaves out, the relevant ones) of every test shopper.

    Both are positions in the model's vocabulary, UNKNOWN where it does not know the product. The scores of
    one batch are in memory at a time.
    """
    own = recommender.products.positions(holdout.products.ids)
    rankings: list[Ranking] = []
    for start in range(0, len(holdout), batch_size):
        histories = holdout.histories[start : start + batch_size]
        numbers = range(start, start + len(histories))
        seen = [holdout.left_out(number, recommender.products) for number in numbers]
        rankings += top_batch(recommender.score(histories), k, exclude=seen)
        progress(min(1.0, (start + len(histories)) / len(holdout)))
    return rankings, [own[wanted] for wanted in holdout.relevant]


def _report(
    rankings: Sequence[Ranking], relevant: Sequence[Positions], ks: Sequence[int], products: int
) -> Report:
    sizes = np.array([len(wanted) for wanted in relevant], dtype=np.int64)
    known = [wanted[wanted != UNKNOWN] for wanted in relevant]
    all_hits = metrics.hits_of(rankings, known, max(ks))
    by_shopper: dict[str, metrics.Values] = {}
    coverage: dict[str, float] = {}
    for k in ks:
        hits = all_hits[:, :k]
        by_shopper[f"recall@{k}"] = metrics.recall(hits, sizes)
        by_shopper[f"ndcg@{k}"] = metrics.ndcg(hits, sizes)
        by_shopper[f"hit_rate@{k}"] = metrics.hit_rate(hits)
        by_shopper[f"mrr@{k}"] = metrics.reciprocal_rank(hits)
        coverage[f"coverage@{k}"] = metrics.coverage(rankings, k, products)
    values = {name: metrics.mean(each) for name, each in by_shopper.items()} | coverage
    return Report(shoppers=len(rankings), products=products, values=values, by_shopper=by_shopper)


def evaluate_ratings(
    predictor: RatingPredictor, holdout: Holdout, *, batch_size: int = 256, progress: Progress = silent
) -> RatingReport:
    """Predicts the later ratings of products the predictor knows, from the histories before the cut."""
    own = predictor.products.positions(holdout.products.ids)[holdout.rating_product]
    predicted = np.full(len(own), np.nan)
    for start in range(0, len(holdout.rating_histories), batch_size):
        table = predictor.predict(holdout.rating_histories[start : start + batch_size])
        asked = (
            (holdout.rating_shopper >= start)
            & (holdout.rating_shopper < start + len(table))
            & (own != UNKNOWN)
        )
        predicted[asked] = table[holdout.rating_shopper[asked] - start, own[asked]]
        progress(min(1.0, (start + len(table)) / len(holdout.rating_histories)))
    known = np.isfinite(predicted)
    actual = holdout.ratings[known]
    return RatingReport(
        len(actual), metrics.rmse(predicted[known], actual), metrics.mae(predicted[known], actual)
    )


def _without_nan(values: dict[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in values.items()}
