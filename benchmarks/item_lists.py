"""Similar, bought together and trending, each asked about what shoppers did later, beside what is obvious.

`python -m benchmarks.item_lists DATA`; DATA is the folder of the data sets. Every question is asked twice:
about the month before the cut (to choose by) and about the time after it (the figures to quote), each learned
from what came before alone. Writes benchmarks/item_lists.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.shop import PROJECT
from recommendations.engine.algorithms.catalogue import ALGORITHMS
from recommendations.engine.association import SURE, affinity, lift, log_likelihood_ratio
from recommendations.engine.evaluation.bootstrap import estimates
from recommendations.engine.topk import top
from recommendations.engine.types import Interactions, ItemFeatures, Vocabulary, silent

TABLE = PROJECT / "benchmarks" / "item_lists.md"
K, SEED, DAY = 10, 0, 86_400
MOST_QUESTIONS = 4_000
CUTS = ("2011-10-10", "2011-11-09", "2012-01-01")
ALGORITHMS_ASKED = ("item_knn", "ease", "sparse_ease", "svd", "als", "content")
HALF_LIVES = (1.0, 2.0, 4.0, 7.0, 14.0, 30.0, 90.0)
DISCOUNTS = 1 / np.log2(np.arange(2, K + 2))
Rows = NDArray[np.float64]
Score = Callable[[Rows, Rows, Rows, float], Rows]
"""(orders of both, of the one, of the others, all) -> scores of the others, NaN for what is not shown."""


@dataclass(frozen=True)
class Question:
    """A product, what the shopper had (never shown), and what they went on to: positions."""

    product: int
    had: NDArray[np.int64]
    wanted: NDArray[np.int64]


class Answers:
    """NDCG@10 and hit rate of lists, with the interval over questions."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = {"ndcg": [], "hit": []}

    def add(self, shown: Iterable[int], wanted: NDArray[np.int64]) -> None:
        hits = np.isin(np.fromiter(shown, np.int64)[:K], wanted)
        best = DISCOUNTS[: min(K, len(wanted))].sum()
        self._values["ndcg"].append(float((hits * DISCOUNTS[: len(hits)]).sum() / best))
        self._values["hit"].append(float(hits.any()))

    def row(self, name: str) -> str:
        made = estimates({key: np.array(each) for key, each in self._values.items()}, seed=SEED)
        cells = " | ".join(f"{each.value:.4f} [{each.low:.4f}, {each.high:.4f}]" for each in made.values())
        return f"| {name} | {cells} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder of the data sets")
    data: Path = parser.parse_args().data
    events = pd.read_csv(data / "online-retail" / "events.csv.gz")
    items = pd.read_csv(data / "online-retail" / "items.csv.gz").sort_values("item")
    beauty = pd.read_csv(data / "evaluation" / "beauty-5core" / "sequences.csv.gz")
    lines = [INTRODUCTION]
    for number, when in enumerate(("chosen by", "figures to quote")):
        start, end = (_seconds(CUTS[number + each]) for each in (0, 1))
        before, after = events[events.timestamp < start], events[events.timestamp.between(start, end - 1)]
        span = f"{CUTS[number]} to {CUTS[number + 1]}, {when}"
        lines += ["", f"## Online Retail, {span}", ""]
        lines += similar(*_next_baskets(before, after, items))
        lines += together(before, after)
        lines += trending(before, after)
        _write(lines)
    for back, when in ((1, "chosen by"), (0, "figures to quote")):
        lines += [
            "",
            f"## Amazon Beauty, {'the last product but one' if back else 'the last product'}, {when}",
            "",
        ]
        lines += similar(*_next_products(beauty, back=back))
        _write(lines)
    print(TABLE.read_text())


def similar(interactions: Interactions, questions: list[Question]) -> list[str]:
    """What is bought next, given one product."""
    matrix = interactions.matrix().copy()
    matrix.data[:] = 1
    turned, counts = sparse.csr_matrix(matrix.T), np.asarray(matrix.sum(axis=0)).ravel()

    def together_counts(own: NDArray[np.int64]) -> Any:
        return (turned[own] @ matrix).toarray()

    ways: dict[str, Callable[[NDArray[np.int64]], Any]] = {
        "most popular": lambda own: np.tile(counts, (len(own), 1)),
        "most shoppers in common": together_counts,
        "cosine of shoppers": lambda own: (
            together_counts(own) / np.sqrt(np.maximum(1.0, np.outer(counts[own], counts)))
        ),
    }
    for name in ALGORITHMS_ASKED:
        algorithm = ALGORITHMS[name]
        if name == "content" and interactions.features is None:
            continue
        if not algorithm.affordable(
            len(interactions.shoppers), len(interactions.products), len(interactions)
        ):
            continue
        model: Any = algorithm.fit(interactions, algorithm.config_class(), seed=SEED, progress=silent)
        ways[f"model: {name}"] = model.similar
    rows = [_asked(name, way, questions).row(name) for name, way in ways.items()]
    return _table(f"Similar: {len(questions):,} products and what their shopper went on to buy", rows)


