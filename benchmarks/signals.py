"""What the weights and half-lives of signals do to the lists: which defaults are worth having.

`python -m benchmarks.signals DATA [--demo FOLDER]`; DATA is a folder with online-retail/events.csv.gz and
movielens-1m-part/ratings.dat.gz (they may not be redistributed), FOLDER keeps a demo shop between runs. The
last fifth of each record is never looked at; the settings are compared on the last fifth of what is left.
Writes benchmarks/signals.md.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.questions import BASE, Columns, ask_as_served, demo_shop, history_of, movielens, online_retail
from benchmarks.shop import PROJECT
from recommendations.conf import EVENT_WEIGHTS, RATING_WEIGHTS, Conf
from recommendations.engine.algorithms.catalogue import algorithm_named, config_from
from recommendations.engine.evaluation.bootstrap import Estimate, estimates, paired
from recommendations.engine.evaluation.metrics import Values
from recommendations.engine.evaluation.report import evaluate
from recommendations.engine.types import silent

TABLE = PROJECT / "benchmarks" / "signals.md"
K, SEED = 10, 0
FIGURE = f"ndcg@{K}"
ALGORITHMS: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("ease", {}),
    ("ease", {"recency": 0.9}),
    ("svd", {}),
)
AGES, DEFAULT = (30.0, 90.0, 180.0, 365.0), 180.0
START = replace(BASE, event_weights={**EVENT_WEIGHTS, "view": 0.1, "click": 0.15}, half_life_days={})
EVERYTHING = (*EVENT_WEIGHTS, "rating")


@dataclass(frozen=True)
class Setting:
    name: str
    settings: Conf


def of_demo() -> list[Setting]:
    """The default first; then one thing changed at a time."""
    return [
        Setting("views at .1, clicks at .15, nothing ages", START),
        *(
            Setting(
                f"views at {weight}, clicks at {1.5 * weight:.3g}", _weights(view=weight, click=1.5 * weight)
            )
            for weight in (0.0, 0.05, 0.2, 0.4)
        ),
        Setting("baskets at .2, wishes at .3", _weights(basket=0.2, wishlist=0.3)),
        Setting("baskets at .8, wishes at 1", _weights(basket=0.8, wishlist=1.0)),
        Setting("no dislikes: 1 and 2 stars and dismissals at 0", _without_dislikes()),
        *(_ages(f"views and clicks, {days:.0f} days", ("view", "click"), days) for days in (7.0, *AGES)),
        *(_ages(f"all events, {days:.0f} days", tuple(EVENT_WEIGHTS), days) for days in AGES),
        *(_ages(f"all but dismissals, {days:.0f} days", _but_dismissals(), days) for days in AGES),
        *(_ages(f"everything, {days:.0f} days", EVERYTHING, days) for days in AGES),
        Setting("**the defaults**", BASE),
    ]


def of_one_kind(kind: str) -> list[Setting]:
    return [
        Setting("nothing ages", START),
        *(
            _ages(f"{kind}s, {days:.0f} days" + (" (the default)" if days == DEFAULT else ""), (kind,), days)
            for days in (7.0, *AGES)
        ),
    ]


def _weights(**events: float) -> Conf:
    return replace(START, event_weights={**START.event_weights, **events})


def _without_dislikes() -> Conf:
    return replace(_weights(dismiss=0.0), rating_weights={**RATING_WEIGHTS, 1: 0.0, 2: 0.0})


def _but_dismissals() -> tuple[str, ...]:
    return tuple(kind for kind in EVERYTHING if kind != "dismiss")


def _ages(name: str, kinds: Iterable[str], days: float) -> Setting:
    return Setting(name, replace(START, half_life_days=dict.fromkeys(kinds, days)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="the folder of the data sets")
    parser.add_argument("--demo", type=Path, help="a folder to keep the demo shop in")
    options = parser.parse_args()
    retail = online_retail(options.data / "online-retail" / "events.csv.gz")
    films = movielens(options.data / "movielens-1m-part" / "ratings.dat.gz")
    with tempfile.TemporaryDirectory(prefix="shopreco-signals-") as folder:
        demo = demo_shop((options.demo or Path(folder)).resolve())
    lines = [
        *_head(),
        *_section("The demo shop: all kinds of signals", demo, of_demo()),
        *_section("Online Retail: purchases", retail, of_one_kind("purchase")),
        *_section("MovieLens-1M, part: ratings", films, of_one_kind("rating")),
        *_repeats(retail),
    ]
    TABLE.write_text("\n".join([*lines, ""]), encoding="utf-8")
    print("\n".join(lines))


def _section(title: str, record: Columns, settings: list[Setting]) -> list[str]:
    """NDCG of the first setting, and how much more or less the others reach."""
    past, later = record.before_and_after()[0].before_and_after()
    columns: list[list[str]] = []
    shoppers = 0
    for algorithm, config in ALGORITHMS:
        reached = [_asked(past, later, each.settings, algorithm, config) for each in settings]
        shoppers = len(reached[0])
        first = estimates({FIGURE: reached[0]}, seed=SEED)[FIGURE]
        beside = [_shown(paired(values, reached[0], seed=SEED), sign="+") for values in reached[1:]]
        columns.append([_shown(first, sign=""), *beside])
        print(title, algorithm, columns[-1], flush=True)
    names = [_name(algorithm, config) for algorithm, config in ALGORITHMS]
    return [
        f"## {title}",
        "",
        f"{len(past):,} signals to learn from, {shoppers:,} shoppers asked.",
        "",
        f"| | {' | '.join(names)} |",
        "|---|" + "---|" * len(names),
        *(
            f"| {each.name} | {' | '.join(column[number] for column in columns)} |"
            for number, each in enumerate(settings)
        ),
        "",
    ]


def _repeats(record: Columns) -> list[str]:
    """Online Retail's shops order the same again: what recommending it again is worth."""
    past, later = record.before_and_after()[0].before_and_after()
    rows = []
    for algorithm in ("popularity", "item_knn", "ease"):
        asked: dict[str, Values] = {}
        for words, repeats in (("new", False), ("again", True)):
            train = history_of(past, BASE, record.products)
            question = ask_as_served(train, past, later, repeats=True)
            if not repeats:
                bought = tuple(history.products for history in question.histories)
                question = replace(question, settled=bought)
            model = algorithm_named(algorithm)
            fitted = model.fit(train, model.config_class(), seed=SEED, progress=silent)
            asked[words] = evaluate(fitted, question, ks=(K,)).by_shopper[FIGURE]
        both = estimates(asked, seed=SEED)
        rows.append(
            f"| {algorithm} | {_shown(both['new'], sign='')} | {_shown(both['again'], sign='')} "
            f"| {_shown(paired(asked['again'], asked['new'], seed=SEED), sign='+')} |"
        )
        print(rows[-1], flush=True)
    return [
        "## Repeat purchases: Online Retail",
        "",
        "The same shoppers, asked for everything they bought later, bought before or not. Left: what they",
        "have is never shown (`REPEAT_PURCHASES` off); right: it may be.",
        "",
        f"| {FIGURE} | new products only | repeats, too | difference |",
        "|---|---|---|---|",
        *rows,
        "",
    ]


