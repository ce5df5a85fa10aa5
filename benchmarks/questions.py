"""Feedback with its kinds, from a demo shop or public files, and what a cut in it asks, as a shop serves."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.shop import manage
from recommendations.conf import Conf
from recommendations.engine.evaluation.split import Holdout
from recommendations.engine.types import Floats, Ids, Interactions, Positions, Times, Vocabulary
from recommendations.signals import RATING, combine, signals_of

SETTLING = (RATING, "purchase", "dismiss")
LIKED_FROM = 4
SHARE = 0.2
DAY = timedelta(days=1)
BASE = Conf(
    algorithm="", artefact_root=Path(), retrain_after_ratings=1, retrain_max_age=DAY, retrain_min_interval=DAY
)


@dataclass(frozen=True, eq=False)
class Columns:
    """A row a signal: kinds `rating` or of an event; values stars, NaN for events; times in unix seconds."""

    shoppers: Ids
    products: Ids
    kinds: NDArray[Any]
    values: Floats
    times: Times

    def __len__(self) -> int:
        return len(self.times)

    def rows(self, chosen: NDArray[np.bool_]) -> Columns:
        return Columns(
            self.shoppers[chosen], self.products[chosen], self.kinds[chosen], self.values[chosen],
            self.times[chosen],
        )  # fmt: skip

    def before_and_after(self, share: float = SHARE) -> tuple[Columns, Columns]:
        """Cut where the last share of the rows begins."""
        at = np.quantile(self.times, 1 - share)
        return self.rows(self.times < at), self.rows(self.times >= at)


def columns_of(frame: pd.DataFrame) -> Columns:
    return Columns(
        frame["shopper"].to_numpy(np.int64), frame["product"].to_numpy(np.int64),
        frame["kind"].to_numpy(dtype=object), frame["value"].to_numpy(np.float32),
        frame["time"].to_numpy(np.int64),
    )  # fmt: skip


def demo_shop(var_dir: Path) -> Columns:
    """Everything that happened in a new demo shop, made in the folder if it is not there yet."""
    if not (var_dir / "db.sqlite3").exists():
        manage(var_dir, "migrate", "-v0")
        manage(var_dir, "seed_demo")
    with closing(sqlite3.connect(var_dir / "db.sqlite3")) as database:
        frame = pd.read_sql_query(
            "SELECT shopper_id AS shopper, product_id AS product, 'rating' AS kind, value, rated_at AS time"
            " FROM feedback_rating UNION ALL "
            "SELECT shopper_id, product_id, kind, NULL, occurred_at FROM feedback_event",
            database,
        )
    moments = pd.to_datetime(frame["time"], utc=True, format="ISO8601")
    frame["time"] = (moments - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(seconds=1)
    frame["value"] = frame["value"].astype(np.float32)
    return columns_of(frame)


def online_retail(path: Path) -> Columns:
    """The purchases of online-retail/events.csv.gz."""
    frame = pd.read_csv(path, usecols=["user", "item", "timestamp"])
    products, _ = pd.factorize(frame["item"], sort=True)
    made = pd.DataFrame({"shopper": frame["user"], "product": products, "kind": "purchase"})
    return columns_of(made.assign(value=np.float32(np.nan), time=frame["timestamp"]))


def movielens(path: Path) -> Columns:
    """The ratings of u.data, or of ratings.dat.gz, whose last line may be cut."""
    names = ["shopper", "product", "value", "time"]
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="latin-1") as lines:
            rows = [line.split("::") for line in lines]
        frame = pd.DataFrame([row for row in rows if len(row) == len(names)], columns=names).astype(np.int64)
    else:
        frame = pd.read_csv(path, sep="\t", names=names)
    return columns_of(frame.assign(kind=RATING))


def history_of(columns: Columns, settings: Conf, catalogue: Ids) -> Interactions:
    """What is learned from, by the settings: one row per shopper and product."""
    one = combine(
        signals_of(
            shoppers=columns.shoppers, products=columns.products, kinds=columns.kinds,
            values=columns.values, times=columns.times, settings=settings,
        )
    )  # fmt: skip
    return Interactions.from_columns(
        one.shoppers, one.products, ratings=one.ratings, weights=one.weights, times=one.times,
        catalogue=catalogue,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Question(Holdout):
    """Asked as a shop serves: all is ranked but what the shopper settled; what they viewed stays in."""

    settled: tuple[Ids, ...] = ()

    def left_out(self, number: int, products: Vocabulary) -> Positions:
        return products.positions(self.settled[number])


def ask_as_served(train: Interactions, past: Columns, later: Columns, *, repeats: bool = False) -> Question:
    """What shoppers with a past later bought or gave four stars and more, of what they had not settled.

    The question is the same whatever weights `train` was made with. repeats: nothing is settled but what was
    dismissed or rated below four stars.
    """
    good = (later.kinds == "purchase") | (later.values >= LIKED_FROM)
    settling = np.isin(past.kinds, SETTLING)
    if repeats:
        settling = (past.kinds == "dismiss") | (past.values < LIKED_FROM)
    settled, wanted = _by_shopper(past.rows(settling)), _by_shopper(later.rows(good))
    known = set(past.shoppers.tolist())
    asked: list[tuple[int, NDArray[np.int64]]] = []
    for shopper, products in wanted.items():
        new = np.setdiff1d(products, settled.get(shopper, np.empty(0, np.int64)))
        if shopper in known and len(new):
            asked.append((shopper, new))
    shoppers = np.array([shopper for shopper, _ in asked], np.int64)
    places = train.shoppers.positions(shoppers)
    nothing = np.empty(0, np.int64)
    return Question(
        products=train.products,
        shoppers=shoppers,
        histories=tuple(train.history(int(place)) for place in places),
        relevant=tuple(train.products.positions(new) for _, new in asked),
        rating_histories=(), rating_shopper=nothing.astype(np.int32),
        rating_product=nothing.astype(np.int32), ratings=nothing.astype(np.float32),
        repeats=repeats,
        settled=tuple(settled.get(shopper, nothing) for shopper, _ in asked),
    )  # fmt: skip


def _by_shopper(columns: Columns) -> dict[int, NDArray[np.int64]]:
    """shopper -> their products, each once, in order."""
    pairs = np.unique(np.column_stack([columns.shoppers, columns.products]).astype(np.int64), axis=0)
    shoppers, starts = np.unique(pairs[:, 0], return_index=True)
    groups = np.split(pairs[:, 1], starts[1:]) if len(shoppers) else []
    return dict(zip(shoppers.tolist(), groups, strict=True))