def _asked(
    name: str, way: Callable[[NDArray[np.int64]], Any], questions: list[Question], batch: int = 512
) -> Answers:
    answers = Answers()
    for start in range(0, len(questions), batch):
        some = questions[start : start + batch]
        own, place = np.unique([each.product for each in some], return_inverse=True)
        scores = np.asarray(way(own), np.float32)
        for question, row in zip(some, place, strict=True):
            found = top(scores[row], K, exclude=question.had.astype(np.int32))
            answers.add(found.positions[found.scores > 0], question.wanted)
    return answers


def _next_baskets(
    before: pd.DataFrame, after: pd.DataFrame, items: pd.DataFrame
) -> tuple[Interactions, list[Question]]:
    """Up to three products of each shopper's last basket, and the new ones of their next."""
    features = ItemFeatures(
        Vocabulary(items.item.to_numpy(np.int64)), list(items.title.astype(str)), [""] * len(items),
        [()] * len(items), [""] * len(items), items.price.to_numpy(np.float32),
    )  # fmt: skip
    interactions = _interactions(before, before.timestamp, features)
    had = before.groupby("user").item.agg(set)
    last = before[before.timestamp == before.groupby("user").timestamp.transform("max")]
    following = after[after.timestamp == after.groupby("user").timestamp.transform("min")]
    random, asked = np.random.default_rng(SEED), last.groupby("user").item.unique().to_dict()
    histories, questions = had.to_dict(), []
    for user, wanted in following.groupby("user").item.agg(set).to_dict().items():
        if user in histories and (new := sorted(wanted - histories[user])):
            chosen = random.choice(asked[user], min(3, len(asked[user])), replace=False)
            old = sorted(histories[user])
            questions += [_question(interactions, product, old, new) for product in chosen]
    return interactions, questions


def _next_products(rows: pd.DataFrame, *, back: int) -> tuple[Interactions, list[Question]]:
    """Each shopper's last product of the history, and the one after it."""
    for _ in range(back):
        rows = rows[rows.position < rows.groupby("user").position.transform("max")]
    rows = rows.sort_values(["user", "position"])
    is_last = rows.position == rows.groupby("user").position.transform("max")
    known, last = rows[~is_last], rows[is_last].set_index("user").item
    interactions = _interactions(known, known.position, None)
    had, newest = known.groupby("user").item.agg(list), known.groupby("user").item.last()
    users = np.random.default_rng(SEED).permutation(newest.index.to_numpy())[:MOST_QUESTIONS]
    return interactions, [_question(interactions, newest[user], had[user], [last[user]]) for user in users]


def _interactions(rows: pd.DataFrame, times: pd.Series[int], features: ItemFeatures | None) -> Interactions:
    count = len(rows)
    return Interactions.from_columns(
        rows.user.to_numpy(), rows.item.to_numpy(),
        ratings=np.full(count, np.nan, np.float32), weights=np.ones(count, np.float32),
        times=np.asarray(times, np.int64), catalogue=None if features is None else features.products.ids,
        features=features,
    )  # fmt: skip


def _question(interactions: Interactions, product: int, had: list[int], wanted: list[int]) -> Question:
    places = interactions.products.positions
    (own,) = places([product])
    return Question(int(own), places(had).astype(np.int64), places(wanted).astype(np.int64))