def _asked(
    past: Columns, later: Columns, settings: Conf, algorithm: str, config: Mapping[str, object]
) -> Values:
    """The figure of every shopper asked; the same shoppers and products whatever the settings."""
    train = history_of(past, settings, np.unique(np.concatenate([past.products, later.products])))
    chosen = algorithm_named(algorithm)
    model = chosen.fit(train, config_from(chosen.config_class, config), seed=SEED, progress=silent)
    return evaluate(model, ask_as_served(train, past, later), ks=(K,)).by_shopper[FIGURE]


def _name(algorithm: str, config: Mapping[str, object]) -> str:
    return ", ".join([algorithm, *(f"{key} {value}" for key, value in config.items())])


def _shown(estimate: Estimate, *, sign: str) -> str:
    value, low, high = (format(each, f"{sign}.4f") for each in (estimate.value, estimate.low, estimate.high))
    clear = sign and estimate.low * estimate.high > 0
    return f"{'**' if clear else ''}{value}{'**' if clear else ''} [{low}, {high}]"


def _head() -> list[str]:
    return [
        "# Weights and half-lives of signals",
        "",
        f"By `python -m benchmarks.signals DATA`, seed {SEED}, Python {platform.python_version()}.",
        f"{FIGURE} of the first setting, and how much more or less the others reach; brackets are 95 %",
        "intervals of resampled shoppers, of the same shoppers where it is a difference, and bold is a",
        "difference whose interval leaves out zero. The last fifth of each record was not looked at:",
        "settings are compared on the last fifth of what came before it. Asked is what shoppers with a",
        "past went on to buy or to give four stars and more, of all they had not bought, rated or",
        "dismissed, whatever the weights.",
        "",
        "The defaults follow from it. Looks count twice what they did at first: better with every",
        "model. Four times was better still, but looks in the demo shop are made up and follow tastes",
        "more closely than people's do. All but dismissals count half after 180 days: level or better",
        "with every model and record, while 30 days lose in the demo shop and ageing looks alone, or",
        "events without ratings, brings nothing. A dismissal does not age: that makes no difference",
        "here, and no means no. Without dislikes lists are level or, with svd, a little better: they",
        "count all the same, so that a shopper who gives one star sees it in the list. What algorithms",
        "know of recency themselves comes on top; where they have it (`recency`), ageing brings less.",
        "",
    ]


if __name__ == "__main__":
    main()
