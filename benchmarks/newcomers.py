"""What reaching and trying new products brings and costs, in a shop that went on selling after a training.

`python -m benchmarks.newcomers DATA`: DATA holds online-retail/events.csv.gz and items.csv.gz. A model learns
from what was bought before 2011-11-09; what was first bought after it is new, known by its title and price
alone. Lists are merged and explored by the very functions that serve. Writes benchmarks/newcomers.md.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import benchmarks.with_django  # noqa: F401 - before anything that needs its settings
from benchmarks.shop import PROJECT
from catalog.columns import Catalogue
from recommendations.conf import Conf, conf
from recommendations.engine.artefact import Bundle
from recommendations.engine.evaluation.bootstrap import estimates, paired
from recommendations.engine.evaluation.metrics import Values, hits_of, ndcg
from recommendations.engine.evaluation.split import Holdout, hold_out
from recommendations.engine.fit import fit_bundle
from recommendations.engine.topk import top
from recommendations.engine.types import Floats, Interactions, ItemFeatures, Positions, Ranking, Vocabulary
from recommendations.serving import exploration
from recommendations.serving.history import PURCHASE, STRENGTH, ShopperHistory
from recommendations.serving.newcomers import Newcomers, merged

Ids = NDArray[np.int64]
CUT = datetime(2011, 11, 9, tzinfo=UTC)
SEED, K, DAYS, SHOPPERS = 0, 20, 30, 800
RANKER = "item_knn"
PACES = (5, 10, 20)
SHARES = (0.05, 0.1)
PROTOCOL = """\
# New products: reached, tried, and what that costs