def together(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    """The other products of a later basket, given one of them."""
    count = int(max(before.item.max(), after.item.max())) + 1
    baskets = pd.factorize(before.user.astype(str) + " " + before.timestamp.astype(str))[0]
    matrix = sparse.csr_matrix((np.ones(len(before)), (baskets, before.item)), (baskets.max() + 1, count))
    matrix.data[:] = 1
    sold, orders = np.asarray(matrix.sum(axis=0)).ravel(), float(matrix.shape[0])
    pairs = sparse.csr_matrix(matrix.T @ matrix)
    questions = _halved_baskets(after, sold)
    popular = np.argsort(-sold, kind="stable")[: K + 1]
    obvious = Answers()
    for product, wanted in questions:
        obvious.add([each for each in popular if each != product], wanted)
    rows = [obvious.row("most popular")]
    for name, score in _pair_scores().items():
        answers, known = Answers(), {}
        for product, wanted in questions:
            if product not in known:
                known[product] = _partners(product, pairs, sold, orders, score)
            answers.add(known[product], wanted)
        rows.append(answers.row(name))
    return _table(f"Bought together: {len(questions):,} products and the rest of their basket", rows)


def _halved_baskets(after: pd.DataFrame, sold: Rows) -> list[tuple[int, NDArray[np.int64]]]:
    """(one product, the others) of every later basket, up to three times each; of products sold before."""
    random = np.random.default_rng(SEED)
    questions: list[tuple[int, NDArray[np.int64]]] = []
    baskets = after[sold[after.item] > 0].groupby(["user", "timestamp"]).item.unique()
    for basket in baskets.to_list():
        if len(basket) > 1:
            chosen = random.choice(basket, min(3, len(basket)), replace=False)
            questions += [(int(each), basket[basket != each].astype(np.int64)) for each in chosen]
    return questions


def _partners(
    product: int, pairs: sparse.csr_matrix[Any], sold: Rows, orders: float, score: Score, least: int = 2
) -> NDArray[np.int64]:
    row = pairs[product]
    other, both = row.indices, row.data.astype(np.float64)
    kept = (other != product) & (both >= least)
    other, both = other[kept], both[kept]
    scores = score(both, np.full(len(other), sold[product]), sold[other], orders)
    usable = np.flatnonzero(np.isfinite(scores))
    return np.asarray(other[usable[np.lexsort((other[usable], -scores[usable]))]][:K], np.int64)


def _pair_scores() -> dict[str, Score]:
    def sure(exponent: float) -> Score:
        def score(both: Rows, own: Rows, other: Rows, orders: float) -> Rows:
            certain = log_likelihood_ratio(both, own, other, orders) >= SURE
            return np.where(certain, affinity(both, other, exponent=exponent), np.nan)

        return score

    ways: dict[str, Score] = {
        "most orders in common": lambda both, own, other, orders: both,
        "lift, shrunk by 1": lift,
        "lift, shrunk by 10": lambda *counts: lift(*counts, shrink=10.0),
        "log-likelihood ratio": log_likelihood_ratio,
    }
    named = {f"significant, by orders / other^{each}": sure(each) for each in (0.1, 0.2, 0.3, 0.5)}
    return ways | named


def trending(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    """What everybody buys in the day, and in the week, after each day of the later time."""
    rows: list[str] = []
    everything = pd.concat([before, after])
    days = range(int(after.timestamp.min()) // DAY * DAY, int(after.timestamp.max()) - 7 * DAY, DAY)
    for half_life in (None, *HALF_LIVES):
        cells = []
        for ahead in (1, 7):
            values = [_day(everything, day, ahead, half_life) for day in days]
            made = estimates({"ndcg": np.array([each for each in values if each is not None])}, seed=SEED)
            cells.append(f"{made['ndcg'].value:.4f} [{made['ndcg'].low:.4f}, {made['ndcg'].high:.4f}]")
        name = "all-time popularity" if half_life is None else f"half-life of {half_life:g} days"
        rows.append(f"| {name} | {' | '.join(cells)} |")
    head = f"Trending: what is bought on the {len(days)} days and weeks that follow"
    return ["", f"**{head}.**", "", "| | NDCG@10, next day | NDCG@10, next week |", "|---|---|---|", *rows]


def _day(rows: pd.DataFrame, day: int, ahead: int, half_life: float | None) -> float | None:
    """NDCG@10 with how many shoppers buy a product as its gain; None where the shop was closed."""
    past = rows[rows.timestamp < day]
    coming = rows[rows.timestamp.between(day, day + ahead * DAY - 1)].drop_duplicates(["user", "item"])
    if not len(coming):
        return None
    size = int(rows.item.max()) + 1
    weights = np.ones(len(past))
    if half_life is not None:
        past = past[past.timestamp >= day - 4 * half_life * DAY]
        weights = np.exp2(-(day - past.timestamp.to_numpy()) / DAY / half_life)
    scores = np.bincount(past.item, weights, minlength=size)
    gains = np.bincount(coming.item, minlength=size)
    shown = np.argsort(-scores, kind="stable")[:K]
    return float((gains[shown] * DISCOUNTS).sum() / (np.sort(gains)[::-1][:K] * DISCOUNTS).sum())


def _table(title: str, rows: list[str]) -> list[str]:
    return ["", f"**{title}.**", "", "| | NDCG@10 | hit rate@10 |", "|---|---|---|", *rows]


def _write(lines: list[str]) -> None:
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _seconds(day: str) -> int:
    return int(pd.Timestamp(day, tz="UTC").timestamp())


INTRODUCTION = """# Similar, bought together, trending

By `python -m benchmarks.item_lists DATA`, seed 0. Everything is learned from what came before the span in the
heading. "Chosen by" spans are what defaults were chosen on; the others were only measured. Brackets are 95 %
intervals of resampled questions (trending: of days). The whole catalogue is ranked; in "similar" without what
the shopper had, and with every algorithm at its defaults."""


if __name__ == "__main__":
    main()