Online Retail, learned before {cut}, asked about what {asked} shoppers bought afterwards for
the first time; {ranker} with its defaults ranks, and {new} products first sold afterwards are known
by title and price alone. NDCG@{k} over all products with 95 % bootstrap intervals, the difference shopper
by shopper. Impressions: new products in the first {k} places of one list a shopper. Seed {seed}.
SECONDS s of CPU. `python -m benchmarks.newcomers DATA`
"""
HEAD = (
    "| | NDCG@{k} | difference | new products bought that are among the {k} | impressions of new products "
    "| new products shown to anybody |"
)
TABLE = PROJECT / "benchmarks" / "newcomers.md"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    folder = parser.parse_args().data / "online-retail"
    started = time.process_time()
    report = measure(*_read(folder))
    TABLE.write_text(report.replace("SECONDS", f"{time.process_time() - started:.0f}"))
    print(TABLE.read_text())


def measure(events: pd.DataFrame, features: ItemFeatures) -> str:
    """The whole table."""
    before, after = (_interactions(part, events, features) for part in _cut(events))
    known = np.unique(before.products.ids[before.product])
    train = _interactions(_cut(events)[0], _cut(events)[0], _of(features, known))
    bundle = fit_bundle(train, RANKER, seed=SEED, minimum_ratings=len(train) + 1)
    holdout = hold_out(before, after)
    new = np.setdiff1d(features.products.ids, known)
    news = _newcomers(bundle.content, _of(features, new), new)
    plain = replace(conf(), exploration_share=0.0)
    lists = _Lists(bundle, holdout, news)
    without = lists.of(replace(plain, newcomer_pace=10**6))
    rows = [("learned products alone", without)]
    rows += [
        (f"new ones too, one to {pace} places", lists.of(replace(plain, newcomer_pace=pace)))
        for pace in PACES
    ]
    for share in SHARES:
        each = replace(plain, newcomer_pace=10**6, exploration_share=share)
        rows.append((f"learned alone, {share:.0%} explored", lists.of(each)))
    return _report(rows, holdout, lists.shoppers, news.ids)


class _Lists:
    """Everybody's first places under some settings."""

    def __init__(self, bundle: Bundle, holdout: Holdout, news: Newcomers) -> None:
        self._holdout, self._news = holdout, news
        self._products = bundle.products
        step = max(1, len(holdout) // SHOPPERS)
        self.shoppers = list(range(0, len(holdout), step))
        self._scores = [bundle.ranker.model.score([holdout.histories[n]])[0] for n in self.shoppers]

    def of(self, settings: Conf) -> list[Ranking]:
        return [self._one(n, scores, settings) for n, scores in zip(self.shoppers, self._scores, strict=True)]

    def _one(self, number: int, scored: Floats, settings: Conf) -> Ranking:
        own = self._holdout.histories[number]
        bought = np.full(len(own), STRENGTH[PURCHASE], np.int8)
        history = ShopperHistory(own, bought, np.sort(own.products.astype(np.int64)))
        best = top(scored, settings.candidates, exclude=self._products.positions(own.products))
        ids, scores = merged(
            self._products.ids[best.positions].astype(np.int64), best.scores, history, self._news, settings,
            allowed=self._news.catalogue.public,
        )  # fmt: skip
        now = CUT + timedelta(days=number % DAYS)
        exploring = exploration.exploring(settings, shopper_id=number, now=now)
        tried = exploration.picks(history, self._news, settings, exploring, now=now)
        anyway = np.isin(tried, ids)
        put_in = tried[~anyway]
        shown = exploration.placed(
            np.concatenate([ids, put_in]), np.concatenate([scores, np.zeros(len(put_in), np.float32)]),
            tried, anyway, exploring, most=len(ids) + len(put_in),
        )  # fmt: skip
        positions = self._holdout.products.positions(shown.ids[:K])
        return Ranking(positions, np.zeros(len(positions), np.float32))


def _newcomers(content: Any, features: ItemFeatures, new: Ids) -> Newcomers:
    ids, extended = new.astype(np.int64), content.model.extended(features)
    everything = extended.products.ids.astype(np.int64)
    yes, none = np.ones(len(everything), bool), np.full(len(everything), -1)
    catalogue = Catalogue(
        everything,
        yes,
        yes,
        none,
        none,
        none,
        none.astype(np.float64),
        np.zeros(len(everything), np.int32),
        none,
        ("",),
    )
    at = np.arange(len(everything))
    return Newcomers(ids, extended, catalogue, at, ids, np.full(len(ids), CUT.timestamp()))


def _cut(events: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    earlier = events["timestamp"] < CUT.timestamp()
    return events[earlier], events[~earlier]


def _interactions(rows: pd.DataFrame, everything: pd.DataFrame, features: ItemFeatures) -> Interactions:
    """The rows, in the vocabularies of everything; each purchase weighs 1."""
    made = Interactions.from_columns(
        rows["user"].to_numpy(),
        rows["item"].to_numpy(),
        ratings=np.full(len(rows), np.nan, np.float32),
        weights=np.ones(len(rows), np.float32),
        times=rows["timestamp"].to_numpy(np.int64),
        catalogue=everything["item"].to_numpy(),
        features=features,
    )
    people = Vocabulary.of(everything["user"].to_numpy())
    shopper = people.positions(made.shoppers.ids)[made.shopper]
    return replace(made, shoppers=people, shopper=shopper)


def _of(features: ItemFeatures, ids: Ids) -> ItemFeatures:
    """Only what is said of these products."""
    rows = features.products.positions(ids).tolist()
    return ItemFeatures(
        Vocabulary.of(ids),
        titles=[features.titles[row] for row in rows],
        descriptions=[features.descriptions[row] for row in rows],
        categories=[features.categories[row] for row in rows],
        brands=[features.brands[row] for row in rows],
        prices=features.prices[rows],
    )


def _read(folder: Path) -> tuple[pd.DataFrame, ItemFeatures]:
    events = pd.read_csv(folder / "events.csv.gz", usecols=["user", "item", "timestamp"])
    items = pd.read_csv(folder / "items.csv.gz").sort_values("item")
    count = len(items)
    features = ItemFeatures(
        Vocabulary(items["item"].to_numpy(np.int64)),
        titles=items["title"].fillna("").tolist(),
        descriptions=[""] * count,
        categories=[()] * count,
        brands=[""] * count,
        prices=items["price"].to_numpy(np.float32),
    )
    return events, features


def _report(
    rows: list[tuple[str, list[Ranking]]],
    holdout: Holdout,
    asked: list[int],
    new: Ids,
) -> str:
    wanted = [holdout.relevant[number] for number in asked]
    places = holdout.products.positions(new)
    base = _ndcg(rows[0][1], wanted)
    lines = [
        PROTOCOL.format(cut=f"{CUT:%Y-%m-%d}", asked=len(asked), ranker=RANKER, new=len(new), k=K, seed=SEED),
        HEAD.format(k=K),
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, lists in rows:
        own = _ndcg(lists, wanted)
        told = estimates({"n": own}, seed=SEED)["n"]
        more = paired(own, base, seed=SEED)
        shown = np.concatenate([each.positions for each in lists])
        bought = sum(len(np.intersect1d(each, places)) for each in wanted)
        found = sum(
            len(np.intersect1d(np.intersect1d(one.positions, each), places))
            for one, each in zip(lists, wanted, strict=True)
        )
        seen = shown[np.isin(shown, places)]
        cells = (
            name,
            f"{told.value:.4f} ({told.low:.4f} to {told.high:.4f})",
            f"{more.value:+.4f} ({more.low:+.4f} to {more.high:+.4f})",
            f"{found} of {bought}",
            f"{len(seen)} ({len(seen) / len(lists):.2f} a list)",
            f"{len(np.unique(seen))} of {len(new)}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _ndcg(lists: list[Ranking], wanted: list[Positions]) -> Values:
    return ndcg(hits_of(lists, wanted, K), np.array([len(each) for each in wanted]))


if __name__ == "__main__":
    main()
